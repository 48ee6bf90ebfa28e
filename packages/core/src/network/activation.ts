import { assertFinite, assertSize, PoliceError } from '../errors.js';
import { type Precision, roundAll, UNIT_ROUNDOFF } from '../numeric/precision.js';

/**
 * A closed interval outside which the activation is affine: a point where it bends, or a stretch where it is curved.
 * `lo` may be −∞ for a function that is affine on one side only.
 */
export interface Kink {
  readonly lo: number;
  readonly hi: number;
}

/** One affine piece, `y = slope · x + offset`. A slope per unit `[units]` is PReLU's. */
export interface Piece {
  readonly slope: number | Float64Array;
  readonly offset: number;
}

/** The functions there are. */
export type ActivationName =
  | 'identity'
  | 'relu'
  | 'leakyRelu'
  | 'prelu'
  | 'abs'
  | 'relu6'
  | 'hardTanh'
  | 'clip'
  | 'hardSigmoid'
  | 'hardSwish'
  | 'elu'
  | 'selu'
  | SmoothActivationName;

/** Functions that are affine up to an error, and only on their tails: see `softplus`. */
export type SmoothActivationName =
  | 'softplus'
  | 'silu'
  | 'gelu'
  | 'geluTanh'
  | 'quickGelu'
  | 'mish'
  | 'sigmoid'
  | 'tanh';

/** What a function does inside its kinks, where they are no mere points. */
export interface Curve {
  value(x: number): number;
  slope(x: number): number;
  /** Largest |slope|. */
  readonly steepest: number;
}

/**
 * A continuous function applied to each unit, affine outside its kinks.
 *
 * Law: between `kinks[k - 1]` and `kinks[k]` it equals `pieces[k]`, inside a kink `curve`;
 * `pieces.length === kinks.length + 1`, kinks ascending. At a kink's end both agree on the value; the derivative taken
 * is the left one's.
 */
export interface Activation {
  readonly name: ActivationName;
  readonly kinks: readonly Kink[];
  readonly pieces: readonly Piece[];
  /** Only where some kink is an interval. */
  readonly curve?: Curve;
  /**
   * ε of a smooth function: outside its kinks it is only within ε of its pieces, and `curve` tells its value everywhere.
   * Absent where the pieces are exact.
   */
  readonly approximationError?: number;
  /** ELU's and SELU's constants, which no piece tells. */
  readonly alpha?: number;
  /**
   * Whether `freeze` leaves the constants as they are: a model of several formats may hold them in a wider one than the
   * biases that it is frozen by.
   * @defaultValue false
   */
  readonly keepsConstants?: boolean;
}

const point = (x: number): Kink => ({ lo: x, hi: x });
export const piece = (slope: number | Float64Array, offset = 0): Piece => ({ slope, offset });

/** `x`. */
export const identity = (): Activation => ({ name: 'identity', kinks: [], pieces: [piece(1)] });
/** `max(0, x)`. */
export const relu = (): Activation => ({ name: 'relu', kinks: [point(0)], pieces: [piece(0), piece(1)] });
/** `|x|`. */
export const abs = (): Activation => ({ name: 'abs', kinks: [point(0)], pieces: [piece(-1), piece(1)] });

/** x clipped to [0, 6]. */
export const relu6 = (): Activation => ({
  name: 'relu6',
  kinks: [point(0), point(6)],
  pieces: [piece(0), piece(1), piece(0, 6)],
});

/** x clipped to [−1, 1]. */
export const hardTanh = (): Activation => ({
  name: 'hardTanh',
  kinks: [point(-1), point(1)],
  pieces: [piece(0, -1), piece(1), piece(0, 1)],
});

/** `x` for x > 0, `alpha · x` otherwise. */
export function leakyRelu(alpha: number): Activation {
  assertFinite([alpha], 'leakyRelu alpha');
  return { name: 'leakyRelu', kinks: [point(0)], pieces: [piece(alpha), piece(1)] };
}

