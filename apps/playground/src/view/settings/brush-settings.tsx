import { RADII } from '../../drawing/brush.js';
import { LEVELS, type Level } from '../../drawing/drawing.js';
import { brush } from '../../state/painting.js';
import { Choice } from './choice.js';

const NAMES: Readonly<Record<Level, string>> = { [-1]: '−1', [-0.5]: '−½', 0: '0', 0.5: '½', 1: '1' };

/** What the brush paints, and how broad it is. */
export function BrushSettings() {
  const { level, radius } = brush.value;
  return (
    <>
      <div class="levels" role="radiogroup" aria-label="Paint">
        {LEVELS.map(option => (
          <label key={option} title={option === 0 ? 'erase' : `paint ${NAMES[option]}`}>
            <input
              type="radio"
              name="level"
              checked={option === level}
              onChange={() => {
                brush.value = { level: option, radius };
              }}
            />
            <span>{NAMES[option]}</span>
          </label>
        ))}
      </div>
      <Choice
        label="Brush"
        value={radius}
        options={RADII}
        names={{ 0.2: 'fine', 0.4: 'medium', 0.8: 'broad' }}
        onChange={radius => {
          brush.value = { level, radius };
        }}
      />
    </>
  );
}
