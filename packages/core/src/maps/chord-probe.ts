import { assertSize } from '../errors.js';
import { type Matrix, matrix, rowOf } from '../numeric/matrix.js';
import { normal, type Rng } from '../numeric/random.js';
import { pointsAt, type Region } from '../regions/region.js';

/** Random chords of a region: an affine function takes at each midpoint the mean of its values at the ends. */
export interface ChordProbe {
  /** `[3n, D]`: n first ends, n second ends, n midpoints. Evaluate the model on these, in any runtime. */
  readonly points: Matrix;
  /**
   * max |f(midpoint) − (f(end) + f(end′)) / 2| over chords and outputs, from the values `[3n, outSize]` at
   * `points`. 0 for an affine function, up to the rounding of f.
   */
  residual(values: Matrix): number;
}

/**
 * n random chords of the region. Each end is, with equal odds, a random point or the extreme point of a random
 * direction, so that corners no uniform sample would ever meet are probed too.
 *
 * @example
 * const { points, residual } = chordProbe(regions[0], 100, Math.random);
 * residual(forward(enforce(net, regions).network, points)); // rounding
 */
export function chordProbe(region: Region, n: number, rng: Rng): ChordProbe {
  const { size } = region;
  const points = matrix(3 * n, size);
  const ends = randomEnds(region, 2 * n, rng);
  points.data.set(ends.data);
  for (let i = 0; i < n; i++) {
    const a = rowOf(points, i);
    const b = rowOf(points, n + i);
    rowOf(points, 2 * n + i).set(a.map((x, k) => (x + b[k]) / 2));
  }
  return {
    points,
    residual: values => {
      assertSize(values.rows, 3 * n, 'residual', 'values at the probe');
      const { cols, data } = values;
      let largest = 0;
      for (let i = 0; i < n * cols; i++) {
        const gap = Math.abs(data[2 * n * cols + i] - (data[i] + data[n * cols + i]) / 2);
        largest = Math.max(largest, gap); // NaN stays NaN
      }
      return largest;
    },
  };
}

function randomEnds(region: Region, count: number, rng: Rng): Matrix {
  const rows = region.frame.rows;
  const directions = matrix(rows, count);
  for (let i = count; i < directions.data.length; i++) directions.data[i] = normal(rng);
  const corners = pointsAt(region, region.extremes(directions, new Int8Array(count).fill(1)));
  for (let i = 0; i < count; i++) if (rng() < 0.5) rowOf(corners, i).set(region.sample(rng));
  return corners;
}
