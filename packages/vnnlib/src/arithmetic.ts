import { VnnLibError } from './errors.js';
import { located } from './problems.js';
import type { Operation, Term } from './query.js';
import { add, divide, multiply, negate, type Rational, sign, subtract } from './rational.js';
import type { Source } from './source.js';

/** The value of an operation from those of its operands. Throws `nonlinear`, with its place, for a division by 0. */
export function operationValue(operation: Operation, values: readonly Rational[], source: Source): Rational {
  const { operator, operands } = operation;
  const [first, ...rest] = values;
  if (operator === '+') return rest.reduce(add, first);
  if (operator === '*') return rest.reduce(multiply, first);
  if (operator === '-') return operands.length === 1 ? negate(first) : rest.reduce(subtract, first);
  rest.forEach((value, i) => {
    checkDivisor(value, operands[i + 1], source);
  });
  return rest.reduce(divide, first);
}

export function checkDivisor(value: Rational, { at }: Term, source: Source): void {
  if (sign(value) !== 0) return;
  const finding = { code: 'nonlinear', expected: 'a divisor other than 0', actual: '0' } as const;
  throw new VnnLibError(located(source, at, finding));
}

/** Gives an error of exact arithmetic, which knows no place, that of the expression. */
export function withPlace<R>(source: Source, at: number, run: () => R): R {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof VnnLibError) || error.line !== undefined) throw error;
    const { code, expected, actual } = error;
    throw new VnnLibError(located(source, at, { code, expected, actual }));
  }
}
