import { PoliceError } from '../errors.js';
import { type AffineMap, mapsOn } from '../frames/affine-map.js';
import { isApproximate } from '../frames/approximation-error.js';
import type { FramePropagator } from '../frames/propagator.js';
import { propagatorsFor } from '../frames/propagators-for.js';
import type { Network } from '../network/network.js';
import type { ActivationNode, MaxNode } from '../network/nodes.js';
import type { Progress } from '../network/walk.js';
import { type Matrix, rowOf } from '../numeric/matrix.js';
import { upTo } from '../numeric/up-to.js';
import { pointsAt, type Region } from '../regions/region.js';
import type { AffinePieces } from '../rule/pieces.js';
import { chooseShifts, type ForbiddenIntervals } from '../rule/shift.js';
import { type Spared, sparedAt, sparedWindows, UNREAD } from '../rule/spared.js';
import { chooseWinners, type MaxShifts } from '../rule/winners.js';
import { type BoundedFrame, ROUND_UP, RUNTIME } from './bounded-frame.js';
import {
  boundedIntervals,
  boundedLeads,
  clearanceOn,
  exactError,
  PROOF,
  smallestMargin,
} from './bounded-intervals.js';
import { addShift } from './bounded-linear.js';
import { boundedPass, type NonlinearityRule } from './bounded-pass.js';
import { mapErrorOn } from './map-error.js';
import type { RuntimeRounding } from './runtime-rounding.js';

/** What is proved of a nonlinearity: its least clearance, all rounding deducted, is not negative. */
export interface LayerMargin {
  readonly name: string;
  /** See `FrozenLayer.smallestMargin`. */
  readonly smallestMargin: number;
}

/** What is proved on one region. */
export interface RegionProof {
  /** The network's affine map there, rounded to float64; made when first asked for: A has outSize · inSize entries. */
  readonly map: AffineMap;
  /**
   * Bound `[outSize]` on |f(x) − (A x + b)| over the region, f in exact arithmetic: the rounding of A and b, and
   * `approximationError`. Made with the map.
   */
  readonly mapError: Float64Array;
  /** The outputs' frame values, and a bound `[outSize]` on how far any point's are from the network's: the map without A. */
  readonly outputFrame: { readonly values: Matrix; readonly error: Float64Array };
  /**
   * Bound `[outSize]` on |inference in float32, in any order of summation − f(x)| over the region, f the affine map in exact
   * arithmetic: each node's rounding through the actual Jacobian, and `approximationError`. Infinite where float32 may overflow, or where
   * the bound itself, `coarse`, is larger than its numbers.
   */
  readonly inferenceError: Float64Array;
  /** Bound `[outSize]` on |f(x)| over the region: what `inferenceError` is large or small beside. */
  readonly outputReach: Float64Array;
  /** The first node where a float32 number may overflow, sums on the way included. */
  readonly overflow?: string;
  /** The first node whose Jacobian would have taken too long, so that `inferenceError` is coarse: from products of |W|. */
  readonly coarse?: string;
  /**
   * How far `[outSize]` the network is from affine where smooth activations make it so only up to an error. Then
   * `inferenceError` assumes a runtime whose own smooth functions err by no more than `SMOOTH_FUNCTION_ERROR`. Absent where f
   * is exactly affine.
   */
  readonly approximationError?: Float64Array;
  /**
   * Units (of a maximum: windows) that may bend on the region, by nonlinearity: every path from them ends in a unit that sound bounds prove
   * flat, so that nothing they do reaches the output. Absent where every unit is proved affine.
   */
  readonly unread?: readonly UnreadUnits[];
}

/** Units of one nonlinearity of which nothing is claimed. */
export interface UnreadUnits {
  readonly name: string;
  readonly units: number;
}

