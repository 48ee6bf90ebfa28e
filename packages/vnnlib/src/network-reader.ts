import { ELEMENT_TYPE_NAMES, elementTypeOf } from './element-type.js';
import type { Problems } from './problems.js';
import type { Equivalence, HiddenTensor, InputTensor, Network, OutputTensor } from './query.js';
import { type Form, type List, type SExpression, shown, wordOf } from './s-expression.js';
import { readShape } from './shape.js';

export const NAME: RegExp = /^[A-Za-z]\w*$/;

/** The order in which the parts of a network stand. */
const ORDER = ['equal-to', 'isomorphic-to', 'declare-input', 'declare-hidden', 'declare-output'] as const;
type Part = (typeof ORDER)[number];
const STAGE: Record<Part, number> = {
  'equal-to': 0,
  'isomorphic-to': 0,
  'declare-input': 1,
  'declare-hidden': 2,
  'declare-output': 3,
};

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Reads `(declare-network f … )`. */
export class NetworkReader {
  readonly #problems: Problems;
  readonly #minor: number;
  readonly #unreadable: Set<string>;

  /** Adds the names of what cannot be read to `unreadable`. */
  constructor(problems: Problems, minor: number, unreadable: Set<string>) {
    this.#problems = problems;
    this.#minor = minor;
    this.#unreadable = unreadable;
  }

  /** The network, without what could not be read; its name is empty where none was found. */
  read(form: Form): Network {
    const name = this.#name(form, form.items[1]);
    const inputs: InputTensor[] = [];
    const hidden: HiddenTensor[] = [];
    const outputs: OutputTensor[] = [];
    const network: Mutable<Network> = { name: name ?? '', inputs, hidden, outputs, at: form.at };
    let stage = 0;
    for (const item of form.items.slice(2)) {
      const part = this.#part(item);
      if (!part) continue;
      const [list, head] = part;
      if (STAGE[head] < stage)
        this.#wrong(list, `${ORDER.join(', ')} in this order`, `${head} after a later one`);
      stage = Math.max(stage, STAGE[head]);
      if (STAGE[head] === 0) this.#equivalence(network, list, head as Equivalence['kind']);
      else this.#tensor({ inputs, hidden, outputs }, list, head);
    }
    if (form.isClosed && (inputs.length === 0 || outputs.length === 0)) this.#incomplete(form);
    return network;
  }

  /** A network without inputs or outputs; what could not be read counts as one. */
  #incomplete(form: Form): void {
    const heads = form.items.map(item => (item.kind === 'list' ? wordOf(item.items[0]) : undefined));
    for (const head of ['declare-input', 'declare-output']) {
      if (!heads.includes(head)) this.#wrong(form, `a ${head} in the network`, 'none');
    }
  }

  #part(item: SExpression): [List, Part] | undefined {
    const head = item.kind === 'list' ? wordOf(item.items[0]) : undefined;
    if (item.kind === 'list' && (ORDER as readonly (string | undefined)[]).includes(head)) {
      return [item, head as Part];
    }
    this.#wrong(item, `one of ${ORDER.join(', ')}`, shown(item));
    return undefined;
  }

  #equivalence(network: Mutable<Network>, list: List, kind: Equivalence['kind']): void {
    const other = this.#name(list, list.items[1], false);
    if (network.equivalence) this.#wrong(list, 'at most one equal-to or isomorphic-to', 'a second one');
    else if (other !== undefined) network.equivalence = { kind, network: other, at: list.at };
    this.#nothingAfter(list, 2);
  }

  #tensor(
    to: { inputs: InputTensor[]; hidden: HiddenTensor[]; outputs: OutputTensor[] },
    list: List,
    head: Part,
  ): void {
    const [, nameAtom, typeAtom, ...rest] = list.items;
    const name = this.#name(list, nameAtom);
    if (typeAtom?.kind !== 'atom') {
      this.#wrong(typeAtom ?? list, 'an element type and a shape, such as Real [2,3]', shown(typeAtom));
      this.#unread(name);
      return;
    }
    const elementType = elementTypeOf(typeAtom.text);
    if (!elementType) {
      const expected = `an element type: ${ELEMENT_TYPE_NAMES.join(', ')}`;
      this.#problems.report(typeAtom.at, { code: 'type', expected, actual: `'${typeAtom.text}'` });
    }
    const shape = readShape(typeAtom, this.#problems);
    const onnxName = head === 'declare-hidden' ? this.#onnxName(list, rest[0]) : '';
    const isInitialized = head === 'declare-input' && this.#isInitialized(rest[0]);
    this.#nothingAfter(list, head === 'declare-hidden' || isInitialized ? 4 : 3);
    if (name === undefined || !elementType || !shape || onnxName === undefined) {
      this.#unread(name);
      return;
    }
    const tensor = { name, elementType, shape, at: list.at };
    if (head === 'declare-input') to.inputs.push({ role: 'input', ...tensor, isInitialized });
    else if (head === 'declare-hidden') to.hidden.push({ role: 'hidden', ...tensor, onnxName });
    else to.outputs.push({ role: 'output', ...tensor });
  }

  #unread(name: string | undefined): void {
    if (name !== undefined) this.#unreadable.add(name);
  }

  #onnxName(list: List, item: SExpression | undefined): string | undefined {
    if (item?.kind === 'string') return unescaped(item.text);
    this.#wrong(item ?? list, 'the name of an ONNX tensor in double quotes', shown(item));
    return undefined;
  }

  #isInitialized(item: SExpression | undefined): boolean {
    if (!item || wordOf(item) !== 'initialized') return false;
    if (this.#minor < 1) {
      const expected = 'version <2.1> or later for initialized';
      this.#problems.report(item.at, { code: 'version', expected, actual: `<2.${this.#minor}>` });
    }
    return true;
  }

  #name(list: List, item: SExpression | undefined, isDeclared = true): string | undefined {
    const word = wordOf(item);
    if (word !== undefined && NAME.test(word)) return word;
    if (word !== undefined && isDeclared) this.#unreadable.add(word);
    this.#wrong(item ?? list, 'a name: a letter, then letters, digits and _', shown(item));
    return undefined;
  }

  #nothingAfter(list: List, expected: number): void {
    if (list.items.length > expected) this.#wrong(list.items[expected], "')'", shown(list.items[expected]));
  }

  #wrong(at: { readonly at: number }, expected: string, actual: string): void {
    this.#problems.report(at.at, { code: 'syntax', expected, actual });
  }
}

const ESCAPED: Record<string, string> = { n: '\n', t: '\t' };

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, (_, c: string) => ESCAPED[c] ?? c);
}
