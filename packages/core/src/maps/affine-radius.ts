import { PoliceError } from '../errors.js';
import { isApproximate } from '../frames/approximation-error.js';
import {
  activateFrame,
  checkedFrame,
  fixSlopes,
  fixWinners,
  shiftedFrames,
  withBias,
} from '../frames/policed-pass.js';
import type { FramePropagator } from '../frames/propagator.js';
import { propagatorsFor } from '../frames/propagators-for.js';
import type { LinearNode } from '../network/forward.js';
import { largestIn, type Windows, windowCount } from '../network/max-windows.js';
import type { Network } from '../network/network.js';
import type { ActivationNode, MaxNode } from '../network/nodes.js';
import { UNRESOLVED } from '../network/unresolved.js';
import { walkToEnd } from '../network/walk.js';
import { type Matrix, matrix } from '../numeric/matrix.js';
import type { Region } from '../regions/region.js';
import { noShifts } from '../rule/shift.js';
import { type MaxShifts, maxFrame, pairOffsets } from '../rule/winners.js';

/** How far around a point a network is affine as it is. */
export interface AffineRadius {
  /** In radii of the region asked about; 0 where a unit bends at its very centre, ∞ where none ever does. */
  readonly radius: number;
  /** The nonlinearity that bends first, and which of its units (or windows); absent where none does. */
  readonly layer?: string;
  readonly unit?: number;
}

/** The memory allowed. */
export interface AffineRadiusOptions {
  /** Bytes that frames may take, as for `enforce`. @defaultValue 2 GiB */
  readonly memory?: number;
}

/**
 * The largest factor by which a box, ball, cross-polytope, ellipsoid or zonotope may be scaled about its centre so that the network is affine
 * on it as it is: for `ball(x, 1)` the radius of the largest ball around x. Nothing is shifted.
 *
 * Exact, in one pass: until a unit reaches its kink all units before it are affine, so a unit whose pre-activation at the centre is δ from
 * its kinks and changes by at most w over the region reaches them at the factor δ / w, and the least of these is the answer. In float64, to
 * rounding. Throws `invalid-option` for a region that is no image of a unit ball or a network that is affine up to an error only,
 * `unsupported-layer` for clamps and opaque nodes, `shape`, `not-finite` or `too-large`.
 *
 * @example
 * affineRadius(net, boxAround([0.5, -0.5], 1)).radius;
 */
export function affineRadius(
  net: Network,
  region: Region,
  { memory }: AffineRadiusOptions = {},
): AffineRadius {
  assertScalable(net, region);
  const [propagator] = propagatorsFor(net, [region], memory);
  let found: AffineRadius = { radius: Number.POSITIVE_INFINITY };
  const meet = (layer: string, factors: Float64Array) => {
    const radius = factors.reduce((least, factor) => Math.min(least, factor), found.radius);
    if (radius < found.radius) found = { radius, layer, unit: factors.indexOf(radius) };
  };
  const linear = (node: LinearNode, inputs: readonly Matrix[]) =>
    checkedFrame(node.name, withBias(node, propagator.linear(node, inputs)));
  walkToEnd<Matrix>(net, {
    input: () => propagator.start(),
    affine: linear,
    sum: linear,
    concat: linear,
    activation: (node, [before]) => {
      const [h] = shiftedFrames(node, [before]);
      const shifts = { ...noShifts(h.cols), sides: sidesAtCentre(node, h) };
      meet(node.name, kinkFactors(node, h, widthsOf(propagator, h)));
      fixSlopes(node, [propagator], shifts);
      return activateFrame(node.activation, h, shifts, 0);
    },
    max: (node, [before]) => {
      const winners = winnersAtCentre(node, before);
      meet(node.name, leadFactors(node, before, winners, propagator.leads(node, withoutOrigin(before))));
      fixWinners(node, [propagator], winners);
      return maxFrame(before, winners, 0);
    },
    ...UNRESOLVED,
  });
  return found;
}

