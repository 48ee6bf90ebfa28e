import type { AffineMap, Certificate } from '@police/core';
import { shortNumber } from './report.js';

/** Larger maps are not printed. */
const MOST_ENTRIES = 36;

/** A x + b in a few lines, or where it is to be found: in a certificate, which leaves large ones out unless it is told not to. */
export function mapLines(
  map: () => AffineMap,
  certificate: string | undefined,
  { regions: [first] }: Certificate,
  outputs: number,
  inputs: number,
): string[] {
  if (outputs * inputs > MOST_ENTRIES) {
    const flags = [
      ...(certificate === undefined ? ['--certificate <file>'] : []),
      ...(first.A ? [] : ['--map']),
    ];
    const place = flags.length === 0 ? `in ${certificate}` : `written with ${flags.join(' and ')}`;
    return [`  A [${outputs} × ${inputs}] and b: ${place}.`];
  }
  const { A, b } = map();
  return Array.from(b, (offset, j) => {
    const terms = Array.from(A.data.subarray(j * inputs, (j + 1) * inputs), (a, k) =>
      a === 0 ? '' : ` ${a < 0 ? '−' : '+'} ${shortNumber(Math.abs(a))} x${k}`,
    );
    return `  y${j} = ${shortNumber(offset)}${terms.join('')}`;
  });
}
