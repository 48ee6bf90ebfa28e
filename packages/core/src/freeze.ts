import { type Activation, roundActivation, scalarRounder } from './activation.js';
import {
  activateBounded,
  addBias,
  addShift,
  type BoundedFrame,
  type Bounding,
  boundedIntervals,
  boundedLeads,
  combine,
  type LinearPart,
  linearPart,
  maxBounded,
  regionFrame,
  smallestMargin,
} from './bounded.js';
import type { Carrier } from './carrier.js';
import { assertFinite, PoliceError } from './errors.js';
import { carriersFor } from './frames.js';
import type { Lifts } from './max.js';
import {
  type ActivationNode,
  biasOwner,
  foldShifts,
  inputsOf,
  type MaxNode,
  type Network,
  type NetworkNode,
  network,
} from './network.js';
import { checkedFrame, type Progress, settleActivation, settleMax } from './police.js';
import { float64, PRECISIONS, type Precision, roundAll, UNIT_ROUNDOFF } from './precision.js';
import type { Region } from './regions/region.js';
import { membersOf, sharedIntervals } from './shared-shift.js';
import { chooseShifts, type ForbiddenIntervals, nearestFreeShift } from './shift.js';
import { chooseWinners, type MaxShifts } from './winners.js';

export interface FreezeOptions {
  /**
   * The format the weights are stored in.
   * @defaultValue 'float32'
   */
  readonly precision?: Precision['name'];
  /**
   * Bytes that frames may take; larger ones are carried in blocks, see `streamedCarrier`.
   * @defaultValue 2 GiB
   */
  readonly memory?: number;
  readonly progress?: Progress;
}

/** What freezing did to one nonlinearity. */
export interface FrozenLayer {
  readonly name: string;
  /** Units whose bias had to move after rounding (of a maximum: windows whose lift did). */
  readonly corrected: number;
  /** The largest such move. */
  readonly largestCorrection: number;
  /**
   * Least distance, over units, regions and kinks, of a pre-activation's range to a kink (of a maximum: least lead of a
   * winner), less the bound on all rounding made in computing it. Never negative: that is the proof. Infinity for a
   * layer without kinks.
   */
  readonly smallestMargin: number;
}

export interface Frozen {
  /** The plain network: no shifts but where no bias can hold them, every parameter representable. */
  readonly network: Network;
  readonly layers: readonly FrozenLayer[];
}

/**
 * Rounds a network to its storage format and makes it affine on every region *exactly*: for the stored weights
 * taken as real numbers no unit changes sign on a region.
 *
 * Shifts are folded, weights rounded, and the remaining correction is chosen layer by layer for the rounded
 * values: each bias moves to the nearest representable value that clears the kink by a running bound on the
 * rounding error (γₙ(|W||v| + |b|), see `sumErrorBound`). What is not constrained yet is constrained by the
 * smallest shifts (shared per channel where the bias is), so `freeze(net, regions)` alone is enforcement by policy
 * `minimal`. The network given is left as it is.
 *
 * Throws `not-finite` (a weight overflows the format), `no-free-shift` (the format cannot hold a bias that clears a unit's
 * kinks; the message names the unit) or `too-large` (a frame beyond `memory`).
 */
export function freeze(net: Network, regions: readonly Region[], options: FreezeOptions = {}): Frozen {
  const precision = precisionOf(options.precision ?? 'float32');
  const rounded = roundNetwork(foldShifts(net), precision);
  const carriers = carriersFor(rounded, regions, options.memory);
  const nodes = new Map<string, NetworkNode>(rounded.nodes.map(node => [node.name, node]));
  const values = new Map<string, readonly BoundedFrame[]>();
  const linearParts = new Map<string, readonly LinearPart[]>();
  const layers: FrozenLayer[] = [];
  const boundings = carriers.map((carrier): Bounding => ({ carrier, arithmetics: [float64] }));

  for (const node of rounded.nodes) {
    const inputs = inputsOf(node).map(name => values.get(name)!);
    const [frames] = inputs;
    switch (node.kind) {
      case 'input':
        values.set(node.name, boundings.map(regionFrame));
        break;
      case 'affine': {
        const parts = boundings.map((bounding, r) => linearPart(bounding, node, frames[r]));
        linearParts.set(node.name, parts);
        values.set(
          node.name,
          parts.map((part, r) => checked(node.name, addBias(boundings[r], part, node.operator.bias))),
        );
        break;
      }
      case 'activation': {
        const { activation } = node;
        const holder = biasHolder(rounded, node, boundings, frames, linearParts);
        const cleared = clearKinks(node, carriers, holder, precision);
        layers.push(cleared.layer);
        nodes.set(holder.owner, holder.replaced(cleared.bias));
        const settled = chooseShifts(boundedIntervals(activation, carriers, cleared.frames, 1), () => 0);
        settleActivation(node, carriers, settled.sides);
        values.set(
          node.name,
          boundings.map((bounding, r) => activateBounded(bounding, r, node, cleared.frames[r], settled)),
        );
        break;
      }
      case 'max': {
        const won = settleWinners(node, carriers, frames, precision);
        layers.push(won.layer);
        nodes.set(node.name, won.node);
        settleMax(node, carriers, won.chosen);
        values.set(
          node.name,
          boundings.map((bounding, r) => maxBounded(bounding, r, node, frames[r], won.chosen)),
        );
        break;
      }
      default:
        values.set(
          node.name,
          boundings.map((bounding, r) =>
            combine(
              bounding,
              node,
              inputs.map(blocks => blocks[r]),
            ),
          ),
        );
    }
    options.progress?.(values.size, rounded.nodes.length);
  }
  return { network: network(rounded.nodes.map(({ name }) => nodes.get(name)!)), layers };
}

