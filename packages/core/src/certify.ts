import {
  activateBounded,
  addBias,
  addShift,
  type BoundedFrame,
  boundedIntervals,
  boundedLeads,
  combine,
  linearPart,
  maxBounded,
  ROUND_UP,
  regionFrame,
  smallestMargin,
} from './bounded.js';
import { type AffineMap, affineMapOn } from './enforce.js';
import { type Matrix, matrix, multiplyTransposed } from './matrix.js';
import { type ActivationNode, inputsOf, type MaxNode, type Network } from './network.js';
import { type AffinePieces, assertRegionsFit, checkedFrame } from './police.js';
import { type Arithmetic, float32, float64, sumErrorBound } from './precision.js';
import { pointsAt, type Region } from './regions/region.js';
import { chooseShifts, type ForbiddenIntervals, type Shifts } from './shift.js';
import { chooseWinners, type MaxShifts } from './winners.js';

/** What is proved of a nonlinearity: its least clearance, all rounding deducted, is not negative. */
export interface LayerMargin {
  readonly name: string;
  /** See `FrozenLayer.smallestMargin`. */
  readonly smallestMargin: number;
}

/** What is proved on one region. */
export interface RegionProof {
  /** The network's affine map there, rounded to float64. */
  readonly map: AffineMap;
  /** Bound `[outSize]` on |f(x) − (A x + b)| over the region, f in exact arithmetic: the rounding of A and b. */
  readonly mapError: Float64Array;
  /** Bound `[outSize]` on |inference in float32, in any order of summation − (A x + b)| over the region. */
  readonly inferenceError: Float64Array;
}

export interface Certified {
  readonly certified: true;
  readonly layers: readonly LayerMargin[];
  /** In the order of the regions. */
  readonly regions: readonly RegionProof[];
}

/** The first nonlinearity that could not be proved affine. */
export interface Uncertified {
  readonly certified: false;
  readonly layer: string;
  /** The unit (of a maximum: the window). */
  readonly unit: number;
  /** Negative: by how much the clearance falls short. */
  readonly margin: number;
  readonly region: number;
  /** Points `[2, D]` of the region where the unit is lowest and highest (of a maximum: absent). */
  readonly points?: Matrix;
}

/**
 * Proves or refutes that the network, its parameters taken as exact real numbers, is affine on every region: no range
 * of a pre-activation, widened by a bound on all rounding in computing it, reaches a kink, and on every region one
 * entry of each maximum wins for certain. Nothing is sampled. The network is taken as it is: `freeze` first.
 *
 * Throws `shape` or `not-finite`.
 */
export function certify(net: Network, regions: readonly Region[]): Certified | Uncertified {
  assertRegionsFit(regions, net.inputSize);
  const layers: LayerMargin[] = [];
  const choices = new Map<string, Choice>();
  let failure: Uncertified | undefined;
  const exact = boundedPass(net, regions, float64, (node, frames) => {
    const settled =
      node.kind === 'max' ? settleMax(node, regions, frames) : settleActivation(node, regions, frames);
    choices.set(node.name, settled.choice);
    layers.push({ name: node.name, smallestMargin: settled.margin });
    // Not `< 0`: a NaN proves nothing.
    if (!(settled.margin >= 0)) failure ??= settled.failure();
    return failure ? undefined : settled.choice;
  });
  if (failure || !exact) return failure!;
  const inferred = boundedPass(net, regions, float32, node => choices.get(node.name))!;
  const pieces = piecesOf(exact, choices);
  const output = net.nodes.at(-1)!.name;
  return {
    certified: true,
    layers,
    regions: regions.map((region, r) => {
      const map = affineMapOn(net, region, pieces, r);
      const mapError = mapErrorOn(region, map, exact.get(output)![r]);
      return {
        map,
        mapError,
        inferenceError: mapError.map((e, j) => (e + inferred.get(output)![r].error[j]) * ROUND_UP),
      };
    }),
  };
}

type Choice = { readonly shifts: Shifts } | { readonly winners: MaxShifts };

interface Settled {
  readonly choice: Choice;
  readonly margin: number;
  failure(): Uncertified;
}

/** Frames with error bounds after every node, by name; undefined as soon as `choose` finds no choice. */
function boundedPass(
  net: Network,
  regions: readonly Region[],
  arithmetic: Arithmetic,
  choose: (node: ActivationNode | MaxNode, frames: readonly BoundedFrame[]) => Choice | undefined,
): ReadonlyMap<string, readonly BoundedFrame[]> | undefined {
  const values = new Map<string, readonly BoundedFrame[]>();
  for (const node of net.nodes) {
    const inputs = inputsOf(node).map(name => values.get(name)!);
    const each = (step: (region: Region, r: number, frame: BoundedFrame) => BoundedFrame) =>
      regions.map((region, r) => step(region, r, inputs[0]?.[r]));
    if (node.kind === 'input') {
      values.set(
        node.name,
        each(region => roundedInput(region, arithmetic)),
      );
    } else if (node.kind === 'affine') {
      const { operator } = node;
      values.set(
        node.name,
        each((region, _r, frame) => {
          const h = addBias(linearPart(operator, region, frame), operator.bias, arithmetic);
          checkedFrame(node.name, h.values);
          return h;
        }),
      );
    } else if (node.kind === 'activation') {
      const { shift, activation } = node;
      const h = shift ? each((region, _r, frame) => addShift(region, frame, shift, arithmetic)) : inputs[0];
      const choice = choose(node, h);
      if (!choice || !('shifts' in choice)) return undefined;
      values.set(
        node.name,
        each((region, r) => activateBounded(activation, region, r, h[r], choice.shifts, arithmetic)),
      );
    } else if (node.kind === 'max') {
      const choice = choose(node, inputs[0]);
      if (!choice || !('winners' in choice)) return undefined;
      values.set(
        node.name,
        each((region, r, frame) => maxBounded(node.windows, region, r, frame, choice.winners, arithmetic)),
      );
    } else {
      values.set(
        node.name,
        each((region, r) =>
          combine(
            node,
            region,
            inputs.map(frames => frames[r]),
            arithmetic,
          ),
        ),
      );
    }
  }
  return values;
}

