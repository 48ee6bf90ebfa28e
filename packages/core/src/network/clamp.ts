import { type Matrix, matrix } from '../numeric/matrix.js';

/** `max(min(v, c + r), c − r)` of blocks `[n, size]`; NaN where one of them is. */
export function clampRows([value, centre, radius]: readonly Matrix[]): Matrix {
  const y = matrix(value.rows, value.cols);
  for (let i = 0; i < y.data.length; i++) {
    const c = centre.data[i];
    const r = radius.data[i];
    y.data[i] = Math.max(Math.min(value.data[i], c + r), c - r);
  }
  return y;
}

/**
 * dLoss/d(value, centre, radius) from dLoss/dy. Where the value is within the radius, the border included, all of it is the value's;
 * elsewhere the centre's and, by the side the value is on, the radius'.
 */
export function clampAdjoint([value, centre, radius]: readonly Matrix[], dy: Matrix): Matrix[] {
  const [dValue, dCentre, dRadius] = [value, centre, radius].map(() => matrix(dy.rows, dy.cols));
  for (let i = 0; i < dy.data.length; i++) {
    const excess = value.data[i] - centre.data[i];
    if (Math.abs(excess) <= radius.data[i]) {
      dValue.data[i] = dy.data[i];
    } else {
      dCentre.data[i] = dy.data[i];
      dRadius.data[i] = Math.sign(excess) * dy.data[i];
    }
  }
  return [dValue, dCentre, dRadius];
}
