import { expect } from 'vitest';

/** Fails unless all entries agree to the tolerance; says the largest error and where it is. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  expect(actual.length, `${what}: number of values`).toBe(expected.length);
  const errors = Array.from(actual, (x, i) => {
    const error = x === expected[i] ? 0 : Math.abs(x - expected[i]);
    return Number.isNaN(error) ? Infinity : error;
  });
  const worst = errors.reduce((at, error, i) => (error > errors[at] ? i : at), 0);
  if (errors.length === 0 || errors[worst] <= tolerance) return;
  expect.fail(
    `${what}: largest error ${errors[worst]} at ${worst} of ${errors.length} ` +
      `(${actual[worst]} against ${expected[worst]}), allowed ${tolerance}`,
  );
}

/** Fails unless every value is at most its bound, up to the tolerance; says the largest excess and where it is. */
export function expectAtMost(
  values: ArrayLike<number>,
  bounds: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  const excess = Array.from(values, (x, i) => (x <= bounds[i] ? 0 : x - bounds[i]));
  expectClose(excess, new Float64Array(bounds.length), tolerance, what);
}