/** The pieces that the choices put every unit on. */
function piecesOf(
  values: ReadonlyMap<string, readonly BoundedFrame[]>,
  choices: ReadonlyMap<string, Choice>,
): AffinePieces {
  const layers = new Map<string, { shifts: Shifts }>();
  const maxima = new Map<string, MaxShifts>();
  for (const [name, choice] of choices) {
    if ('shifts' in choice) layers.set(name, choice);
    else maxima.set(name, choice.winners);
  }
  const blocks = [...values].map(([name, frames]) => [name, frames.map(frame => frame.values)] as const);
  return { values: new Map(blocks), layers, maxima };
}

/** A runtime first rounds the point to its own format. */
function roundedInput(region: Region, arithmetic: Arithmetic): BoundedFrame {
  const { values, error } = regionFrame(region);
  if (arithmetic === float64) return { values, error };
  const reach = region.reach(values);
  return { values, error: error.map((e, j) => e + sumErrorBound(1, reach[j] + e, arithmetic)) };
}

function settleActivation(
  node: ActivationNode,
  regions: readonly Region[],
  frames: readonly BoundedFrame[],
): Settled {
  const intervals = boundedIntervals(node.activation, regions, frames, 1);
  return {
    choice: { shifts: chooseShifts(intervals, () => 0) },
    margin: smallestMargin(intervals),
    failure: () => activationFailure(node, regions, frames, intervals),
  };
}

function activationFailure(
  { name, activation }: ActivationNode,
  regions: readonly Region[],
  frames: readonly BoundedFrame[],
  { units, below, above }: ForbiddenIntervals,
): Uncertified {
  const at = below.findIndex((b, i) => !(Math.max(b, -above[i]) >= 0));
  const unit = at % units;
  const region = Math.floor(at / units / activation.kinks.length);
  const { values } = frames[region];
  const column = matrix(values.rows, 2);
  for (let i = 0; i < values.rows; i++) column.data.fill(values.data[i * units + unit], 2 * i, 2 * i + 2);
  const points = pointsAt(regions[region], regions[region].extremes(column, [-1, 1]));
  return { certified: false, layer: name, unit, region, margin: Math.max(below[at], -above[at]), points };
}

function settleMax(node: MaxNode, regions: readonly Region[], frames: readonly BoundedFrame[]): Settled {
  const chosen = chooseWinners(
    node.windows,
    regions,
    frames.map(({ values }) => values),
    { ...(node.lifts ? { lifts: node.lifts } : {}), leadError: boundedLeads(regions, frames, 1) },
  );
  const present = (w: number) => (node.lifts && node.lifts.winner[w] >= 0 ? node.lifts.lift[w] : 0);
  // A lift that the node has not got is a lift missing.
  const clearance = chosen.clearance.map((c, w) => c - (chosen.lifts.lift[w] - present(w)));
  const margin = clearance.reduce((least, c) => Math.min(least, c), Number.POSITIVE_INFINITY);
  return {
    choice: { winners: chosen },
    margin,
    failure: () => {
      const unit = clearance.findIndex(c => !(c >= 0));
      return {
        certified: false,
        layer: node.name,
        unit,
        region: Math.max(0, chosen.activeRegion[unit]),
        margin,
      };
    },
  };
}

/** Bound on the difference between the exact network and `A x + b`, which A and b only approximate. */
function mapErrorOn(region: Region, { A, b }: AffineMap, output: BoundedFrame): Float64Array {
  const gap = multiplyTransposed(region.frame, A);
  for (let j = 0; j < gap.cols; j++) gap.data[j] += b[j];
  for (let i = 0; i < gap.data.length; i++) gap.data[i] -= output.values.data[i];
  const absolute = { ...A, data: A.data.map(Math.abs) };
  const row = (data: Float64Array): Matrix => ({ rows: 1, cols: data.length, data });
  const reach = multiplyTransposed(row(region.reach(region.frame)), absolute).data;
  const slack = multiplyTransposed(row(region.slack), absolute).data;
  const outReach = region.reach(output.values);
  const terms = region.size + region.frame.rows + 4;
  return region.reach(gap).map((distance, j) => {
    const rounding = sumErrorBound(terms, distance + reach[j] + Math.abs(b[j]) + outReach[j]);
    return (distance + rounding + slack[j] + output.error[j]) * ROUND_UP;
  });
}
