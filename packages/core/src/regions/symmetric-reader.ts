import { type Matrix, rowOf } from '../numeric/matrix.js';
import { zeros } from '../numeric/scratch.js';
import { type Body, type FrameReader, rangeOf } from './region.js';

/**
 * Reads frame values h of functionals over a set that is symmetric about its centre, d-dimensional: they range over h₀ ± a width, which
 * `widthInto` writes to `into` `[units]`.
 */
export function symmetricReader(
  d: number,
  widthInto: (h: Matrix, into: Float64Array) => void,
): FrameReader & Pick<Body, 'rangeInto'> {
  const rangeInto: Body['rangeInto'] = (h, lo, hi) => {
    widthInto(h, hi);
    for (let j = 0; j < h.cols; j++) {
      const width = hi[j];
      lo[j] = h.data[j] - width;
      hi[j] = h.data[j] + width;
    }
  };
  return {
    symmetric: true,
    centre: new Float64Array(d),
    rangeInto,
    range: h => rangeOf({ rangeInto }, h),
    reach: h => {
      const width = zeros(h.cols);
      widthInto(h, width);
      return rowOf(h, 0).map((x, j) => Math.abs(x) + width[j]);
    },
    // h(c + v) + h(c − v) = 2 h(c): of each opposite pair at least one vertex lies on the centre's side, so the
    // sign at the centre is the majority, ties included.
    votes: (h, threshold) => rowOf(h, 0).map(x => Math.sign(x - threshold)),
  };
}
