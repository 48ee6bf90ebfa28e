import { type Activation, activate, slopeAt, steepest } from '../network/activation.js';
import { sumErrorBound } from '../numeric/precision.js';
import { ROUND_UP } from './bounded-frame.js';

/** On a range of x, σ(x) lies within `error` of `slope · x + offset`. */
export interface StandIn {
  readonly slope: number;
  readonly offset: number;
  /** Infinite where nothing is known. */
  readonly error: number;
}

const UNKNOWN: StandIn = { slope: 0, offset: 0, error: Number.POSITIVE_INFINITY };

/** Cells that a curved stretch is cut into. */
const CELLS = 64;

/** Bound on the error of evaluating a curve, per unit of 1 + |x| and of slope: far above a few units in the last place. */
const CURVE_EVALUATION = 2 ** -40;

/**
 * The activation on [lo, hi]: where the range avoids the kinks the piece itself, else of the chord and a constant the nearer one (of a
 * convex function the chord is the best there is; Singh et al. 2018, Fast and effective robustness certification).
 */
export function standInOn(activation: Activation, unit: number, lo: number, hi: number): StandIn {
  const { kinks, pieces, approximationError = 0 } = activation;
  const above = kinks.findIndex(kink => hi <= kink.lo);
  const index = above < 0 ? kinks.length : above;
  if (index === 0 || lo >= kinks[index - 1].hi) {
    return { slope: slopeAt(pieces[index], unit), offset: pieces[index].offset, error: approximationError };
  }
  // On a flat tail a constant sees nothing but the kink's end.
  const isFlat = (k: number) => slopeAt(pieces[k], unit) === 0;
  const from = isFlat(0) ? Math.max(lo, kinks[0].lo) : lo;
  const to = isFlat(kinks.length) ? Math.min(hi, kinks[kinks.length - 1].hi) : hi;
  const constant = centred(activation, unit, 0, from, to);
  const slope = (activate(activation, hi, unit) - activate(activation, lo, unit)) / (hi - lo);
  const chord = centred(activation, unit, slope, lo, hi);
  return chord.error < constant.error ? chord : constant;
}

/** The stand-in of that slope with the least error. */
function centred(activation: Activation, unit: number, slope: number, lo: number, hi: number): StandIn {
  const { min, max } = deviation(activation, unit, slope, lo, hi);
  const offset = min / 2 + max / 2;
  const error = Math.max(max - offset, offset - min) * ROUND_UP;
  return Number.isFinite(error) && Number.isFinite(slope) ? { slope, offset, error } : UNKNOWN;
}

/** Bounds on σ(x) − slope · x over [lo, hi], rounding included; not finite where they are not known. */
function deviation(
  activation: Activation,
  unit: number,
  slope: number,
  lo: number,
  hi: number,
): { min: number; max: number } {
  const { kinks, pieces, approximationError = 0 } = activation;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  const see = (value: number, within: number) => {
    min = Math.min(min, value - within);
    max = Math.max(max, value + within);
  };
  pieces.forEach((piece, k) => {
    const from = k === 0 ? lo : Math.max(lo, kinks[k - 1].hi);
    const to = k === kinks.length ? hi : Math.min(hi, kinks[k].lo);
    if (from > to) return;
    const own = slopeAt(piece, unit);
    for (const x of [from, to]) {
      const rounding = sumErrorBound(4, Math.abs(own * x) + Math.abs(slope * x) + Math.abs(piece.offset));
      see(own * x + piece.offset - slope * x, approximationError + rounding);
    }
  });
  for (const kink of kinks) {
    const from = Math.max(lo, kink.lo);
    const to = Math.min(hi, kink.hi);
    if (kink.lo < kink.hi && from <= to) seeCurve(activation, unit, slope, from, to, see);
  }
  return { min, max };
}

/** Between two points a function of slope at most L differs from the mean of its values there by at most L/2 times their distance. */
function seeCurve(
  activation: Activation,
  unit: number,
  slope: number,
  from: number,
  to: number,
  see: (value: number, within: number) => void,
): void {
  const { value } = activation.curve!;
  const steepness = steepest(activation, unit) + Math.abs(slope);
  const reach = 1 + Math.max(Math.abs(from), Math.abs(to));
  const within = (steepness / 2) * ((to - from) / CELLS) + CURVE_EVALUATION * reach * (1 + steepness);
  const at = (i: number) => {
    const x = i === CELLS ? to : from + ((to - from) * i) / CELLS;
    return value(x) - slope * x;
  };
  let before = at(0);
  for (let i = 1; i <= CELLS; i++) {
    const here = at(i);
    see((before + here) / 2, within);
    before = here;
  }
}
