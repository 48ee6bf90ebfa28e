import { PRESET_NAMES, PRESETS } from '../../presets/presets.js';
import { choosePreset, settings } from '../../state/store.js';

/** Tasks by purpose, and a sentence of the one in view. */
export function Presets() {
  const { start, target } = settings.value;
  const shown = PRESET_NAMES.find(name => name === start || PRESETS[name].settings.target === target);
  return (
    <section class="presets" aria-label="Examples">
      <div class="buttons">
        {PRESET_NAMES.map(name => (
          <button key={name} type="button" aria-pressed={name === shown} onClick={() => choosePreset(name)}>
            {PRESETS[name].title}
          </button>
        ))}
      </div>
      {shown && <p>{PRESETS[shown].sentence}</p>}
    </section>
  );
}
