import { type Problem, VnnLibError, type VnnLibErrorCode } from './errors.js';
import type { Source } from './source.js';

/** A problem before its offset becomes a line and a column. */
export interface Finding {
  readonly code: VnnLibErrorCode;
  readonly expected: string;
  readonly actual: string;
  readonly remedy?: string;
}

/** Collects what is wrong with a text; keeps the first ones and counts the rest. */
export class Problems {
  readonly #source: Source;
  readonly #most: number;
  readonly #found: { at: number; finding: Finding }[] = [];
  #omitted = 0;

  constructor(source: Source, most: number) {
    this.#source = source;
    this.#most = most;
  }

  report(at: number, finding: Finding): void {
    if (this.#found.length < this.#most) this.#found.push({ at, finding });
    else this.#omitted++;
  }

  /** Throws everything found, in the order of the text; nothing, if nothing was. */
  throwAny(): void {
    if (this.#found.length === 0) return;
    const inOrder = this.#found.sort((a, b) => a.at - b.at);
    throw new VnnLibError(
      inOrder.map(({ at, finding }) => located(this.#source, at, finding)),
      this.#omitted,
    );
  }
}

/** The problem with its place in the text. */
export function located(source: Source, at: number, finding: Finding): Problem {
  const expected = clipped(finding.expected);
  const actual = clipped(finding.actual);
  return { ...finding, expected, actual, where: source.where(at), ...source.position(at) };
}

/** Names and shapes of a text may be as long as the text; the longest message of our own, all element types, is not. */
function clipped(text: string): string {
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