/** Leaky ReLU with its own `alpha` for each unit, `[units]`. */
export function prelu(alpha: ArrayLike<number>): Activation {
  assertFinite(alpha, 'prelu alpha');
  return { name: 'prelu', kinks: [point(0)], pieces: [piece(Float64Array.from(alpha)), piece(1)] };
}

/** x clipped to [min, max]. Throws `invalid-option` unless min < max. */
export function clip(min: number, max: number): Activation {
  assertFinite([min, max], 'clip bounds');
  if (!(min < max)) {
    throw new PoliceError({
      code: 'invalid-option',
      where: 'clip',
      expected: 'min < max',
      actual: `${min}, ${max}`,
    });
  }
  return { name: 'clip', kinks: [point(min), point(max)], pieces: [piece(0, min), piece(1), piece(0, max)] };
}

/**
 * `max(0, min(1, alpha · x + beta))`, alpha > 0; the defaults are ONNX's and Keras's. Where it bends is no
 * floating-point number, so its kinks are the least intervals sure to hold the bends.
 */
export function hardSigmoid(alpha = 0.2, beta = 0.5): Activation {
  assertFinite([alpha, beta], 'hardSigmoid alpha and beta');
  if (!(alpha > 0)) {
    throw new PoliceError({
      code: 'invalid-option',
      where: 'hardSigmoid',
      expected: 'alpha > 0',
      actual: `${alpha}`,
    });
  }
  const around = (x: number): Kink => {
    const rounding = 4 * UNIT_ROUNDOFF * Math.abs(x);
    return { lo: x - rounding, hi: x + rounding };
  };
  return {
    name: 'hardSigmoid',
    kinks: [around(-beta / alpha), around((1 - beta) / alpha)],
    pieces: [piece(0), piece(alpha, beta), piece(0, 1)],
    curve: {
      value: x => Math.max(0, Math.min(1, alpha * x + beta)),
      slope: x => (alpha * x + beta > 0 && alpha * x + beta <= 1 ? alpha : 0),
      steepest: alpha,
    },
  };
}

/** `x · max(0, min(1, x / 6 + 1 / 2))`: exactly 0 below −3, exactly x above 3, curved between. */
export const hardSwish = (): Activation => ({
  name: 'hardSwish',
  kinks: [{ lo: -3, hi: 3 }],
  pieces: [piece(0), piece(1)],
  curve: { value: x => (x * (x + 3)) / 6, slope: x => (2 * x + 3) / 6, steepest: 1.5 },
});

/** `x` for x > 0, `alpha (eˣ − 1)` otherwise: affine on one side only, so every unit is kept positive on the regions. */
export function elu(alpha = 1): Activation {
  assertFinite([alpha], 'elu alpha');
  return halfLine('elu', alpha, 1);
}

/** SELU's constants as ONNX gives them, in float32. */
const SELU_ALPHA = 1.6732631921768188;
const SELU_SCALE = 1.0507010221481323;

/** `scale · x` for x > 0, `scale · alpha (eˣ − 1)` otherwise. See {@link elu}. */
export const selu = (): Activation => halfLine('selu', SELU_ALPHA, SELU_SCALE);

function halfLine(name: 'elu' | 'selu', alpha: number, scale: number): Activation {
  return {
    name,
    alpha,
    kinks: [{ lo: Number.NEGATIVE_INFINITY, hi: 0 }],
    // The first piece is on no side: nothing lies below −∞.
    pieces: [piece(0), piece(scale)],
    curve: {
      value: x => scale * alpha * Math.expm1(x),
      slope: x => scale * alpha * Math.exp(x),
      steepest: scale * Math.abs(alpha),
    },
  };
}

export function slopeAt({ slope }: Piece, unit: number): number {
  return typeof slope === 'number' ? slope : slope[unit];
}

