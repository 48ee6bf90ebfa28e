import { checkDivisor, operationValue, withPlace } from './arithmetic.js';
import { VnnLibError } from './errors.js';
import { fold } from './fold.js';
import { located } from './problems.js';
import { type Comparison, type Element, type Operation, operandsOf, type Term } from './query.js';
import {
  add,
  compare,
  divide,
  fromDecimal,
  multiply,
  negate,
  one,
  type Rational,
  sign,
  zero,
} from './rational.js';
import type { Source } from './source.js';

/** A coefficient, never 0, of one element. */
export interface LinearTerm {
  readonly tensor: string;
  readonly index: number;
  readonly coefficient: Rational;
}

/** `Σ coefficient · element + constant`, each element at most once, in the order of the text. */
export interface LinearForm {
  readonly terms: readonly LinearTerm[];
  readonly constant: Rational;
}

/** `Σ coefficient · element relation bound`; without terms it is true or false. */
export interface LinearConstraint {
  readonly terms: readonly LinearTerm[];
  readonly relation: '<' | '<=' | '==' | '!=';
  readonly bound: Rational;
  /** The comparison it was made of. */
  readonly comparison: Comparison;
}

/**
 * A term as a linear form, exactly. Linear in the term's size. Throws `nonlinear` for a product or quotient of elements
 * and for a division by 0, `too-large` where a number outgrows exact arithmetic, both with their places.
 */
export function linearForm(term: Term, source: Source): LinearForm {
  return withPlace(source, term.at, () => {
    const sum = new Sum();
    sum.add(term, one, source);
    return sum.form();
  });
}

/** A comparison with all elements on the left, `≥` turned round. Throws what `linearForm` throws. */
export function linearConstraint(comparison: Comparison, source: Source): LinearConstraint {
  const { operator, left, right, at } = comparison;
  const isTurned = operator === '>' || operator === '>=';
  const relation = operator === '>' ? '<' : operator === '>=' ? '<=' : operator;
  if (left.kind === 'element' && right.kind === 'constant') {
    return bounded(left, fromDecimal(right.text), relation, isTurned, comparison);
  }
  return withPlace(source, at, () => {
    const sum = new Sum();
    sum.add(left, isTurned ? minusOne : one, source);
    sum.add(right, isTurned ? one : minusOne, source);
    const { terms, constant } = sum.form();
    return { terms, relation, bound: negate(constant), comparison };
  });
}

/** `element ≤ value`, the commonest comparison by far, without a table of coefficients. */
function bounded(
  { tensor, index }: Element,
  value: Rational,
  relation: LinearConstraint['relation'],
  isTurned: boolean,
  comparison: Comparison,
): LinearConstraint {
  const terms = [{ tensor, index, coefficient: isTurned ? minusOne : one }];
  return { terms, relation, bound: isTurned ? negate(value) : value, comparison };
}

/** Whether a constraint without terms holds. */
export function isTrue({ relation, bound }: Pick<LinearConstraint, 'relation' | 'bound'>): boolean {
  const order = compare(zero, bound);
  if (relation === '==') return order === 0;
  if (relation === '!=') return order !== 0;
  return relation === '<' ? order < 0 : order <= 0;
}

const minusOne = negate(one);

class Sum {
  readonly #coefficients = new Map<string, LinearTerm>();
  #constant: Rational = zero;

  /** Adds `factor · term`. */
  add(term: Term, factor: Rational, source: Source): void {
    if (term.kind === 'constant')
      this.#constant = add(this.#constant, multiply(factor, fromDecimal(term.text)));
    else if (term.kind === 'element') this.#addElement(term, factor);
    else this.#addOperation(term, factor, source);
  }

  form(): LinearForm {
    const terms = [...this.#coefficients.values()].filter(({ coefficient }) => sign(coefficient) !== 0);
    return { terms, constant: this.#constant };
  }

  #addElement({ tensor, index }: Element, factor: Rational): void {
    const key = `${tensor} ${index}`;
    const before = this.#coefficients.get(key);
    const coefficient = before ? add(before.coefficient, factor) : factor;
    this.#coefficients.set(key, { tensor, index, coefficient });
  }

  /** From the top down with the factor so far, so that no partial sum is ever scaled. */
  #addOperation(root: Term, rootFactor: Rational, source: Source): void {
    const constants = constantsIn(root, source);
    const stack: [Term, Rational][] = [[root, rootFactor]];
    for (let next = stack.pop(); next; next = stack.pop()) {
      const [term, factor] = next;
      const constant = constants.get(term);
      if (constant) this.#constant = add(this.#constant, multiply(factor, constant));
      else if (term.kind !== 'operation') this.add(term, factor, source);
      else {
        const scaled = factorsOf(term, constants, source);
        for (let i = scaled.length - 1; i >= 0; i--)
          stack.push([scaled[i][0], multiply(factor, scaled[i][1])]);
      }
    }
  }
}

/** The terms that an operation with elements in it adds up, each with its factor. */
function factorsOf(
  operation: Operation,
  constants: ReadonlyMap<Term, Rational>,
  source: Source,
): [Term, Rational][] {
  const { operator, operands } = operation;
  if (operator === '+') return operands.map(operand => [operand, one]);
  if (operator === '-') {
    return operands.map((operand, i) => [operand, i === 0 && operands.length > 1 ? one : minusOne]);
  }
  const variable = operands.filter(operand => constants.get(operand) === undefined);
  if (variable.length > 1 || (operator === '/' && variable[0] !== operands[0]))
    throw nonlinear(operation, source);
  let factor = one;
  for (const operand of operands) {
    const constant = constants.get(operand);
    if (constant && operator === '/') checkDivisor(constant, operand, source);
    if (constant) factor = operator === '*' ? multiply(factor, constant) : divide(factor, constant);
  }
  return [[variable[0], factor]];
}

/** The values of all operations and constants in a term that hold no element. */
function constantsIn(root: Term, source: Source): Map<Term, Rational> {
  const constants = new Map<Term, Rational>();
  fold<Term, Rational | undefined>(root, operandsOf, (term, values) => {
    if (term.kind === 'element') return undefined;
    if (values.includes(undefined)) return undefined;
    const known = values as readonly Rational[];
    const value = term.kind === 'constant' ? fromDecimal(term.text) : operationValue(term, known, source);
    constants.set(term, value);
    return value;
  });
  return constants;
}

function nonlinear({ operator, at }: Operation, source: Source): VnnLibError {
  const what = operator === '*' ? 'a product of elements' : 'a division by an element';
  return new VnnLibError(
    located(source, at, { code: 'nonlinear', expected: 'constants times elements', actual: what }),
  );
}
