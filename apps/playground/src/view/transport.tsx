import { picture, restart, running, setBends, setRunning, showBends, train } from '../state/store.js';

/** Run, step, reset. */
export function Transport() {
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
          checked={showBends.value}
          onChange={event => setBends(event.currentTarget.checked)}
        />
        where units change sign
      </label>
      <output class="steps">
        step <b>{picture.value?.steps ?? 0}</b>
      </output>
    </div>
  );
}
