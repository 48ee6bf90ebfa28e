import { withOriginMoved } from '../frames/policed-pass.js';
import { type Activation, slopeAt, steepest } from '../network/activation.js';
import type { ActivationNode, MaxNode } from '../network/nodes.js';
import { linearCombination, pickColumns, scaleColumns } from '../numeric/matrix.js';
import { sumErrorBound } from '../numeric/precision.js';
import { pairOffsets } from '../rule/winners.js';
import { ROUND_UP } from './bounded-frame.js';
import { RANGE_TERMS } from './bounded-intervals.js';
import { SMOOTH_FUNCTION_ERROR } from './bounded-pieces.js';
import {
  isExactZero,
  type Relaxed,
  type Relaxing,
  relaxedRange,
  rounding,
  runtimeRounding,
  settled,
  share,
  standInRange,
  standInReach,
} from './relaxed-value.js';
import { type StandIn, standInOn } from './stand-in.js';

/** `σ(h + shift)`, each unit by its stand-in on its range. */
export function activationRelaxed(
  relaxing: Relaxing,
  { name, activation, shift }: ActivationNode,
  input: Relaxed,
): Relaxed {
  const { propagator } = relaxing;
  const { reader } = propagator;
  const h = shift ? shifted(relaxing, input, shift) : input;
  const { lo, hi } = relaxedRange(reader, h);
  const standIns = Array.from(lo, (_, j) => standInOn(activation, j, lo[j], hi[j]));
  const slopes = Float64Array.from(standIns, ({ slope }) => slope);
  const offsets = Float64Array.from(standIns, ({ offset }) => offset);
  propagator.fixPiece(name, { slopes });
  const reach = standInReach(reader, h.values);
  const error = h.error.map((e, j) => {
    const { slope, offset, error: bend } = standIns[j];
    const own = bend + evaluationError(relaxing, activation, j, standIns[j], Math.max(-lo[j], hi[j]));
    // A constant is exact, and so is the identity.
    const isExact = slope === 0 || (slope === 1 && offset === 0);
    const made = isExact ? own : own + sumErrorBound(4, share(slope, reach[j]) + Math.abs(offset));
    return made === 0 ? share(slope, e) : (share(slope, e) + made) * ROUND_UP;
  });
  const isAffine = h.isAffine && standIns.every(standIn => standIn.error === 0);
  return settled(withOriginMoved(scaleColumns(h.values, slopes), offsets), error, isAffine);
}

/** What a runtime rounds in applying an activation to numbers up to `reach`. */
function evaluationError(
  { runtime }: Relaxing,
  activation: Activation,
  unit: number,
  standIn: StandIn,
  reach: number,
): number {
  const { pieces, curve } = activation;
  const isKept = (slope: number, offset: number) => slope === 0 || (slope === 1 && offset === 0);
  // Where the range avoids the kinks only its own piece is evaluated.
  if (!runtime || (standIn.error === 0 && isKept(standIn.slope, standIn.offset))) return 0;
  if (!curve && pieces.every(piece => isKept(slopeAt(piece, unit), piece.offset))) return 0;
  const largestOffset = pieces.reduce((max, { offset }) => Math.max(max, Math.abs(offset)), 0);
  const smooth = curve ? SMOOTH_FUNCTION_ERROR * (1 + reach) : 0;
  return smooth + runtimeRounding(runtime, 4, steepest(activation, unit) * reach + largestOffset);
}

function shifted(relaxing: Relaxing, { values, error, isAffine }: Relaxed, shift: Float64Array): Relaxed {
  const reach = standInReach(relaxing.propagator.reader, values);
  const widened = error.map((e, j) =>
    shift[j] === 0 ? e : (e + rounding(relaxing, 2, reach[j] + e + Math.abs(shift[j]))) * ROUND_UP,
  );
  return settled(withOriginMoved(values, shift), widened, isAffine);
}

/**
 * `max(maxᵢ xᵢ, x_winner + lift)`: of each window the entry that comes nearest. The maximum is never below an entry, and above it by no
 * more than the furthest that a rival leads; half way between lies the stand-in.
 */
