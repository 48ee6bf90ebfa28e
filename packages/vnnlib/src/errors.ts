/** What went wrong, for programs; the message says it for people. */
export type VnnLibErrorCode =
  /** The text is not of the language: parentheses, keywords, numbers, order of declarations. */
  | 'syntax'
  /** A version of the language that this package does not read. */
  | 'version'
  /** A name that no declaration before it introduced. */
  | 'undeclared'
  /** A name declared twice. */
  | 'duplicate'
  /** Element types, shapes, indices or equivalent networks that do not fit. */
  | 'type'
  /** A number, or a disjunctive normal form, beyond what is allowed. */
  | 'too-large'
  /** An expression that is no sum of constants times elements. */
  | 'nonlinear'
  /** A query that the function asked cannot express: several networks, hidden elements. */
  | 'unsupported'
  /** Inputs without a lower or an upper bound. */
  | 'unbounded'
  /** A region without points. */
  | 'empty'
  /** An option outside its allowed values. */
  | 'invalid-option';

/** One thing that is wrong, and where. */
export interface Problem {
  readonly code: VnnLibErrorCode;
  /** `file:line:column` for what stands in a text, else the option or the part of the query. */
  readonly where: string;
  /** From 1; absent where the problem is not about a place in a text. */
  readonly line?: number;
  /** From 1, in UTF-16 units; absent where `line` is. */
  readonly column?: number;
  readonly expected: string;
  readonly actual: string;
  /** What the caller can do about it. */
  readonly remedy?: string;
}

/**
 * The only error this package throws. `problems` holds everything found, in the order of the text; the fields of the
 * first are repeated on the error itself.
 */
export class VnnLibError extends Error implements Problem {
  override readonly name: string = 'VnnLibError';
  readonly code: VnnLibErrorCode;
  readonly where: string;
  declare readonly line?: number;
  declare readonly column?: number;
  readonly expected: string;
  readonly actual: string;
  declare readonly remedy?: string;
  readonly problems: readonly Problem[];
  /** How many more were found than `problems` lists. */
  readonly omitted: number;

  constructor(problems: Problem | readonly Problem[], omitted = 0) {
    const all: readonly Problem[] = 'code' in problems ? [problems] : problems;
    super([...all.map(sentence), ...(omitted > 0 ? [`… and ${omitted} more.`] : [])].join('\n'));
    const [{ code, where, expected, actual, ...rest }] = all;
    this.code = code;
    this.where = where;
    this.expected = expected;
    this.actual = actual;
    Object.assign(this, rest);
    this.problems = all;
    this.omitted = omitted;
  }
}

function sentence({ where, expected, actual, remedy }: Problem): string {
  return `${where}: expected ${expected}, got ${actual}.${remedy ? ` ${remedy}` : ''}`;
}

/** Text for a message: short, in one line. */
export function excerpt(text: string): string {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return JSON.stringify(shown).slice(1, -1).replaceAll('\\"', '"');
}
