import { assertFinite, assertSize, PoliceError } from './errors.js';
import { type Precision, roundAll } from './precision.js';

/**
 * A closed interval outside which the activation is affine. The current activations bend at points, so
 * `lo === hi`.
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

export type ActivationName = 'identity' | 'relu' | 'leakyRelu' | 'prelu' | 'abs' | 'relu6' | 'hardTanh';

/**
 * A continuous piecewise-affine function applied to each unit.
 *
 * Law: between `kinks[k - 1]` and `kinks[k]` it equals `pieces[k]`; `pieces.length === kinks.length + 1`,
 * kinks ascending. At a kink itself both pieces agree on the value; the derivative taken is the left one's.
 */
export interface Activation {
  readonly name: ActivationName;
  readonly kinks: readonly Kink[];
  readonly pieces: readonly Piece[];
}

const point = (x: number): Kink => ({ lo: x, hi: x });
const piece = (slope: number | Float64Array, offset = 0): Piece => ({ slope, offset });

export const identity = (): Activation => ({ name: 'identity', kinks: [], pieces: [piece(1)] });
export const relu = (): Activation => ({ name: 'relu', kinks: [point(0)], pieces: [piece(0), piece(1)] });
export const abs = (): Activation => ({ name: 'abs', kinks: [point(0)], pieces: [piece(-1), piece(1)] });

export const relu6 = (): Activation => ({
  name: 'relu6',
  kinks: [point(0), point(6)],
  pieces: [piece(0), piece(1), piece(0, 6)],
});

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

/**
 * The activation of that name, `alpha` where it takes one.
 *
 * Throws `unsupported-activation` for anything else: smooth functions are affine nowhere, so no shift makes
 * them exact.
 */
export function activationByName(
  name: string,
  alpha?: number | ArrayLike<number>,
  where: string = name,
): Activation {
  const plain = { identity, relu, abs, relu6, hardTanh };
  if (Object.hasOwn(plain, name)) return plain[name as keyof typeof plain]();
  if (name === 'leakyRelu' && typeof alpha === 'number') return leakyRelu(alpha);
  if (name === 'prelu' && typeof alpha === 'object') return prelu(alpha);
  const wantsAlpha = name === 'leakyRelu' || name === 'prelu';
  throw new PoliceError({
    code: 'unsupported-activation',
    where,
    expected: wantsAlpha
      ? `${name} with its alpha`
      : 'one of identity, relu, leakyRelu, prelu, abs, relu6, hardTanh',
    actual: wantsAlpha ? `alpha ${alpha}` : `'${name}'`,
    remedy: wantsAlpha
      ? 'Pass alpha: a number for leakyRelu, one per unit for prelu.'
      : 'Use a piecewise-affine activation such as leakyRelu; a smooth one is affine on no region.',
  });
}

export function slopeAt({ slope }: Piece, unit: number): number {
  return typeof slope === 'number' ? slope : slope[unit];
}

/** The index of the piece that x lies in; at a kink, the left one. */
export function pieceIndex(activation: Activation, x: number): number {
  let index = 0;
  while (index < activation.kinks.length && x > activation.kinks[index].lo) index++;
  return index;
}

/** `y = σ(x)` for a unit. */
export function activate(activation: Activation, x: number, unit: number): number {
  const at = activation.pieces[pieceIndex(activation, x)];
  return slopeAt(at, unit) * x + at.offset;
}

/** Throws `shape` when a per-unit slope does not fit a layer of `units`. */
export function assertActivationFits(activation: Activation, units: number, where: string): void {
  for (const { slope } of activation.pieces) {
    if (typeof slope !== 'number') assertSize(slope.length, units, where, `${activation.name} alpha`);
  }
}

/** The activation with its slopes rounded, as a runtime of that precision applies it. */
export function roundActivation(activation: Activation, precision: Precision): Activation {
  return {
    ...activation,
    pieces: activation.pieces.map(({ slope, offset }) => ({
      slope: typeof slope === 'number' ? precision.round(slope) : roundAll(slope, precision),
      offset,
    })),
  };
}
