import type { Network, Region, Rng } from '@police/core';
import { exactForward } from './forward.js';
import { exactPointOf } from './points.js';
import { add, compare, type Dyadic, exact, multiply, zero } from './rational.js';
import type { ExactRow } from './region.js';

const POINTS = 4;

/**
 * Whether a network is affine on random points of a region, in exact arithmetic: between `POINTS` of them its value is the mean of its
 * values there, by the same weights. False refutes; true proves nothing.
 */
export function seemsAffine(net: Network, region: Region, rng: Rng): boolean {
  const points = Array.from({ length: POINTS }, () => exactPointOf(region.toJSON(), rng));
  const shares = points.map(() => exact(rng()));
  const mean = (each: (row: ExactRow, i: number) => Dyadic) =>
    points.reduce((sum, row, i) => add(sum, multiply(shares[i], each(row, i))), zero);
  const between = exactForward(net, {
    weight: mean(({ weight }) => weight),
    coordinates: points[0].coordinates.map((_, k) => mean(({ coordinates }) => coordinates[k])),
  });
  const values = points.map(point => exactForward(net, point));
  return between.every(
    (y, j) =>
      compare(
        y,
        mean((_, i) => values[i][j]),
      ) === 0,
  );
}
