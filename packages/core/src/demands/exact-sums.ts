import { integersOf, quotient } from '../regions/hull/rationals.js';
import { above } from '../regions/programs/scaled-constraints.js';

/** Whether Σ terms ≤ limit, exactly. */
export function isSumAtMost(terms: readonly number[], limit: number): boolean {
  const [bound, ...parts] = integersOf([limit, ...terms]);
  return parts.reduce((sum, x) => sum + x, 0n) <= bound;
}

/** Whether Σ terms² ≤ (limit − less)², exactly, limit − less not negative. */
export function isNormAtMost(terms: readonly number[], limit: number, less: number): boolean {
  const [bound, off, ...parts] = integersOf([limit, less, ...terms]);
  return bound >= off && parts.reduce((sum, x) => sum + x * x, 0n) <= (bound - off) ** 2n;
}

/** A float64 no less than |Σ aₖ xₖ + Σ terms|; exactly 0 where that is. */
export function distanceBound(a: readonly number[], x: readonly number[], terms: readonly number[]): number {
  const [one, ...left] = integersOf([1, ...a]);
  const [unit, ...right] = integersOf([1, ...x]);
  const products = left.reduce((sum, l, k) => sum + l * right[k], 0n);
  const [whole, ...rest] = integersOf([1, ...terms]);
  const added = rest.reduce((sum, t) => sum + t, 0n);
  // products / (one · unit) + added / whole.
  const numerator = products * whole + added * one * unit;
  if (numerator === 0n) return 0;
  return above(Math.abs(quotient(numerator, one * unit * whole)));
}
