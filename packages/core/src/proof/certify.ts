import { PoliceError } from '../errors.js';
import { type AffineMap, mapsOn } from '../frames/affine-map.js';
import { isApproximate } from '../frames/approximation-error.js';
import type { FramePropagator } from '../frames/propagator.js';
import { propagatorsFor } from '../frames/propagators-for.js';
import type { Network } from '../network/network.js';
import type { ActivationNode, MaxNode } from '../network/nodes.js';
import type { Progress } from '../network/walk.js';
import { type Matrix, rowOf } from '../numeric/matrix.js';
import { float32, float64 } from '../numeric/precision.js';
import { pointsAt, type Region } from '../regions/region.js';
import { chooseShifts, type ForbiddenIntervals } from '../rule/shift.js';
import { chooseWinners, type MaxShifts } from '../rule/winners.js';
import { addShift, type BoundedFrame, ROUND_UP } from './bounded-frame.js';
import { boundedIntervals, boundedLeads, clearanceOn, smallestMargin } from './bounded-intervals.js';
import { boundedPass, type NonlinearityRule } from './bounded-pass.js';
import { mapErrorOn } from './map-error.js';

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

/** The proof that a network is affine on every region. */
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

/** The memory allowed, and whom to tell of progress. */
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
 *
 * @example
 * const proof = certify(freeze(net, regions).network, regions);
 * if (proof.certified) proof.regions[0].map; // { A, b }
 */
export function certify(
  net: Network,
  regions: readonly Region[],
  { memory, progress }: CertifyOptions = {},
): Certified | Uncertified {
  const propagators = propagatorsFor(net, regions, memory);
  const layers: LayerMargin[] = [];
  const proved = (name: string, smallestMargin: number) => layers.push({ name, smallestMargin });
  try {
    const { frames, pieces } = boundedPass(
      net,
      propagators,
      ARITHMETICS,
      proving(propagators, proved),
      progress,
    );
    const maps = mapsOn(
      net,
      regions,
      pieces,
      frames.map(({ values }) => values),
    )();
    const proofs = propagators.map((propagator, r) => regionProof(net, propagator, maps[r], frames[r]));
    return { certified: true, layers, regions: proofs };
  } catch (error) {
    if (error instanceof MayBend) return error.found;
    throw error;
  }
}

/** Throws `not-frozen`, naming the unit, unless the proof is one. */
export function assertCertified(proof: Certified | Uncertified): asserts proof is Certified {
  if (proof.certified) return;
  const { layer, unit, margin, region } = proof;
  throw new PoliceError({
    code: 'not-frozen',
    where: layer,
    expected: 'a network affine on every region',
    actual: `unit ${unit}, which may bend inside region ${region}: it is short of its kink by ${-margin}`,
    remedy:
      'Call freeze(network, regions) first, with the same regions; { precision: "float64" } keeps float64 weights.',
  });
}

/** Ends the pass at the first nonlinearity that could not be proved affine. */
class MayBend extends Error {
  constructor(readonly found: Uncertified) {
    super(found.layer);
  }
}

/** The exact network, whose errors prove, and a runtime's, whose errors are reported. */
const ARITHMETICS = [float64, float32];

/** The rule that proves, and moves nothing. */
function proving(
  propagators: readonly FramePropagator[],
  proved: (name: string, margin: number) => void,
): NonlinearityRule {
  return {
    activation: (node, { frames }, boundings) => {
      const { shift } = node;
      const h = shift ? frames.map((frame, r) => addShift(boundings[r], frame, shift)) : frames;
      const intervals = boundedIntervals(node.activation, propagators, h, 1);
      const shifts = chooseShifts(intervals, () => 0);
      const margin = smallestMargin(intervals);
      // Not `< 0`: a NaN proves nothing.
      if (!(margin >= 0)) throw new MayBend(activationFailure(node, propagators, h, intervals));
      proved(node.name, margin);
      const kinks = node.activation.kinks.length;
      return { frames: h, shifts, clearances: h.map((_, r) => clearanceOn(r, intervals, kinks)) };
    },
    max: (node, frames) => {
      const { winners, margin, failure } = provenWinners(node, propagators, frames);
      if (failure) throw new MayBend(failure);
      proved(node.name, margin);
      return winners;
    },
  };
}

function regionProof(
  net: Network,
  propagator: FramePropagator,
  map: AffineMap,
  output: BoundedFrame,
): RegionProof {
  const mapError = mapErrorOn(net, propagator, map, output);
  const inferred = rowOf(output.errors, 1);
  return {
    map,
    mapError,
    inferenceError: mapError.map((e, j) => (e + inferred[j]) * ROUND_UP),
    ...(isApproximate(net) ? { approximationError: output.approximationError } : {}),
  };
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
