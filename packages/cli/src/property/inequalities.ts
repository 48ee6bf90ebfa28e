import { type LinearInequality, PoliceError, type LinearTerm as Term } from '@police/core';
import {
  fromFloat64,
  type LinearConstraint,
  type LinearTerm,
  type Rational,
  rational,
  type Source,
  toFloat64,
} from '@police/vnnlib';

/**
 * A constraint as inequalities with float64 coefficients, an equation as two. Coefficients are made whole first, so that decimals and
 * fractions are exact; bounds are rounded to the side that lets more hold. Throws `invalid-option` where a coefficient has too many digits.
 */
export function inequalitiesIn(
  constraint: LinearConstraint,
  input: string,
  source: Source,
): LinearInequality[] {
  const { terms, relation, bound, comparison } = constraint;
  const scale = rational.rational(commonDenominator(terms));
  const whole = terms.map(term => ({ ...term, coefficient: rational.multiply(term.coefficient, scale) }));
  const where = source.where(comparison.at);
  const row = (sign: Rational): LinearInequality => ({
    inputs: termsOf(whole, sign, tensor => tensor === input, where),
    outputs: termsOf(whole, sign, tensor => tensor !== input, where),
    bound: toFloat64(rational.multiply(sign, rational.multiply(bound, scale)), 'up'),
    isStrict: relation === '<',
  });
  return relation === '==' ? [row(rational.one), row(rational.negate(rational.one))] : [row(rational.one)];
}

function termsOf(
  terms: readonly LinearTerm[],
  sign: Rational,
  isChosen: (tensor: string) => boolean,
  where: string,
): Term[] {
  return terms
    .filter(({ tensor }) => isChosen(tensor))
    .map(({ index, coefficient }) => ({
      index,
      coefficient: exactFloat64(rational.multiply(sign, coefficient), where),
    }));
}

function exactFloat64(value: Rational, where: string): number {
  const rounded = toFloat64(value, 'down');
  if (Number.isFinite(rounded) && rational.compare(fromFloat64(rounded), value) === 0) return rounded;
  throw new PoliceError({
    code: 'invalid-option',
    where,
    expected: 'coefficients whose common denominator leaves whole numbers that float64 holds',
    actual: `one near ${rounded}`,
    remedy: 'Round the coefficients of the property to fewer digits.',
  });
}

function commonDenominator(terms: readonly LinearTerm[]): bigint {
  return terms.reduce(
    (common, { coefficient }) => (common / gcd(common, coefficient.denominator)) * coefficient.denominator,
    1n,
  );
}

function gcd(a: bigint, b: bigint): bigint {
  let [large, small] = [a, b];
  while (small > 0n) [large, small] = [small, large % small];
  return large;
}

/** Whether a constraint holds for values, exactly. */
export function constraintHolds(
  { terms, relation, bound }: LinearConstraint,
  numberAt: (tensor: string, index: number) => number,
): boolean {
  const sum = terms.reduce(
    (total, { tensor, index, coefficient }) =>
      rational.add(total, rational.multiply(coefficient, fromFloat64(numberAt(tensor, index)))),
    rational.zero,
  );
  const order = rational.compare(sum, bound);
  if (relation === '==') return order === 0;
  return relation === '<' ? order < 0 : order <= 0;
}
