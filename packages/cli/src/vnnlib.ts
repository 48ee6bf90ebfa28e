import { box, PoliceError, type Region } from '@police/core';
import { decimalTowards } from './decimals.js';

/**
 * The input constraints of a VNN-LIB property (https://www.vnnlib.org) as boxes: assertions `(<= X_0 1.5)` and
 * `(>= X_0 -1.5)`, alone or under `and`, and an `or` of them, each alternative a box of its own. Decimals are rounded so
 * that the boxes hold every point meant. Assertions on outputs `Y_j` say what is to be shown there; they make no region.
 *
 * Throws `invalid-option` with the line of anything else (`X_0 ≤ X_1`, arithmetic, unknown commands), and
 * `unbounded-region` or `empty-region` for inputs without bounds or with contradicting ones.
 */
export function readVnnlib(text: string, where: string): Region[] {
  const declared = new Set<string>();
  let alternatives: Bounds[] = [new Map()];
  for (const statement of parse(text, where)) {
    const [command, ...rest] = listOf(statement, where);
    const name = command && atomOf(command);
    if (name === 'declare-const' && rest.length === 2) {
      const variable = atomOf(rest[0]);
      if (variable === undefined || !/^[XY]_\d+$/.test(variable)) throw refused(rest[0], where, 'X_i or Y_j');
      declared.add(variable);
    } else if (name === 'assert' && rest.length === 1) {
      const found = boundsOf(rest[0], where, 0);
      if (found) alternatives = intersect(alternatives, found, rest[0], where);
    } else if (!(name !== undefined && IGNORED.has(name))) {
      throw refused(statement, where, 'declare-const or assert');
    }
  }
  const size = [...declared].filter(name => name.startsWith('X_')).length;
  return alternatives.map(bounds => boxOf(bounds, size, where));
}

/** Commands that say nothing about the inputs. */
const IGNORED = new Set(['set-logic', 'set-info', 'set-option', 'check-sat', 'exit']);

/** Bounds of inputs by index. */
type Bounds = ReadonlyMap<number, { readonly lower: number; readonly upper: number }>;

/** More alternatives than this come of a product of `or`s that nobody meant. */
const MOST_ALTERNATIVES = 10_000;

/** The alternatives an expression allows; undefined where it is about outputs alone. */
function boundsOf(expression: Expression, where: string, depth: number): Bounds[] | undefined {
  const [operator, ...terms] = listOf(expression, where);
  const name = operator && atomOf(operator);
  if (name === 'and') {
    const parts = terms.map(term => boundsOf(term, where, depth + 1)).filter(part => part !== undefined);
    if (parts.length === 0) return undefined;
    return parts.reduce((all, part) => intersect(all, part, expression, where));
  }
  if (name === 'or') {
    const parts = terms.map(term => boundsOf(term, where, depth + 1));
    if (parts.every(part => part === undefined)) return undefined;
    if (parts.some(part => part === undefined)) {
      throw refused(expression, where, 'an or of boxes', 'one that mixes inputs with outputs alone');
    }
    return parts.flatMap(part => part!);
  }
  if ((name === '<=' || name === '>=' || name === '<' || name === '>') && terms.length === 2) {
    return comparison(expression, name, terms, where);
  }
  throw refused(expression, where, 'and, or, <= or >=');
}

function comparison(
  expression: Expression,
  operator: string,
  terms: readonly Expression[],
  where: string,
): Bounds[] | undefined {
  const [left, right] = terms.map(atomOf);
  const isOutput = (text: string | undefined) => text !== undefined && /^Y_\d+$/.test(text);
  const isInput = (text: string | undefined) => text !== undefined && /^X_\d+$/.test(text);
  const isAbout = (pattern: RegExp) => terms.some(term => mentions(term, pattern));
  if (isAbout(/^Y_\d+$/) && !isAbout(/^X_\d+$/)) return undefined;
  if (isInput(left) === isInput(right) || isOutput(left) || isOutput(right)) {
    throw refused(expression, where, 'an input compared with a number');
  }
  const variable = isInput(left) ? left! : right!;
  const number = isInput(left) ? right : left;
  const isUpper = operator.startsWith('<') === isInput(left);
  const value = number === undefined ? undefined : decimalTowards(number, isUpper ? 'up' : 'down');
  if (value === undefined) throw refused(expression, where, 'an input compared with a number');
  const bound = isUpper
    ? { lower: Number.NEGATIVE_INFINITY, upper: value }
    : { lower: value, upper: Number.POSITIVE_INFINITY };
  return [new Map([[Number(variable.slice(2)), bound]])];
}

