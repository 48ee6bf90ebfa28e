import { type AffineOperator, type Matrix, matrix, type Rng } from '@police/core';
import { randomArray } from '../helpers.js';

export function randomRows(rng: Rng, rows: number, cols: number): Matrix {
  return matrix(rows, cols, Float64Array.from(randomArray(rng, rows * cols)));
}

export function identityRows(size: number): Matrix {
  const rows = matrix(size, size);
  for (let i = 0; i < size; i++) rows.data[i * size + i] = 1;
  return rows;
}

/** Rows as in frames: all zero, one-hot, a few non-zeros, half, dense. */
export function rowsOfAllDensities(rng: Rng, cols: number): Matrix {
  const rows = randomRows(rng, 6, cols);
  const shares = [0, 0, 0.1, 0.3, 0.6, 1];
  for (let i = 0; i < rows.data.length; i++) if (rng() >= shares[Math.floor(i / cols)]) rows.data[i] = 0;
  rows.data[cols + Math.floor(rng() * cols)] = 2 * rng() - 1;
  return rows;
}

/** `[outSize, inSize]`, from what `linear` does to the unit vectors. */
export function explicitMatrix(operator: AffineOperator): Matrix {
  const columns = operator.linear(identityRows(operator.inSize));
  const w = matrix(operator.outSize, operator.inSize);
  for (let k = 0; k < w.cols; k++)
    for (let j = 0; j < w.rows; j++) w.data[j * w.cols + k] = columns.data[k * w.rows + j];
  return w;
}
