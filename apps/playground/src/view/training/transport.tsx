import { LINES } from '../../state/settings.js';
import {
  look,
  picture,
  restart,
  running,
  setBends,
  setRunning,
  settings,
  stepsOf,
  train,
} from '../../state/store.js';

/** Run, step, reset, and what is drawn. */
export function Transport() {
  const now = picture.value;
  return (
    <div class="transport" role="toolbar" aria-label="Training">
      <button type="button" class="main" onClick={() => setRunning(!running.value)}>
        {running.value ? 'Pause' : 'Train'}
      </button>
      <button type="button" onClick={() => train(1)} disabled={running.value}>
        1 step
      </button>
      <button type="button" onClick={() => train(200)} disabled={running.value}>
        200 steps
      </button>
      <button type="button" onClick={restart}>
        Reset
      </button>
      <label class="tick">
        <input
          type="checkbox"
          checked={settings.value.bends}
          onChange={event => setBends(event.currentTarget.checked)}
        />
        where units change sign
      </label>
      <label class="tick">
        lines
        <select
          value={settings.value.lines}
          onChange={event => look({ lines: LINES[event.currentTarget.selectedIndex] })}
        >
          <option value="boundary">where it is 0</option>
          <option value="contours">contours</option>
          <option value="none">none</option>
        </select>
      </label>
      <output class="steps">
        step <b>{now ? stepsOf(now, settings.value) : 0}</b>
      </output>
    </div>
  );
}