export function maxRelaxed(relaxing: Relaxing, node: MaxNode, input: Relaxed): Relaxed {
  const { values, error } = input;
  const { propagator, runtime } = relaxing;
  const { offsets, members } = node.windows;
  const starts = pairOffsets(node.windows);
  const leads = propagator.leads(node, values);
  const reach = standInReach(propagator.reader, values);
  const terms = values.rows + RANGE_TERMS + 1;
  const windows = offsets.length - 1;
  const winners = new Int32Array(windows);
  const moves = new Float64Array(windows);
  const errors = new Float64Array(windows).fill(Number.POSITIVE_INFINITY);
  let isAffine = input.isAffine;
  for (let w = 0; w < windows; w++) {
    const list = members.subarray(offsets[w], offsets[w + 1]);
    const lift = (entry: number) => (node.lifts?.winner[w] === entry ? node.lifts.lift[w] : 0);
    winners[w] = list[0];
    list.forEach((entry, a) => {
      const own = lift(entry);
      let above = error[entry];
      list.forEach((rival, b) => {
        // An entry listed twice is no rival of itself.
        if (rival === entry) return;
        const size = reach[rival] + reach[entry] + lift(rival) + own;
        const made = size === 0 ? 0 : sumErrorBound(terms, size);
        const lead = leads[starts[w] + a * list.length + b] + lift(rival) - own;
        above = Math.max(above, (lead + error[rival] + made) * ROUND_UP);
      });
      const half = ((above + error[entry]) / 2) * (above === error[entry] ? 1 : ROUND_UP);
      if (!(half < errors[w])) return;
      winners[w] = entry;
      moves[w] = own + (above - error[entry]) / 2;
      errors[w] = half;
    });
    // A winner that no rival overtakes is off by its own error alone.
    isAffine &&= errors[w] === error[winners[w]];
  }
  propagator.fixPiece(node.name, { winners });
  const rounded = errors.map((e, w) => {
    const size = reach[winners[w]] + Math.abs(moves[w]) + e;
    const lifted = node.lifts?.winner[w] ?? -1;
    const lifting =
      lifted < 0 ? 0 : runtimeRounding(runtime, 2, reach[lifted] + error[lifted] + node.lifts!.lift[w]);
    const moving = moves[w] === 0 ? 0 : sumErrorBound(4, size);
    return lifting + moving === 0 ? e : (e + lifting + moving) * ROUND_UP;
  });
  return settled(withOriginMoved(pickColumns(values, winners), moves), rounded, isAffine);
}

/**
 * `max(min(v, c + r), c − r)`: entry by entry the centre, from which it is off by no more than r and than |v − c|, or the value, from
 * which it is off by what |v − c| exceeds r.
 */
export function clampRelaxed(
  { propagator: { reader }, runtime }: Relaxing,
  value: Relaxed,
  centre: Relaxed,
  radius: Relaxed,
): Relaxed {
  const difference = linearCombination([value.values, centre.values], [1, -1]);
  const gap = standInRange(reader, difference);
  const reaches = [value, centre].map(({ values }) => standInReach(reader, values));
  const radii = relaxedRange(reader, radius);
  const { rows, cols } = centre.values;
  const values = { rows, cols, data: centre.values.data.slice() };
  let isAffine = centre.isAffine;
  const error = centre.error.map((e, j) => {
    if (isExactZero(radius, j)) return e;
    const subtracting = sumErrorBound(4, reaches[0][j] + reaches[1][j]);
    const furthest = (Math.max(gap.hi[j], -gap.lo[j]) + value.error[j] + e + subtracting) * ROUND_UP;
    const widest = Math.max(0, radii.hi[j]);
    const made = runtimeRounding(runtime, 1, reaches[1][j] + e + widest);
    const asCentre = (e + Math.min(furthest, widest) + made) * ROUND_UP;
    const excess = furthest - Math.max(0, radii.lo[j]);
    const asValue =
      excess + made <= 0 ? value.error[j] : (value.error[j] + Math.max(0, excess) + made) * ROUND_UP;
    isAffine &&= value.isAffine && excess <= 0;
    if (!(asValue < asCentre)) return asCentre;
    for (let i = 0; i < rows; i++) values.data[i * cols + j] = value.values.data[i * cols + j];
    return asValue;
  });
  return settled(values, error, isAffine);
}
