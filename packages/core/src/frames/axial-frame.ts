import type { AffineOperator } from '../network/affine-operator.js';
import type { Dense } from '../network/operators/dense.js';
import { type Matrix, matrix, rowRange } from '../numeric/matrix.js';
import type { Region } from '../regions/region.js';

/**
 * The frame of a box or a ball along the axes is its origin and one coordinate a direction. A dense layer that reads it needs no product:
 * direction i becomes radius i times column i of the weights, where the product of d + 1 rows of D numbers each would look for those
 * that are not 0.
 */
export function readsAxes(
  operator: AffineOperator,
  { diagonal, frame }: Region,
  x: Matrix,
): operator is Dense {
  return operator.kind === 'dense' && diagonal !== undefined && x === frame;
}

/** `linear` of {@link Region.frame}, to the same bits. */
export function linearOnAxes({ weight, linear }: Dense, { diagonal, frame }: Region): Matrix {
  const { rows: units, cols: size, data: w } = weight;
  const y = matrix(frame.rows, units);
  y.data.set(linear(rowRange(frame, 0, 1)).data);
  for (let i = 0, at = units; i < size; i++) {
    const radius = diagonal![i];
    // From +0, as sums are: no −0.
    for (let j = 0; j < units; j++, at++) y.data[at] = 0 + radius * w[j * size + i];
  }
  return y;
}

/** Adds the weights' gradient `[units, size]` of {@link linearOnAxes} to zeros or more, given dLoss/dy `[d + 1, units]`: directions alone. */
export function addAxesGradient(into: Matrix, { diagonal }: Region, dy: Matrix): void {
  const [units, size] = [into.rows, into.cols];
  for (let i = 0, at = units; i < size; i++) {
    const radius = diagonal![i];
    for (let j = 0; j < units; j++, at++) {
      const d = dy.data[at];
      if (d !== 0) into.data[j * size + i] += d * radius;
    }
  }
}
