import { COUNTING, roundUp } from '../../draw/scale.js';

/** Where numbers lie in a chart, in pixels, and at which of them to write. */
export interface Axis {
  at(value: number): number;
  readonly ticks: readonly number[];
}

/** From `least` to at least `most`, or as far as the data go. */
export function linearAxis(
  least: number,
  most: number,
  data: number,
  [start, end]: readonly [number, number],
): Axis {
  const last = Math.max(most, data);
  const step = roundUp((last - least) / 5, COUNTING);
  const first = Math.ceil(least / step);
  return {
    at: value => start + ((value - least) / (last - least)) * (end - start),
    ticks: Array.from({ length: Math.floor(last / step) - first + 1 }, (_, i) => (first + i) * step),
  };
}

/** Whole powers of 10 that hold all between; both above 0. */
export function logAxis(least: number, most: number, [start, end]: readonly [number, number]): Axis {
  const first = Math.floor(Math.log10(least));
  const last = Math.max(first + 1, Math.ceil(Math.log10(most)));
  return {
    at: value => start + ((Math.log10(value) - first) / (last - first)) * (end - start),
    ticks: Array.from({ length: last - first + 1 }, (_, i) => Number(`1e${first + i}`)),
  };
}
