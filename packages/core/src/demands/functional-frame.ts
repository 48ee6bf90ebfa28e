import type { AffineMap } from '../frames/affine-map.js';
import { type Matrix, matrix, multiplyTransposed, rowOf } from '../numeric/matrix.js';
import type { Region } from '../regions/region.js';
import type { SafeDemand } from './demand-type.js';

/** Frame values `[d + 1, m]` of C (A x + b) on a region. */
export function functionalFrame({ frame }: Region, { C }: SafeDemand, { A, b }: AffineMap): Matrix {
  const h = matrix(frame.rows, C.length);
  C.forEach((c, i) => {
    const along = new Float64Array(A.cols);
    let value = 0;
    for (let j = 0; j < A.rows; j++) {
      rowOf(A, j).forEach((a, k) => {
        along[k] += c[j] * a;
      });
      value += c[j] * b[j];
    }
    const products = multiplyTransposed(frame, { rows: 1, cols: A.cols, data: along }).data;
    for (let r = 0; r < frame.rows; r++) h.data[r * h.cols + i] = products[r] + (r === 0 ? value : 0);
  });
  return h;
}
