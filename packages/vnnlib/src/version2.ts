import { FormulaReader } from './formula-reader.js';
import { NetworkReader } from './network-reader.js';
import type { Problems } from './problems.js';
import type { Assertion, Comparator, Element, Network, Tensor } from './query.js';
import { type Atom, type Form, shown, wordOf } from './s-expression.js';
import { wholeNumber } from './shape.js';
import { checkComparisonTypes, checkEquivalence, checkRealAlone } from './type-rules.js';

/** The standard's text also writes `=` for the grammar's `==`. */
const COMPARATORS: ReadonlyMap<string, Comparator> = new Map([
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
  ['==', '=='],
  ['!=', '!='],
  ['=', '=='],
]);

/** Reads VNN-LIB 2 after its version: networks, then assertions, each checked against the standard's type rules. */
export class Version2Reader {
  readonly networks: Network[] = [];
  readonly assertions: Assertion[] = [];
  readonly #problems: Problems;
  readonly #networkReader: NetworkReader;
  readonly #formulas: FormulaReader;
  readonly #tensors = new Map<string, Tensor>();
  readonly #networksByName = new Map<string, Network>();
  /** Names whose declarations could not be read, so that they are not missed again. */
  readonly #unreadable = new Set<string>();
  #hasAssertions = false;

  constructor(problems: Problems, minor: number) {
    this.#problems = problems;
    this.#networkReader = new NetworkReader(problems, minor, this.#unreadable);
    const operators = new Set(['+', '-', '*']);
    const element = (atom: Atom) => this.#element(atom);
    this.#formulas = new FormulaReader(
      { comparators: COMPARATORS, operators, isSmt: false, element },
      problems,
    );
  }

  read(form: Form): void {
    const command = wordOf(form.items[0]);
    if (command === 'declare-network') this.#declare(form);
    else if (command === 'assert') this.#assert(form);
    else this.#wrong(form.items[0] ?? form, 'declare-network or assert', shown(form.items[0]));
  }

  /** Checks what can be judged only once all forms are read. */
  finish(): void {
    if (this.networks.length === 0) {
      this.#wrong({ at: 0 }, 'a declare-network', 'none');
    }
    checkRealAlone(this.networks, this.#problems);
  }

  #declare(form: Form): void {
    if (this.#hasAssertions)
      this.#wrong(form, 'all networks before the first assertion', 'a network after one');
    const network = this.#networkReader.read(form);
    if (network.name !== '') this.#claim(network.name, network.at);
    const { inputs, hidden, outputs } = network;
    for (const tensor of [...inputs, ...hidden, ...outputs]) {
      this.#claim(tensor.name, tensor.at);
      this.#tensors.set(tensor.name, tensor);
    }
    if (network.equivalence && !this.#unreadable.has(network.equivalence.network)) {
      checkEquivalence(network, network.equivalence, this.#networksByName, this.#problems);
    }
    this.#networksByName.set(network.name, network);
    this.networks.push(network);
  }

  /** Names of networks and tensors are all different. */
  #claim(name: string, at: number): void {
    if (this.#tensors.has(name) || this.#networksByName.has(name)) {
      const expected = 'different names of all networks and tensors';
      this.#problems.report(at, { code: 'duplicate', expected, actual: `${name} again` });
    }
  }

  #assert(form: Form): void {
    this.#hasAssertions = true;
    if (!form.isClosed) return;
    const operands = form.items.length - 1;
    if (operands !== 1) {
      this.#wrong(form, 'one formula after assert', `${operands}`);
      return;
    }
    const formula = this.#formulas.read(form.items[1]);
    if (!formula) return;
    checkComparisonTypes(formula, this.#tensors, this.#problems);
    this.assertions.push({ formula, at: form.at });
  }

  #element(atom: Atom): Element | undefined {
    const tensor = this.#tensors.get(atom.text);
    if (!tensor) {
      if (this.#unreadable.has(atom.text)) return undefined;
      const actual = this.#networksByName.has(atom.text) ? `the network ${atom.text}` : shown(atom);
      const expected = 'a number or an element of a declared tensor';
      this.#problems.report(atom.at, { code: 'undeclared', expected, actual });
      return undefined;
    }
    const index = this.#flatIndex(atom, tensor);
    return index === undefined ? undefined : { kind: 'element', tensor: tensor.name, index, at: atom.at };
  }

  /** Row-major index of `X[i,j]`; of a scalar, written without brackets, 0. */
  #flatIndex(atom: Atom, { name, shape }: Tensor): number | undefined {
    if (atom.brackets === 'unreadable') return undefined;
    const indices = (atom.brackets ?? []).map(item => wholeNumber(item, this.#problems));
    if (indices.includes(undefined)) return undefined;
    const isScalar = shape.length === 0;
    const isIndexed = atom.brackets !== undefined;
    const isInside = indices.every((index, axis) => index! < shape[axis]);
    if (indices.length !== shape.length || isIndexed === isScalar || !isInside) {
      const expected = isScalar ? `${name} without indices` : `${name} with indices below [${shape}]`;
      this.#problems.report(atom.at, { code: 'type', expected, actual: shown(atom) });
      return undefined;
    }
    return indices.reduce<number>((flat, index, axis) => flat * shape[axis] + index!, 0);
  }

  #wrong(at: { readonly at: number }, expected: string, actual: string): void {
    this.#problems.report(at.at, { code: 'syntax', expected, actual });
  }
}
