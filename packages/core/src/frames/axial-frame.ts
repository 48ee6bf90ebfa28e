import type { AffineOperator } from '../network/affine-operator.js';
import type { Dense } from '../network/operators/dense.js';
import { type Matrix, rowRange, unsetRoom } from '../numeric/matrix.js';
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

/** Coordinates at a time: as many numbers as a line of a cache holds, so that neither the weights' rows nor the frame's are read a line for each number. */
const TILE = 8;

/** `linear` of {@link Region.frame}, to the same bits. */
export function linearOnAxes(
  { weight, linear }: Pick<Dense, 'weight' | 'linear'>,
  { diagonal, frame }: Region,
): Matrix {
  const { rows: units, cols: size, data: w } = weight;
  const y = unsetRoom(frame.rows, units);
  y.data.set(linear(rowRange(frame, 0, 1)).data);
  for (let from = 0; from < size; from += TILE) {
    const to = Math.min(size, from + TILE);
    for (let j = 0; j < units; j++) {
      // From +0, as sums are: no −0.
      for (let i = from; i < to; i++) y.data[(i + 1) * units + j] = 0 + diagonal![i] * w[j * size + i];
    }
  }
  return y;
}

/** Adds the weights' gradient `[units, size]` of {@link linearOnAxes} to zeros or more, given dLoss/dy `[d + 1, units]`: directions alone. */
export function addAxesGradient(into: Matrix, { diagonal }: Region, dy: Matrix): void {
  const [units, size] = [into.rows, into.cols];
  for (let from = 0; from < size; from += TILE) {
    const to = Math.min(size, from + TILE);
    for (let j = 0; j < units; j++) {
      for (let i = from; i < to; i++) {
        const d = dy.data[(i + 1) * units + j];
        if (d !== 0) into.data[j * size + i] += d * diagonal![i];
      }
    }
  }
}
