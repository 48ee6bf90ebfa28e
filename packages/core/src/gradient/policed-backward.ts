import { assertSize } from '../errors.js';
import {
  type PolicedLayer,
  type PolicedPass,
  policedPass,
  type ShiftSharing,
  type Sides,
} from '../frames/policed-pass.js';
import { activationSlope } from '../network/activation.js';
import { accumulateAffineGradient } from '../network/affine-operator.js';
import { forwardValues, linearAdjoints } from '../network/forward.js';
import { largestIn } from '../network/max-windows.js';
import { mapNodes, type Network } from '../network/network.js';
import type { ActivationNode, AffineNode, MaxNode } from '../network/nodes.js';
import type { AffineGradient } from '../network/operators/contract.js';
import { type BackRules, ifKind, type NodeTable, walkBack } from '../network/walk.js';
import { addInto, type Matrix, matrix, rowRange } from '../numeric/matrix.js';
import type { Region } from '../regions/region.js';
import { assertPolicy, type Policy } from '../rule/policy.js';
import type { MaxShifts } from '../rule/winners.js';
import { activateFrameAdjoint, maxFramesAdjoint } from './frame-adjoint.js';

/** How sides are chosen in a step of training. */
export interface PolicedForwardOptions {
  /** @defaultValue 'sticky' */
  readonly policy?: Policy;
  /** Sides of the last step, for policy `sticky`. */
  readonly sides?: Sides;
  /** @defaultValue 'per-unit' */
  readonly sharing?: ShiftSharing;
}

/** A forward pass of the constrained network on data, with what its gradient needs. */
export interface PolicedForward {
  readonly net: Network;
  readonly regions: readonly Region[];
  readonly pass: PolicedPass;
  /** Values after each node, `[n, size]` by node name. */
  readonly values: ReadonlyMap<string, Matrix>;
  /** `[n, outputSize]`. */
  readonly output: Matrix;
}

/**
 * Mode `shift`: shifts from the current weights, applied to the batch x `[n, inputSize]`.
 *
 * @example
 * const run = policedForward(net, regions, x);
 * const { affine } = policedBackward(run, dOutput); // dLoss/dweights by layer, the shifts included
 */
export function policedForward(
  net: Network,
  regions: readonly Region[],
  x: Matrix,
  { policy = 'sticky', sides = {}, sharing = 'per-unit' }: PolicedForwardOptions = {},
): PolicedForward {
  assertPolicy(policy);
  assertSize(x.cols, net.inputSize, 'policedForward', 'input rows');
  const pass = policedPass(net, regions, { policy, previous: sides, sharing });
  const policed = mapNodes(net, {
    activation: node => ({ ...node, shift: totalShift(node, pass.layers.get(node.name)!) }),
    max: node => ({ ...node, lifts: pass.maxima.get(node.name)!.lifts }),
  });
  const values = forwardValues(policed, x);
  return { net, regions, pass, values, output: values.get(net.nodes.at(-1)!.name)! };
}

/** The shift of this pass and the one the node already had. */
function totalShift({ shift: own }: ActivationNode, { shifts: { shift } }: PolicedLayer): Float64Array {
  return own ? shift.map((c, j) => c + own[j]) : shift;
}

/** dLoss/dparameters and dLoss/dx of a policed forward pass. */
export interface PolicedGradient {
  /** dLoss/dparameters of each affine node, by name. */
  readonly affine: ReadonlyMap<string, AffineGradient>;
  /** dLoss/dalpha `[units]` of each PReLU node, by name. */
  readonly alpha: ReadonlyMap<string, Float64Array>;
  /** dLoss/dx, `[n, inputSize]`. */
  readonly input: Matrix;
}

/** How the gradient goes through the shifts, and a loss of the maps themselves. */
export interface PolicedBackwardOptions {
  /** @defaultValue 'exact' */
  readonly gradient?: 'exact' | 'local';
  /**
   * dLoss/d(frame values of the output), `[dᵣ + 1, outSize]` per region, of a loss that looks at the affine maps
   * themselves: see `mapPenalty`.
   * @defaultValue none
   */
  readonly dOutputFrames?: readonly Matrix[];
}

/**
 * The gradient of a loss through the constrained network, the shifts included: they depend on the weights of every
 * layer before them, through the frames.
 *
 * `gradient: 'local'` treats the frame that enters each layer as a constant: cheaper, and only approximate.
 */
