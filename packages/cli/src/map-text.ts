import type { AffineMap } from '@police/core';
import { shortNumber } from './report.js';

/** Larger maps are not printed. */
const MOST_ENTRIES = 36;

/** A x + b in a few lines, or where it is to be found. */
export function mapLines(
  map: () => AffineMap,
  outputs: number,
  inputs: number,
  place: string | undefined,
): string[] {
  if (outputs * inputs > MOST_ENTRIES) {
    return [
      `A [${outputs} × ${inputs}] and b: ${place ? `in ${place}` : 'written with --certificate <file>'}.`,
    ];
  }
  const { A, b } = map();
  return Array.from(b, (offset, j) => {
    const terms = Array.from(A.data.subarray(j * inputs, (j + 1) * inputs), (a, k) =>
      a === 0 ? '' : ` ${a < 0 ? '−' : '+'} ${shortNumber(Math.abs(a))} x${k}`,
    );
    return `  y${j} = ${shortNumber(offset)}${terms.join('')}`;
  });
}
