import { pieceIndex, slopeAt } from './activation.js';
import { type AffineGradient, accumulateAffineGradient, applyAffine } from './affine.js';
import { assertPolicy } from './enforce.js';
import { assertSize } from './errors.js';
import { accumulate, type Matrix, matrix, rowRange } from './matrix.js';
import { type ActivationNode, applyActivation, type Network } from './network.js';
import { type PolicedLayer, type PolicedPass, policedPass, type Sides } from './police.js';
import type { Region } from './regions/region.js';
import { type Policy, piecesOn, shiftGradient } from './shift.js';

export interface PolicedForwardOptions {
  /** @defaultValue 'sticky' */
  readonly policy?: Policy;
  /** Sides of the last step, for policy `sticky`. */
  readonly sides?: Sides;
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

/** Mode `shift`: shifts from the current weights, applied to the batch x `[n, inputSize]`. */
export function policedForward(
  net: Network,
  regions: readonly Region[],
  x: Matrix,
  { policy = 'sticky', sides = {} }: PolicedForwardOptions = {},
): PolicedForward {
  assertPolicy(policy);
  assertSize(x.cols, net.inputSize, 'policedForward', 'input rows');
  const pass = policedPass(net, regions, policy, sides);
  const values = new Map<string, Matrix>();
  for (const node of net.nodes) {
    if (node.kind === 'input') values.set(node.name, x);
    else {
      const before = values.get(node.input)!;
      values.set(
        node.name,
        node.kind === 'affine'
          ? applyAffine(node.operator, before)
          : applyActivation(node.activation, before, totalShift(node, pass.layers.get(node.name)!)),
      );
    }
  }
  return { net, regions, pass, values, output: values.get(net.nodes.at(-1)!.name)! };
}

/** The shift of this pass and the one the node already had. */
function totalShift({ shift: own }: ActivationNode, { shifts: { shift } }: PolicedLayer): Float64Array {
  return own ? shift.map((c, j) => c + own[j]) : shift;
}

export interface PolicedGradient {
  /** dLoss/dparameters of each affine node, by name. */
  readonly affine: ReadonlyMap<string, AffineGradient>;
  /** dLoss/dalpha `[units]` of each PReLU node, by name. */
  readonly alpha: ReadonlyMap<string, Float64Array>;
  /** dLoss/dx, `[n, inputSize]`. */
  readonly input: Matrix;
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
  { gradient = 'exact' }: { readonly gradient?: 'exact' | 'local' } = {},
): PolicedGradient {
  const last = net.nodes.at(-1)!.name;
  const dData = new Map<string, Matrix>([[last, dOutput]]);
  const dFrames = regions.map(() => new Map<string, Matrix>());
  const affine = new Map<string, AffineGradient>();
  const alpha = new Map<string, Float64Array>();

  for (const node of net.nodes.slice(1).reverse()) {
    if (node.kind === 'input') continue;
    const size = net.sizes.get(node.name)!;
    const dy = dData.get(node.name) ?? matrix(dOutput.rows, size);
    const dyFrames = regions.map(({ frame }, r) => dFrames[r].get(node.name) ?? matrix(frame.rows, size));
    if (node.kind === 'affine') {
      const { operator } = node;
      const into = operator.zeroGradient();
      accumulateAffineGradient(operator, into, values.get(node.input)!, dy);
      dyFrames.forEach((d, r) => {
        const frame = pass.values.get(node.input)![r];
        // The bias moves the origin only.
        accumulateAffineGradient(operator, into, rowRange(frame, 0, 1), rowRange(d, 0, 1));
        operator.accumulateGradient(into, rowRange(frame, 1, frame.rows), rowRange(d, 1, d.rows));
        if (gradient === 'exact') accumulate(dFrames[r], node.input, operator.adjoint(d));
      });
      affine.set(node.name, into);
      accumulate(dData, node.input, operator.adjoint(dy));
    } else {
      const layer = pass.layers.get(node.name)!;
      const before = activationBackward(node, layer, regions, values.get(node.input)!, dy, dyFrames);
      if (node.activation.name === 'prelu') alpha.set(node.name, before.alpha);
      accumulate(dData, node.input, before.data);
      before.frames.forEach((d, r) => {
        accumulate(dFrames[r], node.input, d);
      });
    }
  }
  return { affine, alpha, input: dData.get(net.nodes[0].name)! };
}

/** Gradients with respect to the pre-activations of the data and of the frames, the latter also through the shifts. */
function activationBackward(
  node: ActivationNode,
  layer: PolicedLayer,
  regions: readonly Region[],
  h: Matrix,
  dy: Matrix,
  dyFrames: readonly Matrix[],
): { data: Matrix; frames: Matrix[]; alpha: Float64Array } {
  const { activation } = node;
  const { pieces } = activation;
  const units = h.cols;
  const shift = totalShift(node, layer);
  const dShift = new Float64Array(units);
  const alpha = new Float64Array(units); // of the leftmost piece's slope

  const data = matrix(h.rows, units);
  for (let i = 0; i < h.data.length; i++) {
    const j = i % units;
    const shifted = h.data[i] + shift[j];
    const index = pieceIndex(activation, shifted);
    data.data[i] = dy.data[i] * slopeAt(pieces[index], j);
    dShift[j] += data.data[i];
    if (index === 0) alpha[j] += dy.data[i] * shifted;
  }

  const { shift: added, sides } = layer.shifts;
  const frames = layer.frames.map((block, r) => {
    const index = piecesOn(r, activation, sides, units);
    const d = matrix(block.rows, units);
    for (let i = 0; i < d.data.length; i++) {
      const j = i % units;
      const isOrigin = i < units;
      d.data[i] = dyFrames[r].data[i] * slopeAt(pieces[index[j]], j);
      if (isOrigin) dShift[j] += d.data[i];
      if (index[j] === 0) alpha[j] += dyFrames[r].data[i] * (block.data[i] + (isOrigin ? added[j] : 0));
    }
    return d;
  });
  shiftGradient(regions, layer.frames, activation, layer.shifts, dShift).forEach((d, r) => {
    for (let i = 0; i < d.data.length; i++) frames[r].data[i] += d.data[i];
  });
  return { data, frames, alpha };
}