function mentions(expression: Expression, pattern: RegExp): boolean {
  if (expression.kind === 'atom') return pattern.test(expression.text);
  return expression.items.some(item => mentions(item, pattern));
}

function intersect(
  some: readonly Bounds[],
  others: readonly Bounds[],
  at: Expression,
  where: string,
): Bounds[] {
  if (some.length * others.length > MOST_ALTERNATIVES) {
    throw refused(at, where, `at most ${MOST_ALTERNATIVES} boxes`, `${some.length} × ${others.length}`);
  }
  return some.flatMap(a =>
    others.map(b => {
      const both = new Map(a);
      for (const [input, { lower, upper }] of b) {
        const before = both.get(input) ?? {
          lower: Number.NEGATIVE_INFINITY,
          upper: Number.POSITIVE_INFINITY,
        };
        both.set(input, { lower: Math.max(lower, before.lower), upper: Math.min(upper, before.upper) });
      }
      return both;
    }),
  );
}

function boxOf(bounds: Bounds, declared: number, where: string): Region {
  const size = Math.max(declared, ...[...bounds.keys()].map(input => input + 1));
  const lower = new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
  const upper = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
  for (const [input, bound] of bounds) {
    lower[input] = bound.lower;
    upper[input] = bound.upper;
  }
  const open = lower.findIndex((lo, i) => !Number.isFinite(lo) || !Number.isFinite(upper[i]));
  if (size === 0 || open >= 0) {
    throw new PoliceError({
      code: 'unbounded-region',
      where,
      expected: 'a lower and an upper bound of every input',
      actual: size === 0 ? 'no inputs' : `X_${open} in [${lower[open]}, ${upper[open]}]`,
    });
  }
  return box(lower, upper);
}

type Expression =
  | { readonly kind: 'atom'; readonly text: string; readonly line: number }
  | { readonly kind: 'list'; readonly items: readonly Expression[]; readonly line: number };

const atomOf = (expression: Expression): string | undefined =>
  expression.kind === 'atom' ? expression.text : undefined;

function listOf(expression: Expression, where: string): readonly Expression[] {
  if (expression.kind === 'list') return expression.items;
  throw refused(expression, where, 'an expression in parentheses');
}

/** Nobody nests deeper than `(assert (or (and (<= …))))` by much. */
const DEEPEST = 64;

/** S-expressions with their lines; comments run from `;` to the end of a line. */
function parse(text: string, where: string): Expression[] {
  interface Open {
    readonly items: Expression[];
    readonly line: number;
  }
  const stack: Open[] = [{ items: [], line: 1 }];
  let line = 1;
  for (const [token] of text.matchAll(/\n|;[^\n]*|[()]|[^\s();]+/g)) {
    const top = stack.at(-1)!;
    if (token === '\n') line++;
    else if (token === '(') {
      if (stack.length > DEEPEST) throw badText(where, line, `at most ${DEEPEST} nested parentheses`, 'more');
      stack.push({ items: [], line });
    } else if (token === ')') {
      if (stack.length === 1) throw badText(where, line, 'an opening parenthesis before', "')'");
      stack.pop();
      stack.at(-1)!.items.push({ kind: 'list', ...top });
    } else if (!token.startsWith(';')) top.items.push({ kind: 'atom', text: token, line });
  }
  if (stack.length > 1)
    throw badText(where, stack.at(-1)!.line, 'a closing parenthesis', 'the end of the file');
  return stack[0].items;
}

function refused(at: Expression, where: string, expected: string, actual: string = textOf(at)): PoliceError {
  return badText(where, at.line, expected, actual);
}

function textOf(expression: Expression): string {
  const whole =
    expression.kind === 'atom' ? expression.text : `(${expression.items.slice(0, 4).map(textOf).join(' ')})`;
  return whole.length > 80 ? `${whole.slice(0, 80)}…` : whole;
}

function badText(where: string, line: number, expected: string, actual: string): PoliceError {
  return new PoliceError({
    code: 'invalid-option',
    where: `${where} line ${line}`,
    expected,
    actual,
    remedy: 'Only input constraints that make boxes are read from VNN-LIB; give other regions as JSON.',
  });
}
