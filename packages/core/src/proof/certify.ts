import { type AffineMap, affineMapOn } from '../frames/affine-map.js';
import { isApproximate } from '../frames/approximation-error.js';
import { checkedFrame, type Progress, settleActivation, settleMax } from '../frames/policed-pass.js';
import type { FramePropagator } from '../frames/propagator.js';
import { propagatorsFor } from '../frames/propagators-for.js';
import { type ActivationNode, inputsOf, type MaxNode, type Network } from '../network/network.js';
import { type Matrix, multiplyTransposed, rowOf } from '../numeric/matrix.js';
import { float32, float64, sumErrorBound } from '../numeric/precision.js';
import { pointsAt, type Region } from '../regions/region.js';
import { chooseShifts, type ForbiddenIntervals, type Shifts } from '../rule/shift.js';
import { chooseWinners, type MaxShifts } from '../rule/winners.js';
import {
  activateBounded,
  addBias,
  addShift,
  type BoundedFrame,
  type Bounding,
  boundedIntervals,
  boundedLeads,
  clearanceOn,
  combine,
  exactError,
  linearPart,
  maxBounded,
  ROUND_UP,
  regionFrame,
  smallestMargin,
} from './bounded-frame.js';

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
  /**
   * Bound `[outSize]` on |f(x) − (A x + b)| over the region, f in exact arithmetic: the rounding of A and b, and
   * `approximationError`.
   */
  readonly mapError: Float64Array;
  /** Bound `[outSize]` on |inference in float32, in any order of summation − (A x + b)| over the region. */
  readonly inferenceError: Float64Array;
  /**
   * The share of `mapError` `[outSize]` that is no rounding: smooth activations make f affine only up to this. Then
   * `inferenceError` assumes a runtime whose own smooth functions err by no more than `SMOOTH_FUNCTION_ERROR`. Absent where f
   * is exactly affine.
   */
  readonly approximationError?: Float64Array;
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

export interface CertifyOptions {
  /**
   * Bytes that frames may take; larger ones are carried in blocks, see `streamedPropagator`.
   * @defaultValue 2 GiB
   */
  readonly memory?: number;
  readonly progress?: Progress;
}

/**
 * Proves or refutes that the network, its parameters taken as exact real numbers, is affine on every region: no range
 * of a pre-activation, widened by a bound on all rounding in computing it, reaches a kink, and on every region one
 * entry of each maximum wins for certain. Nothing is sampled. The network is taken as it is: `freeze` first.
 *
 * Throws `shape`, `not-finite` or `too-large` (a frame beyond `memory`).
 */
export function certify(
  net: Network,
  regions: readonly Region[],
  { memory, progress }: CertifyOptions = {},
): Certified | Uncertified {
  const propagators = propagatorsFor(net, regions, memory);
  const layers: LayerMargin[] = [];
  const pieces: Pieces = { layers: new Map(), maxima: new Map() };
  const proved = (name: string, smallestMargin: number) => layers.push({ name, smallestMargin });
  const outputs = boundedPass(net, propagators, pieces, proved, progress);
  if ('failure' in outputs) return outputs.failure;
  return {
    certified: true,
    layers,
    regions: propagators.map((propagator, r) => {
      const { values, errors, tail } = outputs.frames[r];
      const map = affineMapOn(net, propagator.region, pieces, r, rowOf(values, 0));
      const mapError = mapErrorOn(net, propagator, map, outputs.frames[r]);
      const inferred = rowOf(errors, 1);
      return {
        map,
        mapError,
        inferenceError: mapError.map((e, j) => (e + inferred[j]) * ROUND_UP),
        ...(isApproximate(net) ? { approximationError: tail } : {}),
      };
    }),
  };
}

/** The pieces found so far. */
interface Pieces {
  readonly layers: Map<string, { readonly shifts: Shifts }>;
  readonly maxima: Map<string, MaxShifts>;
}

/** The exact network, whose errors prove, and a runtime's, whose errors are reported. */
const ARITHMETICS = [float64, float32];