function precisionOf(name: string): Precision {
  const found = PRECISIONS.find(precision => precision.name === name);
  if (found) return found;
  throw new PoliceError({
    code: 'invalid-option',
    where: 'precision',
    expected: PRECISIONS.map(precision => `'${precision.name}'`).join(' or '),
    actual: name,
  });
}

function roundNetwork(net: Network, precision: Precision): Network {
  return network(
    net.nodes.map((node): NetworkNode => {
      switch (node.kind) {
        case 'affine': {
          const operator = node.operator.rounded(precision);
          const remedy = `The largest ${precision.name} is smaller: scale the weights down, or keep a wider format.`;
          for (const values of operator.parameters) assertFinite(values, node.name, remedy);
          return { ...node, operator };
        }
        case 'activation': {
          const activation = roundActivation(node.activation, precision);
          return node.shift
            ? { ...node, activation, shift: roundAll(node.shift, precision) }
            : { ...node, activation };
        }
        case 'sum':
          return node.coefficients ? { ...node, coefficients: node.coefficients.map(precision.round) } : node;
        case 'max':
          return node.lifts ? { ...node, lifts: roundLifts(node.lifts, precision) } : node;
        default:
          return node;
      }
    }),
  );
}

function roundLifts({ winner, lift }: Lifts, { up }: Precision): Lifts {
  return { winner, lift: lift.map(up) };
}

/** The bias that a nonlinearity's shift is folded into, or the shift on the node itself. */
interface BiasHolder {
  /** Name of the node that has it. */
  readonly owner: string;
  readonly bias: Float64Array;
  /** Units that must move together. */
  readonly groups?: Int32Array;
  /** The pre-activations with another bias. */
  framesWith(bias: Float64Array): BoundedFrame[];
  /** The owner with another bias. */
  replaced(bias: Float64Array): NetworkNode;
}

function biasHolder(
  net: Network,
  node: ActivationNode,
  boundings: readonly Bounding[],
  frames: readonly BoundedFrame[],
  linearParts: ReadonlyMap<string, readonly LinearPart[]>,
): BiasHolder {
  const owner = biasOwner(net, node);
  if (owner && !node.shift) {
    const { operator } = owner;
    return {
      owner: owner.name,
      bias: operator.bias,
      ...(operator.biasGroups ? { groups: operator.biasGroups } : {}),
      framesWith: bias => linearParts.get(owner.name)!.map((part, r) => addBias(boundings[r], part, bias)),
      replaced: bias => ({ ...owner, operator: operator.withBias(bias) }),
    };
  }
  return {
    owner: node.name,
    bias: node.shift ?? new Float64Array(net.sizes.get(node.name)!),
    framesWith: bias =>
      isZero(bias) ? [...frames] : frames.map((frame, r) => addShift(boundings[r], frame, bias)),
    replaced: bias => (isZero(bias) ? node : { ...node, shift: bias }),
  };
}

function checked(name: string, frame: BoundedFrame): BoundedFrame {
  checkedFrame(name, frame.values);
  return frame;
}

function isZero(values: Float64Array): boolean {
  return values.every(value => value === 0);
}

/**
 * A correction much larger than the pre-activations raises the very bound it was chosen by; a second one, of the size of
 * that bound, settles it. More rounds are for good measure.
 */
const MOST_ROUNDS = 4;

/** Moves the bias, where it must, to the nearest representable value that keeps every unit off every kink. */
function clearKinks(
  { name, activation }: ActivationNode,
  carriers: readonly Carrier[],
  { bias, groups, framesWith }: BiasHolder,
  precision: Precision,
): { bias: Float64Array; frames: BoundedFrame[]; layer: FrozenLayer } {
  let corrected = bias;
  let frames = framesWith(bias);
  let margin = Number.NEGATIVE_INFINITY;
  for (let round = 0; round < MOST_ROUNDS && !(margin >= 0); round++) {
    // Chosen at twice the bound, so that the check, at the bound itself, survives the correction's own rounding.
    const intervals = boundedIntervals(activation, carriers, frames, 2);
    const from = corrected;
    const corrections = namingLayer(name, () => correctionsFor(intervals, from, precision, groups));
    corrected = from.map((b, j) => precision.round(b + corrections[j]));
    frames = framesWith(corrected);
    margin = smallestMargin(boundedIntervals(activation, carriers, frames, 1));
  }
  const layer: FrozenLayer = {
    name,
    ...correctionSizes(corrected.map((b, j) => b - bias[j])),
    smallestMargin: margin,
  };
  assertCleared(layer, 'every unit clear of its kinks by the rounding bound');
  return { bias: corrected, frames, layer };
}

