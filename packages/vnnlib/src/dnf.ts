import { VnnLibError } from './errors.js';
import { fold } from './fold.js';
import type { Comparison, Formula, Query } from './query.js';
import { operandsOf } from './query.js';

/** Of `toDNF`: how much may be made. */
export interface DnfOptions {
  /**
   * The most disjuncts made.
   * @defaultValue 10000
   */
  readonly maxDisjuncts?: number;
  /**
   * The most comparisons and connectives in all disjuncts together.
   * @defaultValue 10000000
   */
  readonly maxSize?: number;
}

/**
 * `⋀ common ∧ ⋁ ⋀ disjuncts[k]`: what all disjuncts share stands once, so that a thousand ways to be unsafe do not copy
 * the bounds of an image a thousand times.
 */
export interface Dnf {
  readonly common: readonly Comparison[];
  /** At least one; one that is empty adds nothing to `common`. No comparison is a `!=`. */
  readonly disjuncts: readonly (readonly Comparison[])[];
}

/**
 * The assertions of a query (or formulas that all hold) in disjunctive normal form; `a != b` becomes `a < b` or `a > b`.
 * Comparisons keep the order of the text. Throws `too-large`, before making anything, if it would have more disjuncts
 * or be larger than allowed.
 */
export function toDNF(query: Query | readonly Formula[], options: DnfOptions = {}): Dnf {
  const { maxDisjuncts = 10_000, maxSize = 10_000_000 } = options;
  const formulas = 'assertions' in query ? query.assertions.map(({ formula }) => formula) : query;
  const [common, rest] = factor(formulas);
  const { disjuncts, size } = conjunction(rest.map(extentOf));
  // Written so that NaN is refused too.
  if (!(disjuncts <= maxDisjuncts)) throw tooLarge(`at most ${maxDisjuncts} disjuncts`, disjuncts);
  if (!(size <= maxSize)) throw tooLarge(`at most ${maxSize} comparisons and connectives in all`, size);
  return { common, disjuncts: disjunctsOf(rest) };
}

/** The comparisons under `and` alone, and all else that holds. */
function factor(formulas: readonly Formula[]): [Comparison[], Formula[]] {
  const common: Comparison[] = [];
  const rest: Formula[] = [];
  const stack = [...formulas].reverse();
  for (let next = stack.pop(); next; next = stack.pop()) {
    if (next.kind === 'and') for (const operand of reversed(next.operands)) stack.push(operand);
    else if (next.kind === 'comparison' && next.operator !== '!=') common.push(next);
    else rest.push(next);
  }
  return [common, rest];
}

function reversed<T>(list: readonly T[]): T[] {
  return [...list].reverse();
}

interface Extent {
  readonly disjuncts: number;
  /** Comparisons and connectives met in making all disjuncts. */
  readonly size: number;
}

function extentOf(formula: Formula): Extent {
  return fold<Formula, Extent>(formula, operandsOf, (node, parts) => {
    if (node.kind === 'comparison') return node.operator === '!=' ? EITHER : ONE;
    if (node.kind === 'and') return conjunction(parts);
    const disjuncts = parts.reduce((sum, part) => sum + part.disjuncts, 0);
    return { disjuncts, size: parts.reduce((sum, part) => sum + part.size, disjuncts) };
  });
}

const ONE: Extent = { disjuncts: 1, size: 1 };
const EITHER: Extent = { disjuncts: 2, size: 2 };

/** Each disjunct of a part goes with every choice of the others'. */
function conjunction(parts: readonly Extent[]): Extent {
  const disjuncts = parts.reduce((product, part) => product * part.disjuncts, 1);
  const size = parts.reduce((sum, part) => sum + part.size * (disjuncts / part.disjuncts), disjuncts);
  return { disjuncts, size };
}

function tooLarge(expected: string, actual: number): VnnLibError {
  return new VnnLibError({
    code: 'too-large',
    where: 'the disjunctive normal form',
    expected,
    actual: Number.isFinite(actual) ? `${actual}` : 'more than 1e308',
    remedy: 'Raise maxDisjuncts or maxSize, or split the query.',
  });
}

/** A list that shares its tail. */
type Chain<T> = { readonly head: T; readonly tail: Chain<T> } | undefined;

/** A disjunct in the making: what it holds so far, the last first, and what is still to be added, the first first. */
interface Branch {
  readonly chosen: Chain<Comparison>;
  readonly pending: Chain<Formula>;
}

function disjunctsOf(formulas: readonly Formula[]): Comparison[][] {
  const found: Comparison[][] = [];
  const stack: Branch[] = [{ chosen: undefined, pending: ahead(formulas, undefined) }];
  for (let branch = stack.pop(); branch; branch = stack.pop()) {
    let { chosen, pending } = branch;
    while (pending) {
      const { head, tail }: { head: Formula; tail: Chain<Formula> } = pending;
      pending = tail;
      if (head.kind === 'and') pending = ahead(head.operands, pending);
      else if (head.kind === 'comparison' && head.operator !== '!=') chosen = { head, tail: chosen };
      else {
        const [first, ...others] = alternativesOf(head);
        for (const other of others.reverse()) stack.push({ chosen, pending: { head: other, tail: pending } });
        pending = { head: first, tail: pending };
      }
    }
    found.push(inOrder(chosen));
  }
  return found;
}

function alternativesOf(formula: Formula): readonly Formula[] {
  if (formula.kind !== 'comparison') return formula.operands;
  return [
    { ...formula, operator: '<' },
    { ...formula, operator: '>' },
  ];
}

function ahead<T>(items: readonly T[], tail: Chain<T>): Chain<T> {
  return items.reduceRight<Chain<T>>((chain, head) => ({ head, tail: chain }), tail);
}

function inOrder(chain: Chain<Comparison>): Comparison[] {
  const list: Comparison[] = [];
  for (let link = chain; link; link = link.tail) list.push(link.head);
  return list.reverse();
}
