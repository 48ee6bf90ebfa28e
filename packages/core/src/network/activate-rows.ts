import { type Matrix, unsetRoom } from '../numeric/matrix.js';
import { type Activation, activate, type TwoPieces, twoPieces } from './activation.js';

/** `σ(h + shift)` on every row of h `[n, units]`: what `activate` does, without an object for each value. */
export function activateRows(activation: Activation, h: Matrix, shift?: Float64Array): Matrix {
  const y = unsetRoom(h.rows, h.cols);
  // −0 added to anything leaves it as it is, −0 too.
  const shifts = shift ?? new Float64Array(h.cols).fill(-0);
  const two = twoPieces(activation, h.cols);
  const bend = two ? undefined : curvedBend(activation);
  if (two) writeTwoPieces(h.data, h.cols, shifts, two, y.data);
  else if (bend) writeBend(h.data, h.cols, shifts, bend, y.data);
  else {
    writeShifted(h.data, h.cols, shifts, y.data);
    writePieces(activation, y.data, h.cols);
  }
  return y;
}

function writeShifted(data: Float64Array, cols: number, shift: Float64Array, into: Float64Array): void {
  for (let start = 0; start < data.length; start += cols)
    for (let j = 0; j < cols; j++) into[start + j] = data[start + j] + shift[j];
}

/** Two straight pieces with a curve between them, of hard swish: units are alike. */
interface Bend {
  readonly lo: number;
  readonly hi: number;
  readonly slopes: Float64Array;
  readonly offsets: Float64Array;
  readonly curve: (x: number) => number;
}

function curvedBend({ kinks, pieces, curve, approximationError }: Activation): Bend | undefined {
  const slopes = pieces.map(({ slope }) => slope);
  if (kinks.length !== 1 || !curve || approximationError !== undefined) return undefined;
  if (!slopes.every(slope => typeof slope === 'number')) return undefined;
  const offsets = Float64Array.from(pieces, ({ offset }) => offset);
  return { ...kinks[0], slopes: Float64Array.from(slopes), offsets, curve: curve.value };
}

function writeBend(
  data: Float64Array,
  cols: number,
  shift: Float64Array,
  { lo, hi, slopes, offsets, curve }: Bend,
  into: Float64Array,
): void {
  for (let start = 0; start < data.length; start += cols) {
    for (let j = 0; j < cols; j++) {
      const x = data[start + j] + shift[j];
      const piece = Number(x > hi);
      into[start + j] = x > lo && x <= hi ? curve(x) : slopes[piece] * x + offsets[piece];
    }
  }
}

/** Without a branch: on which side a value is, is as good as random. */
function writeTwoPieces(
  data: Float64Array,
  cols: number,
  shift: Float64Array,
  { at: kink, slopes, offsets }: TwoPieces,
  into: Float64Array,
): void {
  for (let start = 0; start < data.length; start += cols) {
    for (let j = 0; j < cols; j++) {
      const value = data[start + j] + shift[j];
      const side = Number(value > kink);
      into[start + j] = slopes[2 * j + side] * value + offsets[side];
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
