import { firstNonFinite, PoliceError } from '../errors.js';
import type { AffineMap } from '../frames/affine-map.js';
import { type Matrix, matrixFromRows } from '../numeric/matrix.js';
import { seededRng } from '../numeric/random.js';
import type { Region } from '../regions/region.js';
import { chartOf } from './coordinates.js';
import { fitted, mapOf } from './fit.js';

/** Points that a map is fitted to: two for each of its unknowns, within these bounds. */
const FEWEST = 256;
const MOST = 2048;

/** The affine map nearest to a function, which takes rows `[n, D]`, at random points of the region: a start for training. */
export function firstMap(region: Region, run: (x: Matrix) => Matrix, where: string): AffineMap {
  const rng = seededRng(1);
  const count = Math.min(MOST, Math.max(FEWEST, 2 * region.frame.rows));
  const points = matrixFromRows(Array.from({ length: count }, () => region.sample(rng)));
  const values = run(points);
  const bad = firstNonFinite(values.data);
  if (bad >= 0) {
    throw new PoliceError({
      code: 'not-finite',
      where,
      expected: 'finite outputs on the region',
      actual: `${values.data[bad]}`,
      remedy: 'The weights are too large for the region: scale the inputs.',
    });
  }
  return mapOf(fitted(chartOf(region), points, values));
}
