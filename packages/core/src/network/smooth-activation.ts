import { PoliceError } from '../errors.js';
import { erfc } from '../numeric/erf.js';
import { type Activation, type ActivationName, type Curve, type Piece, piece } from './activation.js';

/**
 * Smooth functions, which are affine nowhere, taken as affine on their tails *up to a stated error*: outside the kink
 * [−τ, τ] the function is within ε of its piece. Nothing becomes approximate unless the caller passes ε, and whatever is
 * built on it reports how far the network may be from affine (`approximationError` of reports and proofs).
 */
interface SmoothFunction extends Curve {
  readonly name: ActivationName;
  readonly left: Piece;
  readonly right: Piece;
  /** Distance from either piece at ±t, decreasing for t ≥ `from`. */
  tail(t: number): number;
  readonly from: number;
}

function sigmoidOf(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

const SQRT_2_PI = Math.sqrt(2 * Math.PI);
/** The standard normal distribution function. */
const normalCdf = (x: number): number => erfc(-x / Math.SQRT2) / 2;

/** √(2/π)(x + 0.044715 x³), of GELU's tanh form (Hendrycks & Gimpel 2016). */
const geluArgument = (x: number): number => Math.sqrt(2 / Math.PI) * x * (1 + 0.044715 * x * x);
const geluArgumentSlope = (x: number): number => Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);

/** ln(1 + eˣ). */
export const softplus = (epsilon: number): Activation =>
  tailAffine(epsilon, {
    name: 'softplus',
    left: piece(0),
    right: piece(1),
    value: x => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    slope: sigmoidOf,
    steepest: 1,
    tail: t => Math.log1p(Math.exp(-t)),
    from: 0,
  });

/** `x / (1 + e⁻ˣ)`, also called swish. */
export const silu = (epsilon: number): Activation =>
  tailAffine(epsilon, {
    name: 'silu',
    left: piece(0),
    right: piece(1),
    value: x => x * sigmoidOf(x),
    slope: x => sigmoidOf(x) * (1 + x * sigmoidOf(-x)),
    steepest: 1.1, // 1.09984 at 2.3994
    tail: t => t * sigmoidOf(-t),
    from: 1.2785, // where t = 1 + e⁻ᵗ
  });

/** `x Φ(x)`, Φ the standard normal distribution function; ONNX Gelu with approximate "none". */
export const gelu = (epsilon: number): Activation =>
  tailAffine(epsilon, {
    name: 'gelu',
    left: piece(0),
    right: piece(1),
    value: x => x * normalCdf(x),
    slope: x => normalCdf(x) + (x * Math.exp((-x * x) / 2)) / SQRT_2_PI,
    steepest: 1.13, // 1.12904 at √2
    tail: t => t * normalCdf(-t),
    from: 0.7518, // where Φ(−t) = t φ(t)
  });

/** `x / 2 · (1 + tanh(√(2/π)(x + 0.044715 x³)))`; ONNX Gelu with approximate "tanh". */
export const geluTanh = (epsilon: number): Activation =>
  tailAffine(epsilon, {
    name: 'geluTanh',
    left: piece(0),
    right: piece(1),
    // (1 + tanh u) / 2 is the sigmoid of 2u, which does not cancel.
    value: x => x * sigmoidOf(2 * geluArgument(x)),
    slope: x => {
      const s = sigmoidOf(2 * geluArgument(x));
      return s + 2 * x * s * sigmoidOf(-2 * geluArgument(x)) * geluArgumentSlope(x);
    },
    steepest: 1.13, // 1.12899 near √2
    tail: t => t * sigmoidOf(-2 * geluArgument(t)),
    from: 0.8,
  });

/** How much steeper than a SiLU the quick GELU is. */
const QUICK = 1.702;

