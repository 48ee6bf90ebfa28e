import type { Atom, Expression } from './expression.js';

type SmoothProduct = 'silu' | 'gelu' | 'geluTanh' | 'quickGelu' | 'mish';

/** A product of x and a function of x that core has as an activation, times factors, which a runtime multiplies by one after the other. */
export type Curve = {
  readonly factors: readonly number[];
} & (
  | {
      readonly name: SmoothProduct;
      /** How far, at most, constants in it are from those meant, relative to them: a file rounds √½. */
      readonly deviation: number;
    }
  /** x · clip(…): 0 below `lo`, x above `hi`, exactly. */
  | { readonly name: 'hardSwish'; readonly lo: number; readonly hi: number }
);

/** Constants may be rounded to the format of the file, once or twice, and no further. */
const ROUNDED: Readonly<Record<StoredIn, number>> = { float16: 2 ** -10, float32: 1e-6 };

/** What the constants of an expression are stored in; of wider ones they may be rounded to float32 all the same. */
export type StoredIn = 'float16' | 'float32';

/** √(2/π) and 0.044715 √(2/π), of GELU's tanh form. */
const TANH_LINEAR = Math.sqrt(2 / Math.PI);
const TANH_CUBIC = 0.044715 * TANH_LINEAR;

/** Of GELU's sigmoid form, x · σ(1.702 x). */
export const QUICK = 1.702;

export function curveOf({ poly, add, times, atom }: Expression, format: StoredIn): Curve | undefined {
  const smooth = (name: SmoothProduct, by: number, deviation: number): Curve | undefined =>
    deviation <= ROUNDED[format] ? { name, factors: by === 1 ? [] : [by], deviation } : undefined;
  if (!atom || poly.length < 2 || poly.some((p, power) => power !== 1 && p !== 0)) return undefined;
  const factor = poly[1] * times;
  // What is no multiple of 1 + F, or of F, tends to other lines.
  const isHalved = add === times;
  if (add !== 0 && !isHalved) return undefined;
  if (atom.name === 'erf') {
    return isHalved ? smooth('gelu', 2 * factor, linearDeviation(atom.of, Math.SQRT1_2)) : undefined;
  }
  if (atom.name === 'tanh' && isHalved) return smooth('geluTanh', 2 * factor, tanhDeviation(atom.of));
  if (isHalved) return undefined;
  if (atom.name === 'sigmoid') {
    return (
      smooth('silu', factor, linearDeviation(atom.of, 1)) ??
      smooth('quickGelu', factor, linearDeviation(atom.of, QUICK))
    );
  }
  if (atom.name === 'tanh') return isSoftplus(atom.of) ? smooth('mish', factor, 0) : undefined;
  return atom.name === 'clip' ? hardSwishOf(atom, factor) : undefined;
}

const off = (value: number, meant: number): number => Math.abs(value / meant - 1);

/** How far an argument is from `meant` · x; NaN if it is no multiple of x. */
function linearDeviation({ poly, atom }: Expression, meant: number): number {
  const isLinear = !atom && poly.every((p, power) => power === 1 || p === 0);
  return isLinear ? off(poly[1] ?? 0, meant) : Number.NaN;
}

function tanhDeviation({ poly, atom }: Expression): number {
  const [constant, linear = 0, square = 0, cube = 0] = poly;
  if (atom || constant !== 0 || square !== 0) return Number.NaN;
  return Math.max(off(linear, TANH_LINEAR), off(cube, TANH_CUBIC));
}

function isSoftplus({ poly, add, times, atom }: Expression): boolean {
  const isPlain = poly.length === 1 && poly[0] === 1 && add === 0 && times === 1;
  return isPlain && atom?.name === 'softplus' && linearDeviation(atom.of, 1) === 0;
}

/** x · clip(c₀ + c₁ x, 0, h) = h · hardSwish(x), where its bends lie at ∓3. */
function hardSwishOf(
  { of: { poly, atom }, lo, hi }: Extract<Atom, { name: 'clip' }>,
  factor: number,
): Curve | undefined {
  const [constant, linear] = poly;
  if (atom || poly.length !== 2 || lo !== 0 || !(linear > 0)) return undefined;
  const [below, above] = [-constant / linear, (hi - constant) / linear];
  if (!(off(below, -3) <= ROUNDED.float32 && off(above, 3) <= ROUNDED.float32)) return undefined;
  // Quotients round; where the file bends lies between.
  const outwards = 1 + 4 * Number.EPSILON;
  return {
    name: 'hardSwish',
    // Clipped to 1 there is nothing to be rounded; 6 / 6 is 1, but x · 6 / 6 need not be x.
    factors: hi === 1 && factor === 1 ? [] : [hi, factor],
    lo: Math.min(-3, below * outwards),
    hi: Math.max(3, above * outwards),
  };
}