/** Half the widths `[units]` of the ranges: what is left of them without the value at the centre. */
function widthsOf({ reader }: FramePropagator, h: Matrix): Float64Array {
  return reader.range(withoutOrigin(h)).hi;
}

function withoutOrigin(h: Matrix): Matrix {
  const directions = matrix(h.rows, h.cols, h.data.slice());
  directions.data.fill(0, 0, h.cols);
  return directions;
}

/** Side of each kink that a unit is on at the centre, `[kinks, units]`; inside one it counts as above, and the factor is 0. */
function sidesAtCentre({ activation: { kinks } }: ActivationNode, h: Matrix): Int8Array {
  const sides = new Int8Array(kinks.length * h.cols);
  kinks.forEach(({ lo }, k) => {
    for (let j = 0; j < h.cols; j++) sides[k * h.cols + j] = h.data[j] > lo ? 1 : -1;
  });
  return sides;
}

function kinkFactors(
  { activation: { kinks } }: ActivationNode,
  h: Matrix,
  widths: Float64Array,
): Float64Array {
  return widths.map((width, j) =>
    kinks.reduce((least, { lo, hi }) => {
      const value = h.data[j];
      const distance = Math.max(0, lo - value, value - hi);
      return Math.min(least, factorOf(distance, width, value > lo && value < hi));
    }, Number.POSITIVE_INFINITY),
  );
}

/** A unit that does not change never reaches anything, unless it is where the function is curved already. */
function factorOf(distance: number, width: number, isInside = false): number {
  return width > 0 || isInside ? distance / (width || 1) : Number.POSITIVE_INFINITY;
}

function winnersAtCentre({ windows, lifts }: MaxNode, before: Matrix): MaxShifts {
  const count = windowCount(windows);
  const winners = new Int32Array(count);
  const lift = new Float64Array(count);
  for (let w = 0; w < count; w++) {
    const largest = largestIn(windows, before.data, 0, w, lifts);
    winners[w] = largest.index;
    lift[w] = largest.lift;
  }
  const none = new Int32Array(count).fill(-1);
  return {
    winners,
    lifts: { winner: winners, lift },
    activeRegion: none,
    activeRival: none,
    clearance: new Float64Array(count),
  };
}

/** When a rival overtakes the winner, by window; `leads` are the pairs' half-widths. */
function leadFactors(
  { windows, lifts: present }: MaxNode,
  before: Matrix,
  { winners, lifts }: MaxShifts,
  leads: Float64Array,
): Float64Array {
  const starts = pairOffsets(windows);
  return Float64Array.from(winners, (winner, w) => {
    const list = entriesOf(windows, w);
    const from = starts[w] + list.indexOf(winner) * list.length;
    return list.reduce((least, rival, place) => {
      if (rival === winner) return least;
      const rivalLift = present?.winner[w] === rival ? present.lift[w] : 0;
      const distance = before.data[winner] + lifts.lift[w] - before.data[rival] - rivalLift;
      return Math.min(least, factorOf(Math.max(0, distance), leads[from + place]));
    }, Number.POSITIVE_INFINITY);
  });
}

const entriesOf = ({ offsets, members }: Windows, w: number): Int32Array =>
  members.subarray(offsets[w], offsets[w + 1]);

function assertScalable(net: Network, region: Region): void {
  if (!region.body.unitBall) {
    throw new PoliceError({
      code: 'invalid-option',
      where: `affineRadius region (${region.kind})`,
      expected: 'a box, ball, cross-polytope, ellipsoid or zonotope, or an image of one',
      actual: 'a region without a norm',
    });
  }
  if (!isApproximate(net)) return;
  throw new PoliceError({
    code: 'invalid-option',
    where: 'affineRadius',
    expected: 'a network that is affine on some ball exactly',
    actual: 'smooth activations, which are affine nowhere but up to an error',
  });
}