export function policedBackward(
  { net, regions, pass, values }: PolicedForward,
  dOutput: Matrix,
  { gradient = 'exact', dOutputFrames = [] }: PolicedBackwardOptions = {},
): PolicedGradient {
  const affine = new Map<string, AffineGradient>();
  const alpha = new Map<string, Float64Array>();
  const linear = linearAdjoints(net);
  const rules: BackRules<Adjoint> = {
    affine: (node, d) => {
      const { operator, input, name } = node;
      affine.set(name, affineGradient(node, values.get(input)!, pass.values.get(input)!, d));
      const back = (block: Matrix) =>
        gradient === 'exact' ? operator.adjoint(block) : matrix(block.rows, operator.inSize);
      return [{ data: operator.adjoint(d.data), frames: d.frames.map(back) }];
    },
    activation: (node, d) => {
      const layer = pass.layers.get(node.name)!;
      const before = activationBackward(node, layer, regions, values.get(node.input)!, d);
      if (node.activation.name === 'prelu') alpha.set(node.name, before.alpha);
      return [before];
    },
    max: (node, d) => {
      const { input, name } = node;
      return [
        maxBackward(node, pass.maxima.get(name)!, regions, pass.values.get(input)!, values.get(input)!, d),
      ];
    },
    sum: (node, d) => perInput(d, block => linear.sum(node, block)),
    concat: (node, d) => perInput(d, block => linear.concat(node, block)),
  };
  const zeros = regions.map(({ frame }) => matrix(frame.rows, net.outputSize));
  const atOutput = { data: dOutput, frames: zeros.map((none, r) => dOutputFrames[r] ?? none) };
  const atInput = walkBack(net, atOutput, rules, addAdjoint);
  addUnread(net, affine, alpha);
  return {
    affine,
    alpha,
    input: atInput?.data ?? matrix(dOutput.rows, net.inputSize),
  };
}

/** dLoss/dvalue of a node: of the data `[n, size]` and of its frames, one block per region. */
interface Adjoint {
  readonly data: Matrix;
  readonly frames: readonly Matrix[];
}

function addAdjoint(sum: Adjoint, term: Adjoint): Adjoint {
  addInto(sum.data, term.data);
  sum.frames.forEach((block, r) => {
    addInto(block, term.frames[r]);
  });
  return sum;
}

/** A linear node's adjoint, which gives a block for each of its inputs, on data and frames. */
function perInput({ data, frames }: Adjoint, back: (block: Matrix) => Matrix[]): Adjoint[] {
  const ofFrames = frames.map(back);
  return back(data).map((block, i) => ({ data: block, frames: ofFrames.map(blocks => blocks[i]) }));
}

/** Zeros for the parameters of nodes on no way to the output. */
function addUnread(
  net: Network,
  affine: Map<string, AffineGradient>,
  alpha: Map<string, Float64Array>,
): void {
  const unread: Partial<NodeTable<void>> = {
    affine: ({ name, operator }) => {
      if (!affine.has(name)) affine.set(name, operator.zeroGradient());
    },
    activation: ({ name, activation }) => {
      if (activation.name === 'prelu' && !alpha.has(name))
        alpha.set(name, new Float64Array(net.sizes.get(name)!));
    },
  };
  for (const node of net.nodes) ifKind(unread, node);
}

/** Gradient of an affine node's parameters from the data and, as the bias moves only origins, from the frames. */
function affineGradient(
  { operator }: AffineNode,
  x: Matrix,
  frames: readonly Matrix[],
  dy: Adjoint,
): AffineGradient {
  const into = operator.zeroGradient();
  accumulateAffineGradient(operator, into, x, dy.data);
  dy.frames.forEach((d, r) => {
    const frame = frames[r];
    accumulateAffineGradient(operator, into, rowRange(frame, 0, 1), rowRange(d, 0, 1));
    operator.accumulateGradient(into, rowRange(frame, 1, frame.rows), rowRange(d, 1, d.rows));
  });
  return into;
}

/** Gradients with respect to the pre-activations of the data and of the frames, the latter also through the shifts. */
function activationBackward(
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

  const data = matrix(h.rows, units);
  for (let i = 0; i < h.data.length; i++) {
    const j = i % units;
    const shifted = h.data[i] + shift[j];
    const { slope, isFirst } = activationSlope(activation, shifted, j);
    data.data[i] = dy.data.data[i] * slope;
    dShift[j] += data.data[i];
    if (isFirst) alpha[j] += dy.data.data[i] * shifted;
  }

  const frames = layer.frames.map(({ rows, cols }) => matrix(rows, cols));
  const ofFrames = activateFrameAdjoint(
    regions,
    layer.frames,
    activation,
    layer.shifts,
    dy.frames,
    dShift,
    frames,
  );
  for (let j = 0; j < units; j++) alpha[j] += ofFrames[j];
  return { data, frames, alpha };
}

/** Gradients with respect to a maximum's input, of the data and of the frames, the latter also through the lifts. */
function maxBackward(
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
  return { data, frames: maxFramesAdjoint(regions, frames, shifts, dyFrames, dLift) };
}
