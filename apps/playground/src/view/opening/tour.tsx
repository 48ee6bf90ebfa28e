import { nextStep, skipTour, step, TOUR } from '../../state/tour.js';

/** Three steps that say where to look; can be skipped at any of them. */
export function Tour() {
  const at = step.value;
  if (at === undefined) return null;
  return (
    <aside class="tour" aria-label="Tour" aria-live="polite">
      <p>
        <b>
          {at + 1} of {TOUR.length}
        </b>{' '}
        {TOUR[at].text}
      </p>
      <div class="buttons">
        <button type="button" class="main" onClick={nextStep}>
          {at + 1 < TOUR.length ? 'Next' : 'Done'}
        </button>
        {at + 1 < TOUR.length && (
          <button type="button" onClick={skipTour}>
            Skip
          </button>
        )}
      </div>
    </aside>
  );
}
