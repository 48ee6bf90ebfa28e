import type { Problems } from './problems.js';
import { type Atom, shown } from './s-expression.js';

/** A length or an index; undefined after reporting another thing. */
export function wholeNumber(atom: Atom, problems: Problems): number | undefined {
  const value = /^\d+$/.test(atom.text) && !atom.brackets ? Number(atom.text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  problems.report(atom.at, { code: 'syntax', expected: 'a whole number from 0 up', actual: shown(atom) });
  return undefined;
}

/** The lengths in brackets; undefined after reporting what is none, or more elements than numbers can count. */
export function readShape(atom: Atom, problems: Problems): number[] | undefined {
  if (!atom.brackets) {
    const actual = `${shown(atom)} alone`;
    problems.report(atom.at, {
      code: 'syntax',
      expected: 'a shape in brackets after the element type',
      actual,
    });
    return undefined;
  }
  if (atom.brackets === 'unreadable') return undefined;
  const lengths = atom.brackets.map(item => wholeNumber(item, problems));
  if (lengths.includes(undefined)) return undefined;
  const shape = lengths as number[];
  // The product of what is not 0: an order of factors must not decide.
  if (Number.isSafeInteger(shape.reduce((size, length) => size * Math.max(1, length), 1))) return shape;
  problems.report(atom.at, { code: 'too-large', expected: 'at most 2^53 − 1 elements', actual: shown(atom) });
  return undefined;
}
