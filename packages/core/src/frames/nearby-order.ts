import type { Network } from '../network/network.js';
import type { Shape } from '../network/operators/shapes.js';
import { upTo } from '../numeric/up-to.js';
import type { Region } from '../regions/region.js';

/**
 * The directions `[d]` of a region in an order in which those of a stretch reach few units together: of coordinates of a picture those near one
 * another, all channels of a position together. Any order gives the same frames.
 */
export function nearbyOrder({ nodes, inputSize }: Network, { axes, frame }: Region): Int32Array {
  const order = upTo(frame.rows - 1);
  const shape = nodes.flatMap(node =>
    node.kind === 'affine' && node.operator.kind === 'conv' && node.operator.inSize === inputSize
      ? [node.operator.inShape]
      : [],
  )[0];
  if (!axes || !shape) return order;
  const rank = new Int32Array(inputSize);
  alongCurve(shape).forEach((entry, i) => {
    rank[entry] = i;
  });
  return order.sort((a, b) => rank[axes[a].coordinate] - rank[axes[b].coordinate]);
}

/** The entries of `[C, H, W]` or `[C, L]` by their positions along a Z curve (Morton 1966): a square's four quarters one after the other. */
export function alongCurve([channels, ...plane]: Shape): Int32Array {
  const [height, width] = plane.length === 1 ? [1, plane[0]] : plane;
  const entries: number[] = [];
  const visit = (top: number, left: number, side: number): void => {
    if (top >= height || left >= width) return;
    if (side === 1) {
      for (let c = 0; c < channels; c++) entries.push((c * height + top) * width + left);
      return;
    }
    const half = side / 2;
    for (const [down, right] of [
      [0, 0],
      [0, half],
      [half, 0],
      [half, half],
    ])
      visit(top + down, left + right, half);
  };
  visit(0, 0, 2 ** Math.ceil(Math.log2(Math.max(height, width))));
  return Int32Array.from(entries);
}