/** Adds the layer's name to an error about one of its units. */
function namingLayer<T>(name: string, compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (!(error instanceof PoliceError)) throw error;
    const { code, where, expected, actual, remedy } = error;
    throw new PoliceError({ code, where: `${name} ${where}`, expected, actual, remedy, cause: error });
  }
}

function correctionsFor(
  intervals: ForbiddenIntervals,
  bias: Float64Array,
  precision: Precision,
  groups?: Int32Array,
): Float64Array {
  if (intervals.count === 0) return new Float64Array(bias.length);
  const correction = (from: ForbiddenIntervals, unit: number, b: number) =>
    nearestFreeShift(from, unit, (c, direction) => {
      // A little outward: rounding b + c must not bring the candidate back into the interval that c leaves.
      const target = b + c + direction * 4 * UNIT_ROUNDOFF * (Math.abs(b) + Math.abs(c));
      return (direction > 0 ? precision.up(target) : precision.down(target)) - b;
    });
  if (!groups) return bias.map((b, j) => correction(intervals, j, b));
  const shared = sharedIntervals(intervals, groups);
  const byGroup = membersOf(groups).map((units, group) => correction(shared, group, bias[units[0]]));
  return Float64Array.from(groups, group => byGroup[group]);
}

/** Raises lifts, where it must, to the next representable value at which the winner wins for certain. */
function settleWinners(
  node: MaxNode,
  carriers: readonly Carrier[],
  frames: readonly BoundedFrame[],
  precision: Precision,
): { node: MaxNode; chosen: MaxShifts; layer: FrozenLayer } {
  const pairs = carriers.map((carrier, r) => carrier.leads(node, frames[r].values));
  const raised = chooseWinners(node.windows, pairs, {
    ...(node.lifts ? { lifts: node.lifts } : {}),
    leadError: boundedLeads(carriers, frames, 2),
    snap: precision.up,
  });
  const chosen = chooseWinners(node.windows, pairs, {
    lifts: raised.lifts,
    leadError: boundedLeads(carriers, frames, 1),
  });
  const before = node.lifts;
  const layer: FrozenLayer = {
    name: node.name,
    ...correctionSizes(raised.lifts.lift.map((lift, w) => lift - (before ? before.lift[w] : 0))),
    smallestMargin: chosen.clearance.reduce((least, c) => Math.min(least, c), Number.POSITIVE_INFINITY),
  };
  assertCleared(layer, 'every winner ahead by the rounding bound');
  const isLifted = chosen.lifts.winner.some(winner => winner >= 0);
  return { node: isLifted ? { ...node, lifts: chosen.lifts } : node, chosen, layer };
}

function correctionSizes(corrections: Float64Array): Pick<FrozenLayer, 'corrected' | 'largestCorrection'> {
  return {
    corrected: corrections.reduce((n, c) => n + Number(c !== 0), 0),
    largestCorrection: corrections.reduce((max, c) => Math.max(max, Math.abs(c)), 0),
  };
}

function assertCleared({ name, smallestMargin: margin }: FrozenLayer, expected: string): void {
  if (margin >= 0) return;
  throw new PoliceError({
    code: 'no-free-shift',
    where: name,
    expected,
    actual: `a margin of ${margin}`,
    remedy: 'The weights are too large for their format on this region: scale them down.',
  });
}

/** Whether every parameter is a value of the format, as after `freeze`. */
export function isRepresentable(net: Network, precision: Precision): boolean {
  const { round } = precision;
  const scalar = scalarRounder(precision);
  const fits = (values: Float64Array | readonly number[]) => values.every((x: number) => round(x) === x);
  return net.nodes.every(node => {
    switch (node.kind) {
      case 'affine':
        return node.operator.parameters.every(fits);
      case 'activation':
        return (
          slopesFit(node.activation, fits, slope => scalar(slope) === slope) &&
          (!node.shift || fits(node.shift))
        );
      case 'sum':
        return !node.coefficients || fits(node.coefficients);
      case 'max':
        return !node.lifts || fits(node.lifts.lift);
      default:
        return true;
    }
  });
}

function slopesFit(
  { pieces }: Activation,
  fits: (values: Float64Array | readonly number[]) => boolean,
  fitsScalar: (slope: number) => boolean,
): boolean {
  return pieces.every(({ slope }) => (typeof slope === 'number' ? fitsScalar(slope) : fits(slope)));
}
