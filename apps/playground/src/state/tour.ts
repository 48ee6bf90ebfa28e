import { effect, signal } from '@preact/signals';

/** Where each step points, as a value of `data-tour`. */
export const TOUR = [
  {
    at: 'planes',
    text: 'Look inside the outline. Left, the lines of equal value are straight, parallel and evenly spaced: the network is y = a·x₁ + b·x₂ + c there, exactly. Right, without the promise, they bend.',
  },
  {
    at: 'planes',
    text: 'Drag a corner of the outline, on the left. The promise moves with it, at once and without training.',
  },
  {
    at: 'transport',
    text: 'Train: the promise holds at every step. Then freeze: you get a plain network, its ONNX file, and a proof.',
  },
] as const;

const KEY = 'police-playground-tour';

/** The step in view; undefined when it is over, which the browser remembers. */
export const step = signal<number | undefined>(wasSeen() ? undefined : 0);

export const startTour = (): void => {
  step.value = 0;
};

export const skipTour = (): void => {
  step.value = undefined;
  remember();
};

export function nextStep(): void {
  const next = (step.value ?? 0) + 1;
  if (next < TOUR.length) step.value = next;
  else skipTour();
}

/** Marks what the step is about. */
effect(() => {
  const at = step.value === undefined ? undefined : TOUR[step.value].at;
  if (at === undefined) delete document.documentElement.dataset.tour;
  else document.documentElement.dataset.tour = at;
});

/** Storage may be forbidden; then the tour begins on every visit. */
function wasSeen(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return false;
  }
}

function remember(): void {
  try {
    localStorage.setItem(KEY, 'seen');
  } catch {
    // It begins again next time.
  }
}
