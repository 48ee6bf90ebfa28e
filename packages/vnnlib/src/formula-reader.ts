import { MOST_DIGITS, standardDecimal } from './decimal.js';
import { fold } from './fold.js';
import type { Problems } from './problems.js';
import type { Comparator, Comparison, Constant, Element, Formula, Operator, Term } from './query.js';
import { type Atom, type List, type SExpression, shown, wordOf } from './s-expression.js';

/** What differs between the versions of the language inside an assertion. */
export interface Dialect {
  readonly comparators: ReadonlyMap<string, Comparator>;
  readonly operators: ReadonlySet<string>;
  /** SMT-LIB's `(not a)`, and `(<= a b c)` for `a ≤ b` and `b ≤ c`. */
  readonly isSmt: boolean;
  /** The element that a name means; undefined after reporting why there is none. */
  element(atom: Atom): Element | undefined;
}

/** A formula; `isNegated` under an odd number of `not`s. */
interface Polar {
  readonly expression: SExpression;
  readonly isNegated: boolean;
}

const NEGATION: Record<Comparator, Comparator> = {
  '<': '>=',
  '>=': '<',
  '>': '<=',
  '<=': '>',
  '==': '!=',
  '!=': '==',
};

const NONE: readonly never[] = [];

/** Reads the formulas of assertions. Wrong parts are reported, all of them, and what holds one is undefined. */
export class FormulaReader {
  readonly #dialect: Dialect;
  readonly #problems: Problems;
  /** Words that start a formula, and those that start a term. */
  readonly #heads: string;
  readonly #operators: string;

  constructor(dialect: Dialect, problems: Problems) {
    this.#dialect = dialect;
    this.#problems = problems;
    this.#heads = ['and', 'or', ...(dialect.isSmt ? ['not'] : []), ...dialect.comparators.keys()].join(', ');
    this.#operators = [...dialect.operators].join(', ');
  }

  read(expression: SExpression): Formula | undefined {
    const root: Polar = { expression, isNegated: false };
    if (this.#parts(root) === NONE) return this.#formula(root, NONE);
    return fold<Polar, Formula | undefined>(
      root,
      polar => this.#parts(polar),
      (polar, parts) => this.#formula(polar, parts),
    );
  }

  /** The formulas inside a formula. */
  #parts({ expression, isNegated }: Polar): readonly Polar[] {
    if (expression.kind !== 'list') return NONE;
    const head = wordOf(expression.items[0]);
    if (head === 'not' && this.#dialect.isSmt) {
      return expression.items.slice(1).map(item => ({ expression: item, isNegated: !isNegated }));
    }
    if (head !== 'and' && head !== 'or') return NONE;
    return expression.items.slice(1).map(item => ({ expression: item, isNegated }));
  }

  #formula({ expression, isNegated }: Polar, parts: readonly (Formula | undefined)[]): Formula | undefined {
    const { at } = expression;
    const list = this.#headed(expression, 'a formula', this.#heads);
    if (!list) return undefined;
    const head = wordOf(list.items[0]);
    if (head === 'and' || head === 'or') {
      if (parts.length === 0) return this.#wrong(list, `a formula after '${head}'`);
      if (parts.includes(undefined)) return undefined;
      return { kind: (head === 'and') === isNegated ? 'or' : 'and', operands: parts as Formula[], at };
    }
    if (head === 'not' && this.#dialect.isSmt) {
      return parts.length === 1 ? parts[0] : this.#wrong(list, "one formula after 'not'");
    }
    const comparator = this.#dialect.comparators.get(head ?? '');
    if (comparator) return this.#comparison(list, comparator, isNegated);
    return this.#wrong(list.items[0], `one of ${this.#heads}`);
  }

  #comparison(list: List, operator: Comparator, isNegated: boolean): Formula | undefined {
    const { at, items } = list;
    const actual = isNegated ? NEGATION[operator] : operator;
    if (items.length !== 3) return this.#chain(list, actual, isNegated);
    const left = this.#term(items[1]);
    const right = this.#term(items[2]);
    return left && right && { kind: 'comparison', operator: actual, left, right, at };
  }

  /** `a ≤ b ≤ c`. */
  #chain(list: List, operator: Comparator, isNegated: boolean): Formula | undefined {
    const { at, items } = list;
    if (!this.#dialect.isSmt || items.length < 3 || wordOf(items[0]) === 'distinct') {
      return this.#wrong(list, 'two terms to compare', `${items.length - 1}`);
    }
    const terms = items.slice(1).map(item => this.#term(item));
    if (terms.includes(undefined)) return undefined;
    const operands = terms.slice(1).map<Comparison>((right, i) => {
      return { kind: 'comparison', operator, left: terms[i]!, right: right!, at };
    });
    return { kind: isNegated ? 'or' : 'and', operands, at };
  }

  #term(expression: SExpression): Term | undefined {
    if (expression.kind === 'atom') return this.#leaf(expression);
    return fold<SExpression, Term | undefined>(
      expression,
      node => (node.kind === 'list' ? node.items.slice(1) : NONE),
      (node, operands) => this.#operation(node, operands),
    );
  }

  #operation(expression: SExpression, operands: readonly (Term | undefined)[]): Term | undefined {
    if (expression.kind === 'atom') return this.#leaf(expression);
    const list = this.#headed(expression, 'a term', this.#operators);
    if (!list) return undefined;
    const head = wordOf(list.items[0]);
    if (head === undefined || !this.#dialect.operators.has(head)) {
      return this.#wrong(list.items[0], `one of ${this.#operators}`);
    }
    const least = head === '/' ? 2 : 1;
    if (operands.length < least) return this.#wrong(list, `${least} or more terms after '${head}'`);
    if (operands.includes(undefined)) return undefined;
    return { kind: 'operation', operator: head as Operator, operands: operands as Term[], at: list.at };
  }

  #leaf(atom: Atom): Constant | Element | undefined {
    if (/^[+-]?\.?\d/.test(atom.text)) return this.#constant(atom);
    return this.#dialect.element(atom);
  }

  #constant(atom: Atom): Constant | undefined {
    const text = atom.brackets ? undefined : standardDecimal(atom.text);
    if (text === undefined) return this.#wrong(atom, 'a decimal number');
    if (text === 'too-large') {
      const expected = `a number of at most ${MOST_DIGITS} digits, exponents written out`;
      this.#problems.report(atom.at, { code: 'too-large', expected, actual: shown(atom) });
      return undefined;
    }
    return { kind: 'constant', text, at: atom.at };
  }

  /** The expression as a list that starts with a word, else undefined after reporting it. */
  #headed(expression: SExpression, what: string, heads: string): List | undefined {
    if (expression.kind === 'list' && wordOf(expression.items[0]) !== undefined) return expression;
    return this.#wrong(expression, `${what}: '(' and one of ${heads}`);
  }

  #wrong(expression: SExpression, expected: string, actual: string = shown(expression)): undefined {
    this.#problems.report(expression.at, { code: 'syntax', expected, actual });
  }
}
