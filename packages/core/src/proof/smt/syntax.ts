import type { Fraction } from '../../numeric/fraction.js';
import type { LinearForm } from './linear-form.js';

/** SMT-LIB 2.6, logic QF_LRA: numerals are real numbers there, and a fraction is written as a division. */

/** A number times a term. */
export interface TermText {
  readonly weight: Fraction;
  readonly text: string;
}

function wholeText(x: bigint): string {
  return x < 0n ? `(- ${-x})` : `${x}`;
}

export function fractionText({ numerator, denominator }: Fraction): string {
  if (denominator === 1n) return wholeText(numerator);
  const size = `(/ ${numerator < 0n ? -numerator : numerator} ${denominator})`;
  return numerator < 0n ? `(- ${size})` : size;
}

/** constant + Σ weight · term. */
export function sumText(terms: readonly TermText[], constant: Fraction): string {
  const parts = terms.map(({ weight, text }) =>
    weight.numerator === 1n && weight.denominator === 1n ? text : `(* ${fractionText(weight)} ${text})`,
  );
  if (constant.numerator !== 0n || parts.length === 0) parts.push(fractionText(constant));
  return parts.length === 1 ? parts[0] : `(+ ${parts.join(' ')})`;
}

/** A form, its coordinates by name. */
export function formText(
  { at, numerators, constant, denominator }: LinearForm,
  names: readonly string[],
): string {
  const terms = at.map((k, i) => ({ weight: { numerator: numerators[i], denominator: 1n }, text: names[k] }));
  const text = sumText(terms, { numerator: constant, denominator: 1n });
  return denominator === 1n ? text : `(/ ${text} ${denominator})`;
}

export function defined(name: string, text: string): string {
  return `(define-fun ${name} () Real ${text})\n`;
}

export function asserted(text: string): string {
  return `(assert ${text})\n`;
}

/** Asks whether what contradicts a claim can be: `unsat` proves the claim. */
export function refutable(...contradiction: readonly string[]): string {
  return `(push 1)\n${contradiction.map(asserted).join('')}(check-sat)\n(pop 1)\n`;
}

/** A comment in ASCII, whatever the text has in it. */
export function comment(text: string): string {
  const plain = text.replace(/[^\x20-\x7e]/g, c => `\\u{${c.codePointAt(0)!.toString(16)}}`);
  return `; ${plain}\n`;
}
