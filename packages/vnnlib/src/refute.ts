import { withPlace } from './arithmetic.js';
import type { LinearConstraint, LinearTerm } from './linear.js';
import { add, compare, multiply, type Rational, sign, zero } from './rational.js';
import type { Contradiction, InputRegion } from './region.js';
import type { Source } from './source.js';

/** A constraint on several inputs that no point within the bounds meets, by exact interval arithmetic. */
export function refutedBy(
  bounds: InputRegion['bounds'],
  constraints: readonly LinearConstraint[],
  source: Source,
): Contradiction | undefined {
  const refuted = constraints.find(constraint =>
    withPlace(source, constraint.comparison.at, () => isRefuted(bounds, constraint)),
  );
  return (
    refuted && {
      reason: 'a constraint that no point within the bounds meets',
      comparisons: [refuted.comparison],
    }
  );
}

function isRefuted(bounds: InputRegion['bounds'], { terms, relation, bound }: LinearConstraint): boolean {
  const least = extremeOf(bounds, terms, -1);
  if (least) {
    const order = compare(least.value, bound);
    if (order > 0 || (order === 0 && (relation === '<' || !least.isReached))) return true;
  }
  if (relation !== '==') return false;
  const most = extremeOf(bounds, terms, 1);
  if (!most) return false;
  const order = compare(most.value, bound);
  return order < 0 || (order === 0 && !most.isReached);
}

interface Extreme {
  readonly value: Rational;
  /** False where it takes a strict bound to get there. */
  readonly isReached: boolean;
}

/** Least (`side` −1) or largest value of a sum within the bounds; undefined where it is infinite. */
function extremeOf(
  bounds: InputRegion['bounds'],
  terms: readonly LinearTerm[],
  side: -1 | 1,
): Extreme | undefined {
  let value = zero;
  let isReached = true;
  for (const { index, coefficient } of terms) {
    const end = bounds.get(index)?.[sign(coefficient) === side ? 'upper' : 'lower'];
    if (!end) return undefined;
    value = add(value, multiply(coefficient, end.value));
    if (end.isStrict) isReached = false;
  }
  return { value, isReached };
}
