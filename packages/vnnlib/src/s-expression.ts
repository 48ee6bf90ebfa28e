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
  readonly at: number;
  /** Where its items start on the reader's stack. */
  readonly first: number;
}

/** The forms of a text, one after another, so that only one is held at a time. Nesting is as deep as memory. */
export class FormReader {
  readonly #text: string;
  readonly #scanner: Scanner;
  readonly #problems: Problems;
  /** The first `#size` are the items of all open lists, one list after another: arrays that grow cost more. */
  readonly #items: SExpression[] = [];
  #size = 0;

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
    const { start: at } = this.#scanner;
    const open: OpenList[] = [{ at, first: 0 }];
    this.#size = 0;
    for (;;) {
      const kind = this.#scanner.next();
      if (kind === ')') {
        const items = this.#close(open);
        if (items) return { kind: 'list', items, at, isClosed: true };
      } else if (kind === 'end' || (kind === '(' && this.#startsCommand())) {
        const actual = kind === 'end' ? 'the end of the text' : 'another command';
        this.#problems.report(at, { code: 'syntax', expected: "')' for the '(' here", actual });
        this.#scanner.back();
        for (;;) {
          const items = this.#close(open);
          if (items) return { kind: 'list', items, at, isClosed: false };
        }
      } else if (kind === '(') open.push({ at: this.#scanner.start, first: this.#size });
      else if (kind === '[') this.#attach(open[open.length - 1].first);
      else if (kind === 'string') this.#push(this.#string());
      else if (kind === 'atom') this.#push(this.#atom());
      else this.#expected('an expression');
    }
  }

  #push(item: SExpression): void {
    this.#items[this.#size++] = item;
  }

  /** Closes the innermost list and makes it an item of the one around it; returns the items of the outermost. */
  #close(open: OpenList[]): SExpression[] | undefined {
    const { at, first } = open.pop()!;
    const items = this.#items.slice(first, this.#size);
    this.#size = first;
    if (open.length === 0) return items;
    this.#push({ kind: 'list', items, at });
    return undefined;
  }

  #startsCommand(): boolean {
    // Most lists start with an operator: that is seen at once.
    if (this.#text.charCodeAt(this.#scanner.end) < SMALL_A && !/\s/.test(this.#text[this.#scanner.end]))
      return false;
    COMMAND.lastIndex = this.#scanner.end;
    return COMMAND.test(this.#text);
  }

  /** Reads `[a, b]`, whose `[` is at hand, and hangs it on the atom before it in its list. */
  #attach(first: number): void {
    const last = this.#size > first ? this.#items[this.#size - 1] : undefined;
    const at = this.#scanner.start;
    const brackets = this.#brackets();
    if (last?.kind === 'atom' && last.brackets === undefined)
      this.#items[this.#size - 1] = { ...last, brackets };
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
