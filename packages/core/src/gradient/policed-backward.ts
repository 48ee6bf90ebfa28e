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
import { largestIn, type Windows } from '../network/max-windows.js';
import {
  type ActivationNode,
  type AffineNode,
  forwardValues,
  linearNodeAdjoint,
  type Network,
  type NetworkNode,
  network,
} from '../network/network.js';
import type { AffineGradient } from '../network/operators/contract.js';
import { accumulate, type Matrix, matrix, rowRange } from '../numeric/matrix.js';
import type { Region } from '../regions/region.js';
import type { Policy } from '../rule/policy.js';
import { assertPolicy } from '../rule/policy.js';
import type { MaxShifts } from '../rule/winners.js';
import { activateFrameAdjoint, maxFramesAdjoint } from './frame-adjoint.js';

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

/** Mode `shift`: shifts from the current weights, applied to the batch x `[n, inputSize]`. */
export function policedForward(
  net: Network,
  regions: readonly Region[],
  x: Matrix,
  { policy = 'sticky', sides = {}, sharing = 'per-unit' }: PolicedForwardOptions = {},
): PolicedForward {
  assertPolicy(policy);
  assertSize(x.cols, net.inputSize, 'policedForward', 'input rows');
  const pass = policedPass(net, regions, { policy, previous: sides, sharing });
  const policed = network(
    net.nodes.map((node): NetworkNode => {
      if (node.kind === 'activation')
        return { ...node, shift: totalShift(node, pass.layers.get(node.name)!) };
      return node.kind === 'max' ? { ...node, lifts: pass.maxima.get(node.name)!.lifts } : node;
    }),
  );
  const values = forwardValues(policed, x);
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
  const last = net.nodes.at(-1)!.name;
  const dData = new Map<string, Matrix>([[last, dOutput]]);
  const dFrames = regions.map(
    (_, r) => new Map<string, Matrix>(dOutputFrames[r] ? [[last, dOutputFrames[r]]] : []),
  );
  const affine = new Map<string, AffineGradient>();
  const alpha = new Map<string, Float64Array>();

  for (const node of net.nodes.slice(1).reverse()) {
    if (node.kind === 'input') continue;
    const size = net.sizes.get(node.name)!;
    const dy = dData.get(node.name) ?? matrix(dOutput.rows, size);
    const dyFrames = regions.map(({ frame }, r) => dFrames[r].get(node.name) ?? matrix(frame.rows, size));
    const carryBack = (name: string, data: Matrix, frames: readonly Matrix[]) => {
      accumulate(dData, name, data);
      frames.forEach((d, r) => {
        accumulate(dFrames[r], name, d);
      });
    };
    switch (node.kind) {
      case 'affine': {
        const { operator } = node;
        affine.set(
          node.name,
          affineGradient(node, values.get(node.input)!, dy, pass.values.get(node.input)!, dyFrames),
        );
        carryBack(
          node.input,
          operator.adjoint(dy),
          gradient === 'exact' ? dyFrames.map(d => operator.adjoint(d)) : [],
        );
        break;
      }
      case 'activation': {
        const layer = pass.layers.get(node.name)!;
        const before = activationBackward(node, layer, regions, values.get(node.input)!, dy, dyFrames);
        if (node.activation.name === 'prelu') alpha.set(node.name, before.alpha);
        carryBack(node.input, before.data, before.frames);
        break;
      }
      case 'max': {
        const x = values.get(node.input)!;
        const before = maxBackward(
          node.windows,
          pass.maxima.get(node.name)!,
          regions,
          pass.values.get(node.input)!,
          x,
          dy,
          dyFrames,
        );
        carryBack(node.input, before.data, before.frames);
        break;
      }
      case 'sum':
      case 'concat': {
        const frames = dyFrames.map(d => linearNodeAdjoint(net, node, d));
        linearNodeAdjoint(net, node, dy).forEach((block, i) => {
          carryBack(
            node.inputs[i],
            block,
            frames.map(blocks => blocks[i]),
          );
        });
      }
    }
  }
  return { affine, alpha, input: dData.get(net.nodes[0].name) ?? matrix(dOutput.rows, net.inputSize) };
}

/** Gradient of an affine node's parameters from the data and, as the bias moves only origins, from the frames. */
function affineGradient(
  { operator }: AffineNode,
  x: Matrix,
  dy: Matrix,
  frames: readonly Matrix[],
  dyFrames: readonly Matrix[],
): AffineGradient {
  const into = operator.zeroGradient();
  accumulateAffineGradient(operator, into, x, dy);
  dyFrames.forEach((d, r) => {
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
  dy: Matrix,
  dyFrames: readonly Matrix[],
): { data: Matrix; frames: readonly Matrix[]; alpha: Float64Array } {
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
    data.data[i] = dy.data[i] * slope;
    dShift[j] += data.data[i];
    if (isFirst) alpha[j] += dy.data[i] * shifted;
  }

  const frames = layer.frames.map(({ rows, cols }) => matrix(rows, cols));
  const ofFrames = activateFrameAdjoint(
    regions,
    layer.frames,
    activation,
    layer.shifts,
    dyFrames,
    dShift,
    frames,
  );
  for (let j = 0; j < units; j++) alpha[j] += ofFrames[j];
  return { data, frames, alpha };
}

/** Gradients with respect to a maximum's input, of the data and of the frames, the latter also through the lifts. */
function maxBackward(
  windows: Windows,
  shifts: MaxShifts,
  regions: readonly Region[],
  frames: readonly Matrix[],
  x: Matrix,
  dy: Matrix,
  dyFrames: readonly Matrix[],
): { data: Matrix; frames: Matrix[] } {
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
