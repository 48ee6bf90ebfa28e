import { excerpt } from './errors.js';
import type { Problems } from './problems.js';

export type TokenKind = '(' | ')' | '[' | ']' | ',' | 'string' | 'atom' | 'end';

/** By character. */
const PUNCTUATION: readonly (TokenKind | undefined)[] = Array.from({ length: 128 }, (_, c) =>
  '()[],'.includes(String.fromCharCode(c)) ? (String.fromCharCode(c) as TokenKind) : undefined,
);
const [TAB, LINE_FEED, CARRIAGE_RETURN, SPACE, QUOTE, SEMICOLON, BAR, BACKSLASH] = [
  9, 10, 13, 32, 34, 59, 124, 92,
];
const BYTE_ORDER_MARK = 0xfeff;

/** Characters at which an atom ends. */
const ENDS_ATOM = new Uint8Array(128);
for (const c of ' \t\n\r\f\v()[],";|') ENDS_ATOM[c.charCodeAt(0)] = 1;

/**
 * The tokens of a text, one after another: punctuation, strings in double quotes, and atoms, which is all else between
 * spaces (names, numbers, operators, `<2.0>`, and SMT-LIB's `|quoted symbols|`). Comments run from `;` to the end of the
 * line.
 */
export class Scanner {
  kind: TokenKind = 'end';
  /** The token is `text.slice(start, end)`. */
  start = 0;
  end = 0;
  readonly #text: string;
  readonly #problems: Problems;
  /** Set once a quote was found that nothing closes, so that no later one is searched for again. */
  readonly #unclosed: Set<number> = new Set();

  constructor(text: string, problems: Problems) {
    this.#text = text;
    this.#problems = problems;
    if (text.charCodeAt(0) === BYTE_ORDER_MARK) this.end = 1;
  }

  /** Goes to the next token and returns its kind; `'end'` for ever after the last. */
  next(): TokenKind {
    const text = this.#text;
    this.start = this.#skipSpace();
    if (this.start >= text.length) {
      this.end = this.start;
      this.kind = 'end';
      return this.kind;
    }
    const c = text.charCodeAt(this.start);
    const punctuation = PUNCTUATION[c];
    if (punctuation) {
      this.end = this.start + 1;
      this.kind = punctuation;
    } else if (c === QUOTE || c === BAR) {
      this.end = this.#closing(c);
      this.kind = c === QUOTE ? 'string' : 'atom';
    } else {
      let end = this.start + 1;
      while (end < text.length && !ENDS_ATOM[text.charCodeAt(end)]) end++;
      this.end = end;
      this.kind = 'atom';
    }
    return this.kind;
  }

  /** Makes the token at hand the next one again. */
  back(): void {
    this.end = this.start;
  }

  #skipSpace(): number {
    const text = this.#text;
    let i = this.end;
    for (; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (c === SEMICOLON) {
        while (i < text.length && text.charCodeAt(i) !== LINE_FEED && text.charCodeAt(i) !== CARRIAGE_RETURN)
          i++;
      } else if (c !== SPACE && (c < TAB || c > CARRIAGE_RETURN)) break;
    }
    return i;
  }

  /** Offset after the quote that closes the one at `start`; without one the end of the line, and a problem. */
  #closing(quote: number): number {
    const text = this.#text;
    if (!this.#unclosed.has(quote)) {
      for (let i = this.start + 1; i < text.length; i++) {
        const c = text.charCodeAt(i);
        if (c === quote) return i + 1;
        if (c === BACKSLASH && quote === QUOTE) i++;
      }
      this.#unclosed.add(quote);
    }
    let end = this.start + 1;
    while (end < text.length && text.charCodeAt(end) !== LINE_FEED) end++;
    const actual = excerpt(text.slice(this.start, end));
    this.#problems.report(this.start, { code: 'syntax', expected: 'a closing quote', actual });
    return end;
  }
}