/** Frames of the output with error bounds, or the first nonlinearity that may bend. */
function boundedPass(
  net: Network,
  propagators: readonly FramePropagator[],
  pieces: Pieces,
  proved: (name: string, margin: number) => void,
  progress: Progress | undefined,
): { readonly frames: readonly BoundedFrame[] } | { readonly failure: Uncertified } {
  const boundings = propagators.map((propagator): Bounding => ({ propagator, arithmetics: ARITHMETICS }));
  const values = new Map<string, readonly BoundedFrame[]>();
  for (const node of net.nodes) {
    const inputs = inputsOf(node).map(name => values.get(name)!);
    const each = (step: (bounding: Bounding, r: number, frame: BoundedFrame) => BoundedFrame) =>
      boundings.map((bounding, r) => step(bounding, r, inputs[0]?.[r]));
    let frames: readonly BoundedFrame[];
    if (node.kind === 'input') {
      frames = each(regionFrame);
    } else if (node.kind === 'affine') {
      const { bias } = node.operator;
      frames = each((bounding, _r, frame) => addBias(bounding, linearPart(bounding, node, frame), bias));
    } else if (node.kind === 'activation') {
      const { shift } = node;
      const h = shift ? each((bounding, _r, frame) => addShift(bounding, frame, shift)) : inputs[0];
      const { shifts, margin, failure, intervals } = provenShifts(node, propagators, h);
      if (failure) return { failure };
      proved(node.name, margin);
      pieces.layers.set(node.name, { shifts });
      settleActivation(node, propagators, shifts.sides);
      const kinks = node.activation.kinks.length;
      frames = h.map((frame, r) =>
        activateBounded(boundings[r], r, node, frame, shifts, clearanceOn(r, intervals, kinks)),
      );
    } else if (node.kind === 'max') {
      const { winners, margin, failure } = provenWinners(node, propagators, inputs[0]);
      if (failure) return { failure };
      proved(node.name, margin);
      pieces.maxima.set(node.name, winners);
      settleMax(node, propagators, winners);
      frames = each((bounding, r, frame) => maxBounded(bounding, r, node, frame, winners));
    } else {
      frames = boundings.map((bounding, r) =>
        combine(
          bounding,
          node,
          inputs.map(blocks => blocks[r]),
        ),
      );
    }
    for (const frame of frames) checkedFrame(node.name, frame.values);
    values.set(node.name, frames);
    progress?.(values.size, net.nodes.length);
  }
  return { frames: values.get(net.nodes.at(-1)!.name)! };
}

function provenShifts(
  node: ActivationNode,
  propagators: readonly FramePropagator[],
  frames: readonly BoundedFrame[],
): { shifts: Shifts; margin: number; intervals: ForbiddenIntervals; failure?: Uncertified } {
  const intervals = boundedIntervals(node.activation, propagators, frames, 1);
  const shifts = chooseShifts(intervals, () => 0);
  const margin = smallestMargin(intervals);
  // Not `< 0`: a NaN proves nothing.
  if (margin >= 0) return { shifts, margin, intervals };
  return { shifts, margin, intervals, failure: activationFailure(node, propagators, frames, intervals) };
}

function activationFailure(
  { name, input, activation }: ActivationNode,
  propagators: readonly FramePropagator[],
  frames: readonly BoundedFrame[],
  { units, below, above }: ForbiddenIntervals,
): Uncertified {
  const at = below.findIndex((b, i) => !(Math.max(b, -above[i]) >= 0));
  const unit = at % units;
  const r = Math.floor(at / units / activation.kinks.length);
  const { region, columns } = propagators[r];
  const twice = columns(input, frames[r].values, [unit, unit]);
  const points = pointsAt(region, region.extremes(twice, [-1, 1]));
  return { certified: false, layer: name, unit, region: r, margin: Math.max(below[at], -above[at]), points };
}

function provenWinners(
  node: MaxNode,
  propagators: readonly FramePropagator[],
  frames: readonly BoundedFrame[],
): { winners: MaxShifts; margin: number; failure?: Uncertified } {
  const pairs = propagators.map((propagator, r) => propagator.leads(node, frames[r].values));
  const winners = chooseWinners(node.windows, pairs, {
    ...(node.lifts ? { lifts: node.lifts } : {}),
    leadError: boundedLeads(propagators, frames, 1),
  });
  const present = (w: number) => (node.lifts && node.lifts.winner[w] >= 0 ? node.lifts.lift[w] : 0);
  // A lift that the node has not got is a lift missing.
  const clearance = winners.clearance.map((c, w) => c - (winners.lifts.lift[w] - present(w)));
  const margin = clearance.reduce((least, c) => Math.min(least, c), Number.POSITIVE_INFINITY);
  if (margin >= 0) return { winners, margin };
  const unit = clearance.findIndex(c => !(c >= 0));
  const region = Math.max(0, winners.activeRegion[unit]);
  return { winners, margin, failure: { certified: false, layer: node.name, unit, region, margin } };
}

/** Bound on the difference between the exact network and `A x + b`, which A and b only approximate. */
function mapErrorOn(
  net: Network,
  propagator: FramePropagator,
  { A, b }: AffineMap,
  output: BoundedFrame,
): Float64Array {
  const { region } = propagator;
  const units = Int32Array.from(b.keys());
  const found = propagator.columns(net.nodes.at(-1)!.name, output.values, units);
  const gap = multiplyTransposed(region.frame, A);
  for (let j = 0; j < gap.cols; j++) gap.data[j] += b[j];
  for (let i = 0; i < gap.data.length; i++) gap.data[i] -= found.data[i];
  const absolute = { ...A, data: A.data.map(Math.abs) };
  const row = (data: Float64Array): Matrix => ({ rows: 1, cols: data.length, data });
  const reach = multiplyTransposed(row(region.reach(region.frame)), absolute).data;
  const slack = multiplyTransposed(row(region.slack), absolute).data;
  const outReach = region.reach(found);
  const error = exactError(output);
  const terms = region.size + region.frame.rows + 4;
  return region.reach(gap).map((distance, j) => {
    const rounding = sumErrorBound(terms, distance + reach[j] + Math.abs(b[j]) + outReach[j]);
    return (distance + rounding + slack[j] + error[j] + output.tail[j]) * ROUND_UP;
  });
}
