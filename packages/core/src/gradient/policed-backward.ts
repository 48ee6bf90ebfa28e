import { assertSize } from '../errors.js';
import {
  type PolicedPass,
  policedPass,
  type SettledSides,
  type ShiftSharing,
  type Sides,
  settledSides,
} from '../frames/policed-pass.js';
import { clampAdjoint } from '../network/clamp.js';
import { linearAdjoints, valuesAt } from '../network/forward.js';
import type { Network } from '../network/network.js';
import type { AffineGradient } from '../network/operators/contract.js';
import { UNRESOLVED } from '../network/unresolved.js';
import { type BackRules, ifKind, type NodeTable, walk, walkBack } from '../network/walk.js';
import { type Matrix, matrix, room } from '../numeric/matrix.js';
import type { Region } from '../regions/region.js';
import { assertMargin, assertPolicy, type Policy } from '../rule/policy.js';
import {
  type Adjoint,
  activationBackward,
  addAdjoint,
  affineGradient,
  maxBackward,
  perInput,
  totalShift,
} from './adjoint.js';

/** How sides are chosen in a step of training. */
export interface PolicedForwardOptions {
  /** @defaultValue 'sticky' */
  readonly policy?: Policy;
  /** Sides of the last step, for policy `sticky`. */
  readonly sides?: Sides;
  /** @defaultValue 'per-unit' */
  readonly sharing?: ShiftSharing;
  /**
   * See `EnforceOptions.margin`.
   * @defaultValue 0
   */
  readonly margin?: number;
  /**
   * Whether the frames are carried on to the output, past the last nonlinearity: for losses of the maps themselves alone.
   * @defaultValue true
   */
  readonly wantsMaps?: boolean;
}

/** A forward pass of the constrained network on data, with what its gradient needs. */
export interface PolicedForward {
  readonly net: Network;
  readonly regions: readonly Region[];
  readonly pass: PolicedPass;
  /** The sides that this step settled on: those of the next one, for policy `sticky`. */
  readonly sides: SettledSides;
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
  {
    policy = 'sticky',
    sides = {},
    sharing = 'per-unit',
    margin = 0,
    wantsMaps = true,
  }: PolicedForwardOptions = {},
): PolicedForward {
  assertPolicy(policy);
  assertMargin(margin);
  assertSize(x.cols, net.inputSize, 'policedForward', 'input rows');
  const carried = wantsMaps ? net : upToLastBend(net);
  const pass = policedPass(carried, regions, {
    policy,
    previous: sides,
    sharing,
    margin,
    isLastUnread: !wantsMaps,
  });
  const plain = valuesAt(x);
  const values = walk(net, {
    ...plain,
    activation: (node, inputs) =>
      plain.activation({ ...node, shift: totalShift(node, pass.layers.get(node.name)!) }, inputs),
    max: (node, inputs) => plain.max({ ...node, lifts: pass.maxima.get(node.name)!.lifts }, inputs),
  });
  return {
    net,
    regions,
    pass,
    sides: settledSides(pass),
    values,
    output: values.get(net.nodes.at(-1)!.name)!,
  };
}

/** The nodes up to the last one that may be shifted or lifted, as a network. */
function upToLastBend(net: Network): Network {
  const last = net.nodes.map(({ kind }) => kind === 'activation' || kind === 'max').lastIndexOf(true);
  const nodes = net.nodes.slice(0, Math.max(0, last) + 1);
  return { ...net, nodes, outputSize: net.sizes.get(nodes.at(-1)!.name)! };
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
   * themselves: see `mapPenalty`. The forward pass then has to have carried them there.
   * @defaultValue none
   */
  readonly dOutputFrames?: readonly Matrix[];
  /**
   * Whether dLoss/dx is wanted; without it {@link PolicedGradient.input} is all 0.
   * @defaultValue true
   */
  readonly wantsInput?: boolean;
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
  { gradient = 'exact', dOutputFrames = [], wantsInput = true }: PolicedBackwardOptions = {},
): PolicedGradient {
  const affine = new Map<string, AffineGradient>();
  const alpha = new Map<string, Float64Array>();
  const linear = linearAdjoints(net);
  const inputName = net.nodes[0].name;
  const rules: BackRules<Adjoint> = {
    affine: (node, d) => {
      const { operator, input, name } = node;
      affine.set(name, affineGradient(node, values.get(input)!, regions, pass.values.get(input)!, d));
      if (input === inputName) {
        const data = wantsInput ? operator.adjoint(d.data) : room(d.data.rows, operator.inSize);
        return [{ data, frames: [] }];
      }
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
    // Without regions only: with some the forward pass has thrown.
    clamp: ({ inputs }, d) =>
      clampAdjoint(
        inputs.map(name => values.get(name)!),
        d.data,
      ).map(data => ({ data, frames: [] })),
    opaque: UNRESOLVED.opaque,
  };
  const framesOf = () =>
    regions.map(({ frame }, r) => dOutputFrames[r] ?? matrix(frame.rows, net.outputSize));
  const atOutput = { data: dOutput, frames: dOutputFrames.length > 0 ? framesOf() : [] };
  const atInput = walkBack(net, atOutput, rules, addAdjoint);
  addUnread(net, affine, alpha);
  return {
    affine,
    alpha,
    input: atInput?.data ?? matrix(dOutput.rows, net.inputSize),
  };
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
