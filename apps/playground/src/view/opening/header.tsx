import { startTour } from '../../state/tour.js';

export function Header() {
  return (
    <header>
      <h1>POLICE playground</h1>
      <p>Two networks, the same data. The left one keeps a promise: exactly affine inside the outline.</p>
      <button type="button" class="quiet" onClick={startTour}>
        Tour
      </button>
    </header>
  );
}
