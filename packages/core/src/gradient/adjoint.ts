import { addAxesGradient, readsAxes } from '../frames/axial-frame.js';
import type { PolicedLayer } from '../frames/policed-pass.js';
import { activationSlope, twoPieces } from '../network/activation.js';
import { accumulateAffineGradient } from '../network/affine-operator.js';
import { largestIn } from '../network/max-windows.js';
import type { ActivationNode, AffineNode, MaxNode } from '../network/nodes.js';
import type { AffineGradient } from '../network/operators/contract.js';
import { addInto, type Matrix, matrix, room, rowRange, unsetRoom } from '../numeric/matrix.js';
import type { Region } from '../regions/region.js';
import type { MaxShifts } from '../rule/winners.js';
import { activateFrameAdjoint, maxFramesAdjoint } from './frame-adjoint.js';

/**
 * dLoss/dvalue of a node: of the data `[n, size]` and of its frames, one block per region; or none where these are all 0, as after the last shift, and
 * at the network's input, where nobody asks.
 */
export interface Adjoint {
  readonly data: Matrix;
  readonly frames: readonly Matrix[];
}

export function addAdjoint(sum: Adjoint, term: Adjoint): Adjoint {
  addInto(sum.data, term.data);
  if (sum.frames.length === 0) return { ...sum, frames: term.frames };
  term.frames.forEach((block, r) => {
    addInto(sum.frames[r], block);
  });
  return sum;
}

/** A linear node's adjoint, which gives a block for each of its inputs, on data and frames. */
export function perInput({ data, frames }: Adjoint, back: (block: Matrix) => Matrix[]): Adjoint[] {
  const ofFrames = frames.map(back);
  return back(data).map((block, i) => ({ data: block, frames: ofFrames.map(blocks => blocks[i]) }));
}

/** The shift of this pass and the one the node already had. */
export function totalShift(
  { shift: own }: ActivationNode,
  { shifts: { shift } }: Pick<PolicedLayer, 'shifts'>,
): Float64Array {
  return own ? shift.map((c, j) => c + own[j]) : shift;
}

/** Gradient of an affine node's parameters from the data and, as the bias moves only origins, from the frames. */
export function affineGradient(
  { operator }: AffineNode,
  x: Matrix,
  regions: readonly Region[],
  frames: readonly Matrix[],
  dy: Adjoint,
): AffineGradient {
  const into = operator.zeroGradient();
  accumulateAffineGradient(operator, into, x, dy.data);
  dy.frames.forEach((d, r) => {
    const frame = frames[r];
    accumulateAffineGradient(operator, into, rowRange(frame, 0, 1), rowRange(d, 0, 1));
    if (readsAxes(operator, regions[r], frame)) addAxesGradient(into.weight, regions[r], d);
    else operator.accumulateGradient(into, rowRange(frame, 1, frame.rows), rowRange(d, 1, d.rows));
  });
  return into;
}

/** Gradients with respect to the pre-activations of the data and of the frames, the latter also through the shifts. */
export function activationBackward(
  node: ActivationNode,
  layer: PolicedLayer,
  regions: readonly Region[],
  h: Matrix,
  dy: Adjoint,
): Adjoint & { alpha: Float64Array } {
  const { activation } = node;
  const units = h.cols;
  const shift = totalShift(node, layer);
  const dShift = new Float64Array(units);
  const alpha = new Float64Array(units); // of the leftmost piece's slope

  const data = unsetRoom(h.rows, units);
  const pieces = twoPieces(activation, units);
  for (let row = 0, i = 0; row < h.rows; row++) {
    for (let j = 0; j < units; j++, i++) {
      const shifted = h.data[i] + shift[j];
      const d = dy.data.data[i];
      const isFirst = pieces ? !(shifted > pieces.at) : activationSlope(activation, shifted, j).isFirst;
      const slope = pieces
        ? pieces.slopes[2 * j + Number(!isFirst)]
        : activationSlope(activation, shifted, j).slope;
      data.data[i] = d * slope;
      dShift[j] += data.data[i];
      if (isFirst) alpha[j] += d * shifted;
    }
  }

  const frames = layer.frames.map(({ rows, cols }) => room(rows, cols));
  const ofFrames = activateFrameAdjoint(
    regions,
    layer.frames,
    activation,
    layer.shifts,
    dy.frames.length > 0 ? dy.frames : undefined,
    dShift,
    frames,
  );
  for (let j = 0; j < units; j++) alpha[j] += ofFrames[j];
  return { data, frames, alpha };
}

/** Gradients with respect to a maximum's input, of the data and of the frames, the latter also through the lifts. */
export function maxBackward(
  { windows }: MaxNode,
  shifts: MaxShifts,
  regions: readonly Region[],
  frames: readonly Matrix[],
  x: Matrix,
  { data: dy, frames: dyFrames }: Adjoint,
): Adjoint {
  const data = matrix(x.rows, x.cols);
  const dLift = new Float64Array(dy.cols);
  for (let i = 0; i < dy.rows; i++) {
    for (let w = 0; w < dy.cols; w++) {
      const { index, lift } = largestIn(windows, x.data, i * x.cols, w, shifts.lifts);
      const d = dy.data[i * dy.cols + w];
      data.data[i * x.cols + index] += d;
      if (lift > 0) dLift[w] += d;
    }
  }
  return {
    data,
    frames: maxFramesAdjoint(regions, frames, shifts, dyFrames.length > 0 ? dyFrames : undefined, dLift),
  };
}
