import { type Matrix, room } from '../numeric/matrix.js';
import { type Activation, activate, type TwoPieces, twoPieces } from './activation.js';

/** `σ(h + shift)` on every row of h `[n, units]`: what `activate` does, without an object for each value. */
export function activateRows(activation: Activation, h: Matrix, shift?: Float64Array): Matrix {
  const y = room(h.rows, h.cols);
  const values = y.data;
  if (shift) writeShifted(h, shift, values);
  else values.set(h.data);
  const two = twoPieces(activation, h.cols);
  if (two) writeTwoPieces(two, values, h.cols);
  else writePieces(activation, values, h.cols);
  return y;
}

function writeShifted({ cols, data }: Matrix, shift: Float64Array, into: Float64Array): void {
  for (let start = 0; start < data.length; start += cols)
    for (let j = 0; j < cols; j++) into[start + j] = data[start + j] + shift[j];
}

/** Without a branch: on which side a value is, is as good as random. */
function writeTwoPieces({ at: kink, slopes, offsets }: TwoPieces, values: Float64Array, cols: number): void {
  for (let start = 0; start < values.length; start += cols) {
    for (let j = 0; j < cols; j++) {
      const side = Number(values[start + j] > kink);
      values[start + j] = slopes[2 * j + side] * values[start + j] + offsets[side];
    }
  }
}

function writePieces(activation: Activation, values: Float64Array, cols: number): void {
  const { kinks, pieces, curve, approximationError } = activation;
  if (curve && approximationError !== undefined) {
    for (let i = 0; i < values.length; i++) values[i] = curve.value(values[i]);
    return;
  }
  if (pieces.some(({ slope }) => typeof slope !== 'number')) {
    for (let i = 0; i < values.length; i++) values[i] = activate(activation, values[i], i % cols);
    return;
  }
  const slopes = Float64Array.from(pieces, ({ slope }) => slope as number);
  const offsets = Float64Array.from(pieces, ({ offset }) => offset);
  const ends = Float64Array.from(kinks, ({ hi }) => hi);
  // The last piece has no kink after it, within which a value could be.
  const begins = Float64Array.from([...kinks.map(({ lo }) => lo), Number.POSITIVE_INFINITY]);
  for (let i = 0; i < values.length; i++) {
    const x = values[i];
    let piece = 0;
    for (let k = 0; k < ends.length; k++) piece += Number(x > ends[k]);
    values[i] = x > begins[piece] ? curve!.value(x) : slopes[piece] * x + offsets[piece];
  }
}