/** Where x lies: on piece `piece`, or inside the kink after it, where the curve tells its value. */
function locate({ kinks, approximationError }: Activation, x: number): { piece: number; isInside: boolean } {
  let piece = 0;
  while (piece < kinks.length && x > kinks[piece].hi) piece++;
  const isInside = piece < kinks.length && x > kinks[piece].lo;
  return { piece, isInside: isInside || approximationError !== undefined };
}

/** `y = σ(x)` for a unit. */
export function activate(activation: Activation, x: number, unit: number): number {
  const { piece, isInside } = locate(activation, x);
  if (isInside) return activation.curve!.value(x);
  const at = activation.pieces[piece];
  return slopeAt(at, unit) * x + at.offset;
}

/** `σ′(x)` for a unit, and whether it is the leftmost piece's slope. */
export function activationSlope(
  activation: Activation,
  x: number,
  unit: number,
): { slope: number; isFirst: boolean } {
  const { piece, isInside } = locate(activation, x);
  const slope = isInside ? activation.curve!.slope(x) : slopeAt(activation.pieces[piece], unit);
  return { slope, isFirst: piece === 0 && !isInside };
}

/** An activation of two pieces that meet in a point: slopes `[units, 2]` and offsets `[2]` up to and above it. */
export interface TwoPieces {
  readonly at: number;
  readonly slopes: Float64Array;
  readonly offsets: Float64Array;
}

/** What `activate` and `activationSlope` do, for the many that bend in one point, without an object for each value; undefined of others. */
export function twoPieces({ kinks, pieces, curve }: Activation, units: number): TwoPieces | undefined {
  if (kinks.length !== 1 || curve || kinks[0].lo !== kinks[0].hi) return undefined;
  const slopes = new Float64Array(2 * units);
  const [below, above] = pieces;
  for (let j = 0; j < units; j++) {
    slopes[2 * j] = slopeAt(below, j);
    slopes[2 * j + 1] = slopeAt(above, j);
  }
  return { at: kinks[0].hi, slopes, offsets: Float64Array.from(pieces, ({ offset }) => offset) };
}

/** Largest |slope| anywhere. */
export function steepest({ pieces, curve }: Activation, unit: number): number {
  return pieces.reduce((max, piece) => Math.max(max, Math.abs(slopeAt(piece, unit))), curve?.steepest ?? 0);
}

/** {@link steepest} of each unit, computed once where all units are alike. */
export function steepness(activation: Activation): (unit: number) => number {
  const isAlike = activation.pieces.every(({ slope }) => typeof slope === 'number');
  const largest = steepest(activation, 0);
  return isAlike ? () => largest : unit => steepest(activation, unit);
}

/** Throws `shape` when a per-unit slope does not fit a layer of `units`. */
export function assertActivationFits(activation: Activation, units: number, where: string): void {
  for (const { slope } of activation.pieces) {
    if (typeof slope !== 'number') assertSize(slope.length, units, where, `${activation.name} alpha`);
  }
}

/**
 * How single numbers of activations and sums are rounded: they are attributes, which files of half precision keep in float32.
 * Slopes per unit are tensors, of the format itself.
 */
export function scalarRounder({ name, round }: Precision): (x: number) => number {
  return name === 'float16' ? Math.fround : round;
}

/** The activation with its parameters rounded, as a runtime of that precision applies it; as it is, if it keeps them. */
export function roundActivation(activation: Activation, precision: Precision): Activation {
  if (activation.keepsConstants) return activation;
  const { name, pieces, alpha } = activation;
  const round = scalarRounder(precision);
  if (name === 'clip') return clip(round(pieces[0].offset), round(pieces[2].offset));
  if (name === 'hardSigmoid') return hardSigmoid(round(pieces[1].slope as number), round(pieces[1].offset));
  if (name === 'elu') return elu(round(alpha!));
  return {
    ...activation,
    pieces: pieces.map(({ slope, offset }) => ({
      slope: typeof slope === 'number' ? round(slope) : roundAll(slope, precision),
      offset,
    })),
  };
}
