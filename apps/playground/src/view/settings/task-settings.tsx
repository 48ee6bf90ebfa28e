import { TARGETS, type Target } from '../../state/settings.js';
import { change, settings } from '../../state/store.js';
import { isSeed } from '../../state/url.js';
import { TargetPicture } from '../plane/target-picture.js';
import { Choice } from './choice.js';
import { DrawingBoard } from './drawing-board.js';

const NAMES: Partial<Record<Target, string>> = {
  switching: 'switching law',
  drawing: 'your drawing',
};

/** What is learnt: a target to choose or to draw. */
export function TaskSettings() {
  const { target, seed } = settings.value;
  return (
    <fieldset class="task">
      <legend>Task</legend>
      <Choice
        label="Target"
        value={target}
        options={TARGETS}
        names={NAMES}
        onChange={target => change({ target })}
      />
      <label class="choice">
        <span>Seed</span>
        <input
          type="number"
          min={0}
          step={1}
          value={seed}
          onChange={event => {
            const next = event.currentTarget.valueAsNumber;
            if (isSeed(next)) change({ seed: next });
            else event.currentTarget.value = `${seed}`;
          }}
        />
      </label>
      {target === 'drawing' ? <DrawingBoard /> : <TargetPicture />}
    </fieldset>
  );
}
