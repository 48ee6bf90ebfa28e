import { withPlace } from './arithmetic.js';
import { MOST_DIGITS, standardDecimal } from './decimal.js';
import { type ElementType, isOfType, nameOfType } from './element-type.js';
import { VnnLibError } from './errors.js';
import { fold } from './fold.js';
import { isTrue, type LinearConstraint, linearConstraint } from './linear.js';
import { NAME } from './network-reader.js';
import { type Comparison, type Formula, leavesOf, type Query, sizeOf, type Term } from './query.js';
import { multiplicity, multiply, type Rational, rational, toDecimal } from './rational.js';
import type { Source } from './source.js';

/** Of `toVersion2`: names, shapes and the type that version 1 leaves open. */
export interface ConversionOptions {
  /**
   * Name of the network, a letter and then letters, digits and `_`; not `X` or `Y`.
   * @defaultValue `'network'`
   */
  readonly network?: string;
  /**
   * Shape of the model's input, such as `[1, 1, 28, 28]`, of as many elements as the query's.
   * @defaultValue a vector
   */
  readonly inputShape?: readonly number[];
  /**
   * Shape of the model's output.
   * @defaultValue a vector
   */
  readonly outputShape?: readonly number[];
  /**
   * Element type of both.
   * @defaultValue `'real'`
   */
  readonly elementType?: ElementType;
}

/**
 * The query of version 1 as one of version 2.0 that the same values satisfy: `X_3` becomes element 3 of the input `X` in
 * row-major order. What version 2 lacks is rewritten exactly: a comparison with a division is multiplied out, one of
 * constants alone is left out or made false by `X < X`. A query of version 2 comes back as it is.
 *
 * Throws `invalid-option` for shapes of another size, names and types that do not fit; `nonlinear` for a division in a
 * comparison that is not linear.
 */
export function toVersion2(query: Query, options: ConversionOptions = {}): Query {
  if (query.version.major === 2) return query;
  const [before] = query.networks;
  const { network = before.name, elementType = 'real' } = options;
  if (!NAME.test(network) || network === 'X' || network === 'Y') {
    throw wrongOption('network', 'a letter, then letters, digits and _, other than X and Y', network);
  }
  const [input] = before.inputs;
  const [output] = before.outputs;
  const inputs = [{ ...input, elementType, shape: checkedShape(options, 'inputShape', input.shape) }];
  const outputs = [{ ...output, elementType, shape: checkedShape(options, 'outputShape', output.shape) }];
  const networks = [{ ...before, name: network, inputs, outputs }];
  const assertions = query.assertions.flatMap(({ formula, at }) => {
    const converted = convert(formula, query.source);
    if (converted === true) return [];
    return [{ formula: converted === false ? falsehood(at) : converted, at }];
  });
  const converted: Query = { ...query, version: { major: 2, minor: 0 }, networks, assertions };
  checkConstants(converted, elementType);
  return converted;
}

function checkedShape(
  options: ConversionOptions,
  name: 'inputShape' | 'outputShape',
  vector: readonly number[],
): readonly number[] {
  const shape = options[name] ?? vector;
  const isWhole = shape.every(length => Number.isSafeInteger(length) && length >= 0);
  if (isWhole && sizeOf({ shape }) === vector[0]) return shape;
  throw wrongOption(name, `a shape of ${vector[0]} elements`, `[${shape}]`);
}

function wrongOption(option: string, expected: string, actual: string): VnnLibError {
  return new VnnLibError({
    code: 'invalid-option',
    where: `toVersion2, option ${option}`,
    expected,
    actual,
  });
}

function checkConstants({ assertions, source }: Query, elementType: ElementType): void {
  const formulas = assertions.map(({ formula }) => formula);
  for (let next = formulas.pop(); next; next = formulas.pop()) {
    if (next.kind !== 'comparison') {
      for (const operand of next.operands) formulas.push(operand);
      continue;
    }
    for (const leaf of leavesOf(next.left, next.right)) {
      if (leaf.kind !== 'constant' || isOfType(leaf.text, elementType)) continue;
      const actual = `${leaf.text} at ${source.where(leaf.at)}`;
      throw wrongOption(
        'elementType',
        `a type that all constants have, not ${nameOfType(elementType)}`,
        actual,
      );
    }
  }
}

/** Never true; version 2 wants an element in each comparison, and every query has an input 0. */
function falsehood(at: number): Comparison {
  const element: Term = { kind: 'element', tensor: 'X', index: 0, at };
  return { kind: 'comparison', operator: '<', left: element, right: element, at };
}

/** The formula in version 2; true or false where it is one whatever the values. */
function convert(formula: Formula, source: Source): Formula | boolean {
  return fold<Formula, Formula | boolean>(
    formula,
    node => (node.kind === 'comparison' ? [] : node.operands),
    (node, parts) => {
      if (node.kind === 'comparison') return convertComparison(node, source);
      // True decides an or, false an and; the other of the two changes nothing.
      const decisive = node.kind === 'or';
      if (parts.includes(decisive)) return decisive;
      const operands = parts.filter(part => typeof part !== 'boolean');
      return operands.length === 0 ? !decisive : { ...node, operands };
    },
  );
}

function convertComparison(comparison: Comparison, source: Source): Comparison | boolean {
  const { left, right, at } = comparison;
  const hasElements = leavesOf(left, right).some(({ kind }) => kind === 'element');
  if (hasElements && !hasDivision(left) && !hasDivision(right)) return comparison;
  const { terms, relation, bound } = linearConstraint(comparison, source);
  if (terms.length === 0) return isTrue({ relation, bound });
  return withPlace(source, at, () => multipliedOut({ terms, relation, bound, comparison }));
}

/** The same constraint with decimal coefficients. */
function multipliedOut({ terms, relation, bound, comparison: { at } }: LinearConstraint): Comparison {
  const scale = wholeFactor([bound, ...terms.map(({ coefficient }) => coefficient)]);
  const summands = terms.map<Term>(({ tensor, index, coefficient }) => {
    const element: Term = { kind: 'element', tensor, index, at };
    const operands = [constant(multiply(coefficient, scale), at), element];
    return { kind: 'operation', operator: '*', operands, at };
  });
  const sum: Term =
    summands.length === 1 ? summands[0] : { kind: 'operation', operator: '+', operands: summands, at };
  return {
    kind: 'comparison',
    operator: relation,
    left: sum,
    right: constant(multiply(bound, scale), at),
    at,
  };
}

function hasDivision(term: Term): boolean {
  const stack = [term];
  for (let next = stack.pop(); next; next = stack.pop()) {
    if (next.kind !== 'operation') continue;
    if (next.operator === '/') return true;
    for (const operand of next.operands) stack.push(operand);
  }
  return false;
}

/** The least whole number that makes decimals of all numbers: what 2 and 5 leave of their denominators. */
function wholeFactor(values: readonly Rational[]): Rational {
  let factor = 1n;
  for (const { denominator } of values) {
    const [, withoutTwos] = multiplicity(denominator, 2n);
    const [, rest] = multiplicity(withoutTwos, 5n);
    // The least common multiple: of two fractions' product, the part that is new.
    factor *= rational(rest, factor).numerator;
  }
  return rational(factor);
}

function constant(value: Rational, at: number): Term {
  const text = toDecimal(value)!;
  if (standardDecimal(text) === text) return { kind: 'constant', text, at };
  throw new VnnLibError({
    code: 'too-large',
    where: 'toVersion2',
    expected: `numbers of at most ${MOST_DIGITS} digits`,
    actual: `${text.length}`,
  });
}
