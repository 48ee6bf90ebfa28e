import { excerpt } from './errors.js';
import type { Problems } from './problems.js';
import type { Source } from './source.js';
import { Scanner } from './tokens.js';

/** A name, number, operator or keyword, and what stands in brackets after it: `X[0,2]`, `Real [3]`. */
export interface Atom {
  readonly kind: 'atom';
  readonly text: string;
  readonly at: number;
  readonly brackets: readonly Atom[] | 'unreadable' | undefined;
}

/** What stands between double quotes, escapes as written. */
export interface Text {
  readonly kind: 'string';
  readonly text: string;
  readonly at: number;
}

export interface List {
  readonly kind: 'list';
  readonly items: readonly SExpression[];
  readonly at: number;
}

export type SExpression = Atom | Text | List;

/** A list at the top level. */
export interface Form extends List {
  /** False where its end is missing and was put before the next command, or at the end of the text. */
  readonly isClosed: boolean;
}

/** Commands that never stand inside another: one that seems to shows that a parenthesis before it is missing. */
const SMALL_A = 97;
const COMMAND = /\s*(?:assert|declare-(?:const|fun|network)|vnnlib-version|check-sat)(?=[\s()])/y;

interface OpenList {
  readonly items: SExpression[];
  readonly at: number;
}

/** The forms of a text, one after another, so that only one is held at a time. Nesting is as deep as memory. */
export class FormReader {
  readonly #text: string;
  readonly #scanner: Scanner;
  readonly #problems: Problems;

  constructor(source: Source, problems: Problems) {
    this.#text = source.text;
    this.#scanner = new Scanner(source.text, problems);
    this.#problems = problems;
  }

  /** The next form; undefined at the end. */
  next(): Form | undefined {
    let isStray = false;
    for (;;) {
      const kind = this.#scanner.next();
      if (kind === 'end') return undefined;
      if (kind === '(') return this.#form();
      if (!isStray) this.#expected(kind === ')' ? "an opening parenthesis before ')'" : "'('");
      isStray = true;
    }
  }

  #form(): Form {
    const at = this.#scanner.start;
    const open: OpenList[] = [{ items: [], at }];
    for (;;) {
      const kind = this.#scanner.next();
      const { items } = open[open.length - 1];
      if (kind === ')') {
        const { at: doneAt } = open.pop()!;
        if (open.length === 0) return { kind: 'list', items, at, isClosed: true };
        open[open.length - 1].items.push({ kind: 'list', items, at: doneAt });
      } else if (kind === 'end' || (kind === '(' && this.#startsCommand())) {
        return this.#unclosed(open, kind === 'end' ? 'the end of the text' : 'another command');
      } else if (kind === '(') open.push({ items: [], at: this.#scanner.start });
      else if (kind === '[') this.#attach(items);
      else if (kind === 'string') items.push(this.#string());
      else if (kind === 'atom') items.push(this.#atom());
      else this.#expected('an expression');
    }
  }

  #unclosed(open: OpenList[], actual: string): Form {
    const [{ at }] = open;
    this.#problems.report(at, { code: 'syntax', expected: "')' for the '(' here", actual });
    this.#scanner.back();
    while (open.length > 1) {
      const { items, at: innerAt } = open.pop()!;
      open[open.length - 1].items.push({ kind: 'list', items, at: innerAt });
    }
    return { kind: 'list', items: open[0].items, at, isClosed: false };
  }

  #startsCommand(): boolean {
    // Most lists start with an operator: that is seen at once.
    if (this.#text.charCodeAt(this.#scanner.end) < SMALL_A && !/\s/.test(this.#text[this.#scanner.end]))
      return false;
    COMMAND.lastIndex = this.#scanner.end;
    return COMMAND.test(this.#text);
  }

  /** Reads `[a, b]`, whose `[` is at hand, and hangs it on the atom before it. */
  #attach(items: SExpression[]): void {
    const last = items[items.length - 1];
    const at = this.#scanner.start;
    const brackets = this.#brackets();
    if (last?.kind === 'atom' && last.brackets === undefined) items[items.length - 1] = { ...last, brackets };
    else this.#problems.report(at, { code: 'syntax', expected: "a name before '['", actual: 'none' });
  }

  #brackets(): Atom[] | 'unreadable' {
    const found: Atom[] = [];
    if (this.#scanner.next() === ']') return found;
    for (;;) {
      if (this.#scanner.kind !== 'atom') break;
      found.push(this.#atom());
      const after = this.#scanner.next();
      if (after === ']') return found;
      if (after !== ',') break;
      this.#scanner.next();
    }
    this.#expected("whole numbers between ',' and a closing ']'");
    let { kind } = this.#scanner;
    while (kind === 'atom' || kind === ',' || kind === 'string') kind = this.#scanner.next();
    if (kind !== ']') this.#scanner.back();
    return 'unreadable';
  }

  #atom(): Atom {
    const { start, end } = this.#scanner;
    return { kind: 'atom', text: this.#text.slice(start, end), at: start, brackets: undefined };
  }

  #string(): Text {
    const { start, end } = this.#scanner;
    const isClosed = end - start > 1 && this.#text[end - 1] === '"';
    return { kind: 'string', text: this.#text.slice(start + 1, isClosed ? end - 1 : end), at: start };
  }

  #expected(expected: string): void {
    const { start, end, kind } = this.#scanner;
    const actual = kind === 'end' ? 'the end of the text' : `'${excerpt(this.#text.slice(start, end))}'`;
    this.#problems.report(start, { code: 'syntax', expected, actual });
  }
}

/** The text of an atom without brackets; undefined for all else. */
export function wordOf(expression: SExpression | undefined): string | undefined {
  return expression?.kind === 'atom' && expression.brackets === undefined ? expression.text : undefined;
}

/** An expression for a message. */
export function shown(expression: SExpression | undefined): string {
  if (expression === undefined) return 'nothing';
  if (expression.kind === 'string') return `"${excerpt(expression.text)}"`;
  if (expression.kind === 'atom') return `'${excerpt(expression.text)}${bracketsShown(expression)}'`;
  const [head] = expression.items;
  return head?.kind === 'atom' ? `'(${excerpt(head.text)} …)'` : "'( … )'";
}

function bracketsShown({ brackets }: Atom): string {
  if (brackets === 'unreadable') return '[…]';
  return brackets ? excerpt(`[${brackets.slice(0, 8).map(index => index.text)}]`) : '';
}
