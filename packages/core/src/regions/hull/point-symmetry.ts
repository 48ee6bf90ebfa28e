import type { Matrix } from '../../numeric/matrix.js';
import { containmentTolerance } from '../../numeric/precision.js';
import { seededRng } from '../../numeric/random.js';

/** Whether reflecting every vertex at the mean gives a vertex, to rounding; pairs are matched along a generic line. */
export function isSymmetric(vertices: Matrix): boolean {
  const { rows: count, cols: size } = vertices;
  const mean = new Float64Array(size);
  vertices.data.forEach((x, i) => {
    mean[i % size] += x / count;
  });
  const extents = new Float64Array(size);
  const tolerance = new Float64Array(size);
  vertices.data.forEach((x, i) => {
    const k = i % size;
    extents[k] = Math.max(extents[k], Math.abs(x - mean[k]));
    tolerance[k] = Math.max(tolerance[k], containmentTolerance(size + count, Math.abs(x)));
  });
  // Steps that nothing relates keep distinct vertices apart on the line (multiples of √2, less whole numbers, add up to the same), each
  // coordinate in units of its own extent.
  const rng = seededRng(1);
  const steps = extents.map(() => rng() + 0.5);
  const along = (p: number) => {
    let sum = 0;
    for (let k = 0; k < size; k++) {
      if (extents[k] <= tolerance[k]) continue;
      sum += steps[k] * ((vertices.data[p * size + k] - mean[k]) / extents[k]);
    }
    return sum;
  };
  const positions = Array.from({ length: count }, (_, p) => along(p));
  const order = positions.map((_, p) => p).sort((a, b) => positions[a] - positions[b]);
  return order.every((p, i) => {
    const q = order[count - 1 - i];
    return mean.every(
      (m, k) => Math.abs(vertices.data[p * size + k] + vertices.data[q * size + k] - 2 * m) <= tolerance[k],
    );
  });
}
