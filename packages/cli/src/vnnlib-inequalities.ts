import { PoliceError } from '@police/core';
import {
  fromFloat64,
  type InputRegion,
  type LinearConstraint,
  type LinearTerm,
  type Rational,
  rational,
  toFloat64,
} from '@police/vnnlib';
import { assertSolvable } from './polytope-work.js';

/** {x : A x ≤ b}. */
export interface Inequalities {
  readonly A: Float64Array[];
  readonly b: number[];
}

/**
 * Float64 inequalities that every point of the region satisfies, and as little else as rounding allows: strict ones are taken
 * as reached, `==` is two. Throws `too-large`, or `unbounded-region` where a coefficient must be rounded and its
 * input has no bounds.
 */
export function inequalitiesOf(region: InputRegion, where: string): Inequalities {
  const { size, bounds, constraints } = region;
  const ends = [...bounds.values()].reduce(
    (sum, { lower, upper }) => sum + (lower ? 1 : 0) + (upper ? 1 : 0),
    0,
  );
  const rowsOf = ({ relation }: LinearConstraint) => (relation === '==' ? 2 : 1);
  const sizes = {
    constraints: constraints.reduce((sum, constraint) => sum + rowsOf(constraint), ends),
    inputs: size,
    entries: constraints.reduce((sum, each) => sum + rowsOf(each) * each.terms.length, ends),
  };
  assertSolvable(sizes, where);
  const A: Float64Array[] = [];
  const b: number[] = [];
  const add = (terms: readonly LinearTerm[], limit: Rational) => {
    const row = outwards(terms, limit, region, where);
    A.push(row.coefficients);
    b.push(row.limit);
  };
  for (const [index, { lower, upper }] of bounds) {
    if (upper) add([unit(index, rational.one)], upper.value);
    if (lower) add([unit(index, rational.negate(rational.one))], rational.negate(lower.value));
  }
  for (const { terms, relation, bound } of constraints) {
    add(terms, bound);
    if (relation === '==') add(terms.map(negated), rational.negate(bound));
  }
  return { A, b };
}

const unit = (index: number, coefficient: Rational): LinearTerm => ({ tensor: '', index, coefficient });

const negated = (term: LinearTerm): LinearTerm => ({
  ...term,
  coefficient: rational.negate(term.coefficient),
});

/** One inequality in float64 that holds wherever the exact one does within the bounds. */
function outwards(
  terms: LinearConstraint['terms'],
  limit: Rational,
  { size, bounds }: InputRegion,
  where: string,
): { coefficients: Float64Array; limit: number } {
  const scale = commonDenominator(terms);
  let slack = rational.multiply(limit, scale);
  const coefficients = new Float64Array(size);
  for (const { index, coefficient } of terms) {
    const exact = rational.multiply(coefficient, scale);
    const rounded = toFloat64(exact, 'down');
    coefficients[index] = rounded;
    if (!Number.isFinite(rounded)) throw tooWide(where, `a coefficient of ${rounded}`);
    const error = rational.subtract(exact, fromFloat64(rounded));
    if (rational.sign(error) === 0) continue;
    // (rounded) x ≤ (exact) x − error · x, and error > 0: the least x gives most.
    const lower = bounds.get(index)?.lower;
    if (!lower) throw tooWide(where, `no lower bound of input ${index}, whose coefficient must be rounded`);
    slack = rational.subtract(slack, rational.multiply(error, lower.value));
  }
  const rounded = toFloat64(slack, 'up');
  if (!Number.isFinite(rounded)) throw tooWide(where, `a limit of ${rounded}`);
  return { coefficients, limit: rounded };
}

/** Denominators up to this make whole numbers that float64 mostly holds exactly: decimals of 15 places. */
const MOST_DENOMINATOR = 10n ** 15n;

/** What makes all coefficients whole, or 1 where that is a large number. */
function commonDenominator(terms: readonly LinearTerm[]): Rational {
  let common = 1n;
  for (const { coefficient } of terms) {
    common = (common / gcd(common, coefficient.denominator)) * coefficient.denominator;
    if (common > MOST_DENOMINATOR) return rational.one;
  }
  return rational.rational(common);
}

function gcd(a: bigint, b: bigint): bigint {
  let [large, small] = [a, b];
  while (small > 0n) [large, small] = [small, large % small];
  return large;
}

function tooWide(where: string, actual: string): PoliceError {
  return new PoliceError({
    code: 'unbounded-region',
    where,
    expected: 'finite float64 inequalities that hold every point',
    actual,
  });
}
