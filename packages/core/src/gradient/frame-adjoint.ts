import { type Activation, slopeAt } from '../network/activation.js';
import type { Block, Matrix } from '../numeric/matrix.js';
import type { Region } from '../regions/region.js';
import { addShiftGradient } from '../rule/layer-shift.js';
import { piecesOn } from '../rule/pieces.js';
import type { Shifts } from '../rule/shift.js';
import { liftGradient, type MaxShifts, maxFrameAdjoint } from '../rule/winners.js';

/**
 * Adjoint of the shifts and of {@link activateFrame} with them, as one function of the frames: given dLoss/dy of the
 * activated frames (without them, 0) and dLoss/dc `[units]` of the data, writes dLoss/dframes to zeros `into`, one block
 * `[dᵣ + 1, units]` per region, and returns the frames' share of the gradient `[units]` of PReLU's alpha.
 */
export function activateFrameAdjoint(
  regions: readonly Region[],
  frames: readonly Matrix[],
  activation: Activation,
  shifts: Shifts,
  dy: readonly Block[] | undefined,
  dShift: Float64Array,
  into: readonly Block[],
): Float64Array {
  const units = shifts.shift.length;
  const alpha = new Float64Array(units);
  const dc = dShift.slice();
  dy?.forEach((block, r) => {
    const pieces = piecesOn(r, activation, shifts.sides, units);
    const slopes = Float64Array.from(pieces, (k, j) => slopeAt(activation.pieces[k], j));
    const [d, dh] = [block.data, into[r].data];
    for (let start = 0; start < dh.length; start += units)
      for (let j = 0; j < units; j++) dh[start + j] = slopes[j] * d[start + j];
    for (let j = 0; j < units; j++) dc[j] += dh[j];
    if (activation.name === 'prelu') addAlphaGradient(alpha, frames[r], block, pieces, shifts);
  });
  addShiftGradient(into, regions, frames, activation.kinks.length, shifts, dc);
  return alpha;
}

/** Of the units on their leftmost piece. */
function addAlphaGradient(
  alpha: Float64Array,
  { data: h }: Matrix,
  { data: dy, cols }: Block,
  pieces: Int32Array,
  { shift }: Shifts,
): void {
  for (let j = 0; j < cols; j++) {
    if (pieces[j] > 0) continue;
    alpha[j] += dy[j] * shift[j];
    for (let at = j; at < dy.length; at += cols) alpha[j] += dy[at] * h[at];
  }
}

/**
 * Adjoint of the lifts and of the frames' way through a maximum with them, as one function of the frames: given
 * dLoss/dy of the maxima's frames (without them, 0) and dLoss/dlift `[windows]` of the data.
 */
export function maxFramesAdjoint(
  regions: readonly Region[],
  frames: readonly Matrix[],
  shifts: MaxShifts,
  dy: readonly Matrix[] | undefined,
  dLift: Float64Array,
): Matrix[] {
  const total = dLift.slice();
  dy?.forEach(({ data }) => {
    for (let w = 0; w < total.length; w++) if (shifts.lifts.winner[w] >= 0) total[w] += data[w];
  });
  const back = liftGradient(shifts, regions, frames, total);
  dy?.forEach((d, r) => {
    const picked = maxFrameAdjoint(d, shifts, r, frames[r].cols).data;
    for (let i = 0; i < picked.length; i++) back[r].data[i] += picked[i];
  });
  return back;
}
