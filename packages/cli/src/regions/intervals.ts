import { PoliceError } from '@police/core';

const NUMBER = String.raw`[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?`;
const INTERVAL = new RegExp(`^(${NUMBER})\\.\\.(${NUMBER})$`);

/** Bounds `[size]` of each coordinate. */
export interface Bounds {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/** Whether a text is `lower..upper`, or several such, by commas. */
export function isIntervals(text: string): boolean {
  return text.split(',').every(part => INTERVAL.test(part));
}

/** What intervals mean for `size` coordinates: one is each one's, several are one each. Throws `invalid-option`, `shape` or `empty-region`. */
export function boundsOf(text: string, size: number | undefined, where: string): Bounds {
  const intervals = text.split(',').map(part => (INTERVAL.exec(part) ?? []).slice(1).map(Number));
  const count = intervals.length > 1 ? intervals.length : size;
  if (count === undefined) {
    throw new PoliceError({
      code: 'invalid-option',
      where,
      expected: 'the number of coordinates',
      actual: 'an interval for any number',
      remedy: 'Pass --size 784, or the model that the region is for: --model model.onnx.',
    });
  }
  if (size !== undefined && count !== size) {
    throw new PoliceError({
      code: 'shape',
      where,
      expected: `one interval for all, or one for each of ${size} coordinates`,
      actual: `${count}`,
    });
  }
  const at = (side: number) =>
    Float64Array.from({ length: count }, (_, i) => intervals[intervals.length > 1 ? i : 0][side]);
  const [lower, upper] = [at(0), at(1)];
  const empty = lower.findIndex((lo, i) => lo > upper[i]);
  if (empty < 0) return { lower, upper };
  throw new PoliceError({
    code: 'empty-region',
    where,
    expected: 'lower..upper with lower ≤ upper',
    actual: `${lower[empty]}..${upper[empty]}`,
    remedy: 'Swap the bounds.',
  });
}
