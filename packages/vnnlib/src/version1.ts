import { FormulaReader } from './formula-reader.js';
import type { Problems } from './problems.js';
import type { Assertion, Comparator, Element, Network } from './query.js';
import { type Atom, type Form, shown, wordOf } from './s-expression.js';

/** The name of version 1's only network, which the text does not name. */
export const NETWORK_NAME = 'network';

const COMPARATORS: ReadonlyMap<string, Comparator> = new Map([
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
  ['=', '=='],
  ['distinct', '!='],
]);

/** SMT-LIB's commands that say nothing about the query. */
const IGNORED = new Set([
  'set-logic',
  'set-info',
  'set-option',
  'check-sat',
  'get-model',
  'get-value',
  'exit',
  'vnnlib-version',
]);

const NO_INDEX = -1;
const [ZERO, NINE, UNDERSCORE] = [48, 57, 95];

/** The index of `X_i` or `Y_i`, without leading zeros; `NO_INDEX` of other words. */
function indexOf(word: string): number {
  const isVariable = (word[0] === 'X' || word[0] === 'Y') && word.charCodeAt(1) === UNDERSCORE;
  if (!isVariable || word.length < 3 || word.length > 17) return NO_INDEX;
  if (word[2] === '0' && word.length > 3) return NO_INDEX;
  let index = 0;
  for (let i = 2; i < word.length; i++) {
    const c = word.charCodeAt(i);
    if (c < ZERO || c > NINE) return NO_INDEX;
    index = 10 * index + c - ZERO;
  }
  return index;
}

function kindOf(variable: string): 'X' | 'Y' {
  return variable[0] === 'X' ? 'X' : 'Y';
}

/** Reads VNN-LIB 1: SMT-LIB's `declare-const` or `declare-fun` of reals `X_i` and `Y_j`, and assertions on them. */
export class Version1Reader {
  readonly assertions: Assertion[] = [];
  readonly #problems: Problems;
  readonly #formulas: FormulaReader;
  /** Where each variable is declared, by its index. */
  readonly #declared = { X: new Map<number, number>(), Y: new Map<number, number>() };
  /** Set where a declaration could not be read, so that its name is not missed again. */
  #isLenient = false;

  constructor(problems: Problems) {
    this.#problems = problems;
    const operators = new Set(['+', '-', '*', '/']);
    const element = (atom: Atom) => this.#element(atom);
    this.#formulas = new FormulaReader(
      { comparators: COMPARATORS, operators, isSmt: true, element },
      problems,
    );
  }

  read(form: Form): void {
    const head = form.items[0];
    const command = wordOf(head);
    if (command === 'declare-const' || command === 'declare-fun') this.#declare(form, command);
    else if (command === 'assert') {
      this.#assert(form);
    } else if (command === undefined || !IGNORED.has(command)) {
      this.#wrong(head ?? form, 'declare-const, declare-fun or assert', shown(head));
    }
  }

  /** The network declared, once all forms are read; reports gaps in the numbering. */
  network(): Network {
    const inputs = this.#sizeOf('X');
    const outputs = this.#sizeOf('Y');
    if (inputs === 0 && this.#declared.X.size === 0 && !this.#isLenient) {
      const expected = 'a declared input: (declare-const X_0 Real)';
      this.#problems.report(0, { code: 'undeclared', expected, actual: 'none' });
    }
    return {
      name: NETWORK_NAME,
      inputs: [
        { role: 'input', name: 'X', elementType: 'real', shape: [inputs], isInitialized: false, at: 0 },
      ],
      hidden: [],
      outputs: [{ role: 'output', name: 'Y', elementType: 'real', shape: [outputs], at: 0 }],
      at: 0,
    };
  }

  #assert(form: Form): void {
    if (!form.isClosed) return;
    const operands = form.items.length - 1;
    if (operands !== 1) {
      this.#wrong(form, 'one formula after assert', `${operands}`);
      return;
    }
    const formula = this.#formulas.read(form.items[1]);
    if (formula) this.assertions.push({ formula, at: form.at });
  }

  #declare(form: Form, command: 'declare-const' | 'declare-fun'): void {
    const { items } = form;
    const name = wordOf(items[1]);
    const index = name === undefined ? NO_INDEX : indexOf(name);
    if (name === undefined || index === NO_INDEX) {
      this.#isLenient = true;
      this.#wrong(items[1] ?? form, 'a variable X_i or Y_j', shown(items[1]));
      return;
    }
    const isFunction = command === 'declare-fun';
    const hasArguments = isFunction && !(items[2]?.kind === 'list' && items[2].items.length === 0);
    const sort = isFunction ? 3 : 2;
    if (hasArguments || items.length !== sort + 1 || wordOf(items[sort]) !== 'Real') {
      this.#wrong(form, `(${command} ${name}${isFunction ? ' ()' : ''} Real)`, 'other words');
    }
    const declared = this.#declared[kindOf(name)];
    if (declared.has(index)) {
      const expected = 'each variable declared once';
      this.#problems.report(items[1].at, { code: 'duplicate', expected, actual: `${name} again` });
    }
    declared.set(index, items[1].at);
  }

  #element(atom: Atom): Element | undefined {
    const index = atom.brackets ? NO_INDEX : indexOf(atom.text);
    if (index !== NO_INDEX) {
      const tensor = kindOf(atom.text);
      if (this.#declared[tensor].has(index)) return { kind: 'element', tensor, index, at: atom.at };
      if (this.#isLenient) return undefined;
    }
    const expected = 'a number or a declared variable X_i or Y_j';
    const remedy =
      index === NO_INDEX ? {} : { remedy: `Declare it before: (declare-const ${atom.text} Real).` };
    this.#problems.report(atom.at, { code: 'undeclared', expected, actual: shown(atom), ...remedy });
    return undefined;
  }

  /** How many of a kind are declared; they must be numbered from 0 without gaps. */
  #sizeOf(kind: 'X' | 'Y'): number {
    const declared = this.#declared[kind];
    let size = 0;
    while (declared.has(size)) size++;
    if (size < declared.size && !this.#isLenient) {
      const [beyond, at] = [...declared].find(([index]) => index > size)!;
      const expected = `variables ${kind}_i numbered from 0 without gaps`;
      this.#problems.report(at, {
        code: 'undeclared',
        expected,
        actual: `${kind}_${beyond} but no ${kind}_${size}`,
      });
    }
    return size;
  }

  #wrong(at: { readonly at: number }, expected: string, actual: string): void {
    this.#problems.report(at.at, { code: 'syntax', expected, actual });
  }
}
