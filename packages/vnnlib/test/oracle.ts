import type { Comparison, Formula, Query, Rational, Term } from '@police/vnnlib';

/** A fraction, not reduced: numerator, positive denominator. Slow and obvious, sharing nothing with the package. */
export type Fraction = readonly [bigint, bigint];

export const fraction = ({ numerator, denominator }: Rational): Fraction => [numerator, denominator];

export function order([a, b]: Fraction, [c, d]: Fraction): number {
  return a * d < c * b ? -1 : a * d > c * b ? 1 : 0;
}

export function decimal(text: string): Fraction {
  const [whole, places = ''] = text.split('.');
  return [BigInt(whole + places), 10n ** BigInt(places.length)];
}

const plus = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * d + c * b, b * d];
const minus = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * d - c * b, b * d];
const times = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * c, b * d];
const over = ([a, b]: Fraction, [c, d]: Fraction): Fraction => (c < 0n ? [-a * d, -b * c] : [a * d, b * c]);

/** Values of elements, by tensor and index. */
export type Values = (tensor: string, index: number) => Fraction;

export function evaluate(term: Term, values: Values): Fraction {
  if (term.kind === 'constant') return decimal(term.text);
  if (term.kind === 'element') return values(term.tensor, term.index);
  const [first, ...rest] = term.operands.map(operand => evaluate(operand, values));
  if (term.operator === '-' && rest.length === 0) return minus([0n, 1n], first);
  return rest.reduce({ '+': plus, '-': minus, '*': times, '/': over }[term.operator], first);
}

export function compares({ operator, left, right }: Comparison, values: Values): boolean {
  const sign = order(evaluate(left, values), evaluate(right, values));
  if (operator === '==') return sign === 0;
  if (operator === '!=') return sign !== 0;
  return operator.startsWith('<')
    ? sign < 0 || (sign === 0 && operator === '<=')
    : sign > 0 || (sign === 0 && operator === '>=');
}

export function satisfies(formula: Formula, values: Values): boolean {
  if (formula.kind === 'comparison') return compares(formula, values);
  if (formula.kind === 'and') return formula.operands.every(operand => satisfies(operand, values));
  return formula.operands.some(operand => satisfies(operand, values));
}

export function satisfiesQuery({ assertions }: Query, values: Values): boolean {
  return assertions.every(({ formula }) => satisfies(formula, values));
}
