import { PoliceError } from '../../errors.js';
import { rowOf } from '../../numeric/matrix.js';
import { sumErrorBound } from '../../numeric/precision.js';
import { above, type Constraints } from './scaled-constraints.js';

/** Outweighs the rounding of adding up to 2³⁰ terms, all of one sign. */
const BOUND_INFLATION = 1 + 2 ** -20;

/**
 * A number no less than c·λ for every λ with G λ ≤ g and |λ| ≤ `limits` `[D]`, whatever the multipliers y `[M]` are (negative
 * ones count as 0): by weak duality, Neumaier & Shcherbina 2004 (Safe bounds in linear and mixed-integer programming),
 *
 *   c·λ = y·Gλ + (c − Gᵀy)·λ ≤ y·g + Σ |c − Gᵀy|ₖ limitsₖ,
 *
 * all sums rounded up. For the multipliers of the optimum it is the maximum, but for about their rounding.
 */
export function safeMaximum(
  constraints: Constraints,
  c: ArrayLike<number>,
  y: ArrayLike<number>,
  limits: Float64Array,
): number {
  const { value, residual } = weakDual(constraints, c, y);
  const rest = residual.reduce((sum, r, k) => sum + r * limits[k], 0);
  return above(value + rest * BOUND_INFLATION);
}

/** Upper bounds on y·g and on |c − Gᵀy| `[D]`, negative multipliers counting as 0. */
function weakDual(
  { G, g }: Constraints,
  c: ArrayLike<number>,
  y: ArrayLike<number>,
): { value: number; residual: Float64Array } {
  let value = 0;
  let size = 0;
  let multipliers = 0;
  let used = 0;
  const residual = Float64Array.from(c);
  const magnitude = residual.map(Math.abs);
  for (let i = 0; i < G.rows; i++) {
    if (!(y[i] > 0)) continue;
    used++;
    multipliers += y[i];
    value += y[i] * g[i];
    size += Math.abs(y[i] * g[i]);
    const row = rowOf(G, i);
    for (let k = 0; k < row.length; k++) {
      const term = y[i] * row[k];
      residual[k] -= term;
      magnitude[k] += Math.abs(term);
    }
  }
  // What entries of G may have lost by underflow.
  const lost = multipliers * Number.MIN_VALUE;
  return {
    value: above(value + sumErrorBound(used + 1, size)),
    residual: residual.map((r, k) => above(Math.abs(r) + sumErrorBound(used + 2, magnitude[k])) + lost),
  };
}

/** e₁, −e₁, e₂, … */
export function axisCosts(size: number): Float64Array[] {
  return Array.from({ length: 2 * size }, (_, n) => {
    const cost = new Float64Array(size);
    cost[n >> 1] = n % 2 === 0 ? 1 : -1;
    return cost;
  });
}

/**
 * Bounds on |λ|, `[D]`, for every λ with G λ ≤ g, from multipliers of the programs that maximise {@link axisCosts}.
 *
 * With v and r their {@link weakDual}, every such λ has ±λₖ ≤ v + r·|λ|. Let ρ < 1 be the largest sum of an r. A direction δ
 * that G δ ≤ 0 allows has |δₖ| ≤ ρ max|δ|, so it is 0: the set is bounded, and M = max|λ| over it is finite. Then
 * M ≤ max v + ρ M, and |λₖ| ≤ vₖ + ρₖ M. Throws `no-solution` where the multipliers are too far off.
 */
export function provenLimits(constraints: Constraints, multipliers: readonly Float64Array[]): Float64Array {
  const bounds = axisCosts(constraints.G.cols).map((cost, n) => {
    const { value, residual } = weakDual(constraints, cost, multipliers[n]);
    return { value, share: residual.reduce((sum, r) => sum + r, 0) * BOUND_INFLATION };
  });
  const share = bounds.reduce((max, bound) => Math.max(max, bound.share), 0);
  if (!(share < 1 / 2)) throw notProvenBounded(share);
  const all = bounds.reduce((max, { value }) => Math.max(max, value), 0) / (1 - share);
  return Float64Array.from({ length: constraints.G.cols }, (_, k) => {
    const both = [bounds[2 * k], bounds[2 * k + 1]].map(bound => bound.value + bound.share * all);
    return Math.max(0, ...both) * BOUND_INFLATION;
  });
}

function notProvenBounded(share: number): PoliceError {
  return new PoliceError({
    code: 'no-solution',
    where: 'hPolytope',
    expected: 'multipliers that prove every coordinate bounded',
    actual: `some that miss by ${share.toPrecision(2)}`,
    remedy: 'Drop constraints that hardly differ, and scale coordinates to sizes nearer to one another.',
  });
}