/** The proof that a network is affine on every region. */
export interface Certified {
  readonly certified: true;
  readonly layers: readonly LayerMargin[];
  /** In the order of the regions. */
  readonly regions: readonly RegionProof[];
  /**
   * The piece that every unit is on and the entry that wins each maximum: what an independent proof needs to be told. Absent of a
   * network with clamps, which is another one on each region, and where some unit may bend.
   */
  readonly pieces?: AffinePieces;
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

/** {@link certify} of a network without clamps, of every unit but those that are spared, one entry per region. */
export function certifyPlain(
  net: Network,
  regions: readonly Region[],
  { memory, progress }: CertifyOptions = {},
  spared?: readonly Spared[],
): Certified | Uncertified {
  const propagators = propagatorsFor(net, regions, memory);
  const layers: LayerMargin[] = [];
  const proved = (name: string, smallestMargin: number) => layers.push({ name, smallestMargin });
  try {
    const { frames, pieces, rounding } = boundedPass(
      net,
      propagators,
      proving(propagators, proved, spared),
      progress,
    );
    const maps = mapsOn(
      net,
      regions,
      pieces,
      frames.map(({ values }) => values),
    );
    const proofs = propagators.map((propagator, r) =>
      regionProof(net, propagator, () => maps()[r], frames[r], rounding[r], spared?.[r]),
    );
    return { certified: true, layers, regions: proofs, ...(spared ? {} : { pieces }) };
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

/** The rule that proves, and moves nothing. */
function proving(
  propagators: readonly FramePropagator[],
  proved: (name: string, margin: number) => void,
  spared?: readonly Spared[],
): NonlinearityRule {
  return {
    activation: (node, { frames }, boundings) => {
      const { shift } = node;
      const h = shift ? frames.map((frame, r) => addShift(boundings[r], node, frame, shift)) : frames;
      const intervals = boundedIntervals(node.activation, propagators, h, PROOF, sparedAt(spared, node.name));
      const margin = smallestMargin(intervals);
      // Not `< 0`: a NaN proves nothing.
      if (!(margin >= 0)) throw new MayBend(activationFailure(node, propagators, h, intervals));
      const shifts = chooseShifts(intervals, () => 0); // none: every unit is off its kinks
      proved(node.name, margin);
      const kinks = node.activation.kinks.length;
      return { frames: h, shifts, clearances: h.map((_, r) => clearanceOn(r, intervals, kinks)) };
    },
    max: (node, frames) => {
      const { winners, margin, failure } = provenWinners(node, propagators, frames, spared);
      if (failure) throw new MayBend(failure);
      proved(node.name, margin);
      return winners;
    },
  };
}

function regionProof(
  net: Network,
  propagator: FramePropagator,
  mapOf: () => AffineMap,
  output: BoundedFrame,
  { overflow, coarse, unbounded }: RuntimeRounding,
  spared?: Spared,
): RegionProof {
  const { approximationError } = output;
  const unread = spared && unreadIn(spared);
  let mapError: Float64Array | undefined;
  return {
    get map() {
      return mapOf();
    },
    get mapError() {
      mapError ??= mapErrorOn(net, propagator, mapOf(), output);
      return mapError;
    },
    get outputFrame() {
      const units = upTo(approximationError.length);
      return {
        values: propagator.columns(net.nodes.at(-1)!.name, output.values, units),
        error: exactError(output).map((e, j) => (e + approximationError[j]) * ROUND_UP),
      };
    },
    inferenceError: rowOf(output.errors, RUNTIME).map((e, j) =>
      overflow === undefined && !unbounded
        ? (e + approximationError[j]) * ROUND_UP
        : Number.POSITIVE_INFINITY,
    ),
    outputReach: propagator.reader.reach(output.values),
    ...(overflow === undefined ? {} : { overflow }),
    ...(coarse === undefined ? {} : { coarse }),
    ...(isApproximate(net) ? { approximationError } : {}),
    ...(unread && unread.length > 0 ? { unread } : {}),
  };
}

function unreadIn(spared: Spared): UnreadUnits[] {
  return [...spared].flatMap(([name, each]) => {
    const units = each.reduce((n, spare) => n + Number(spare === UNREAD), 0);
    return units > 0 ? [{ name, units }] : [];
  });
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
  spared: readonly Spared[] | undefined,
): { winners: MaxShifts; margin: number; failure?: Uncertified } {
  const pairs = propagators.map((propagator, r) => propagator.leads(node, frames[r].values));
  const winners = chooseWinners(node.windows, pairs, {
    ...(node.lifts ? { lifts: node.lifts } : {}),
    leadError: boundedLeads(propagators, frames, PROOF),
    ...sparedWindows(spared, node.name),
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