/** `x / (1 + e^(−1.702 x))`, the sigmoid form of GELU (Hendrycks & Gimpel 2016), as CLIP has it: SiLU of 1.702 x, over 1.702. */
export const quickGelu = (epsilon: number): Activation =>
  tailAffine(epsilon, {
    name: 'quickGelu',
    left: piece(0),
    right: piece(1),
    value: x => x * sigmoidOf(QUICK * x),
    slope: x => sigmoidOf(QUICK * x) * (1 + QUICK * x * sigmoidOf(-QUICK * x)),
    steepest: 1.1, // SiLU's
    tail: t => t * sigmoidOf(-QUICK * t),
    from: 0.7512, // SiLU's over 1.702
  });

/** tanh(ln(1 + eˣ)) = ((1 + eˣ)² − 1) / ((1 + eˣ)² + 1), by the exponential that does not overflow. */
function tanhOfSoftplus(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return x >= 0 ? (1 + 2 * e) / (1 + 2 * e + 2 * e * e) : (e * e + 2 * e) / (e * e + 2 * e + 2);
}

/** `x tanh(ln(1 + eˣ))` (Misra 2019); ONNX Mish. */
export const mish = (epsilon: number): Activation =>
  tailAffine(epsilon, {
    name: 'mish',
    left: piece(0),
    right: piece(1),
    value: x => x * tanhOfSoftplus(x),
    slope: x => {
      const t = tanhOfSoftplus(x);
      return t + x * (1 - t * t) * sigmoidOf(x);
    },
    steepest: 1.09, // 1.08850 at 1.4912
    // The left tail is the longer one.
    tail: t => t * tanhOfSoftplus(-t),
    from: 1.2, // the left tail is longest at 1.1924
  });

/** `1 / (1 + e⁻ˣ)`: flat on both tails. */
export const sigmoid = (epsilon: number): Activation =>
  tailAffine(epsilon, {
    name: 'sigmoid',
    left: piece(0),
    right: piece(0, 1),
    value: sigmoidOf,
    slope: x => sigmoidOf(x) * sigmoidOf(-x),
    steepest: 0.25,
    tail: t => sigmoidOf(-t),
    from: 0,
  });

/** Flat on both tails. */
export const tanh = (epsilon: number): Activation =>
  tailAffine(epsilon, {
    name: 'tanh',
    left: piece(0, -1),
    right: piece(0, 1),
    value: Math.tanh,
    slope: x => 4 * sigmoidOf(2 * x) * sigmoidOf(-2 * x),
    steepest: 1,
    tail: t => 2 * sigmoidOf(-2 * t),
    from: 0,
  });

/** Outweighs the error of evaluating a tail, a few units in the last place. */
const TAIL_INFLATION = 1 + 2 ** -40;

/** Throws `invalid-option` unless 0 < epsilon < ∞. */
function tailAffine(
  epsilon: number,
  { name, left, right, tail, from, ...curve }: SmoothFunction,
): Activation {
  if (!(epsilon > 0 && epsilon < Number.POSITIVE_INFINITY)) {
    throw new PoliceError({
      code: 'invalid-option',
      where: `${name} epsilon`,
      expected: 'a finite number > 0, how far from affine the tails may be',
      actual: `${epsilon}`,
      remedy: `${name} is affine nowhere: pass the error you can accept, such as 1e-6, or use a piecewise-affine activation.`,
    });
  }
  const isWithin = (t: number) => tail(t) * TAIL_INFLATION <= epsilon;
  const { value, slope, steepest } = curve;
  const tau = leastTail(isWithin, from);
  return {
    name,
    kinks: [{ lo: -tau, hi: tau }],
    pieces: [left, right],
    curve: { value, slope, steepest },
    approximationError: epsilon,
  };
}

/** The least t ≥ from, to rounding, where a decreasing tail is within its bound. */
function leastTail(isWithin: (t: number) => boolean, from: number): number {
  if (isWithin(from)) return from;
  let below = from;
  let above = Math.max(1, 2 * from);
  while (!isWithin(above)) above *= 2;
  for (let middle = (below + above) / 2; middle > below && middle < above; middle = (below + above) / 2) {
    if (isWithin(middle)) above = middle;
    else below = middle;
  }
  return above;
}
