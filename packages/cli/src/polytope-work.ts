import { PoliceError } from '@police/core';

/**
 * Seconds that polytopes of inequalities take at most, on one core of a server: some ten linear programs for each input. Measured:
 * 60 × 20 0.3 s, 3,000 × 4 1 s, 3,000 × 20 6 s, 1,000 × 50 14 s, 300 × 100 22 s, 500 × 100 43 s; a box and one inequality more on 200
 * inputs 2 s, on 784 inputs 14 s. (Vertices are listed where that takes a few seconds, however many constraints there are.)
 */
const [PER_ENTRY_AND_INPUT, PER_INPUT_SQUARED] = [1e-5, 5e-5];

/** What is refused is estimated to take longer. */
const MOST_SECONDS = 60;

/** The size of a system of inequalities; `entries`: coefficients that are not 0. */
export interface InequalitySizes {
  readonly constraints: number;
  readonly inputs: number;
  readonly entries: number;
}

/** Throws `too-large`, with the estimate, for inequalities that would take longer, before anything is made of them. */
export function assertSolvable({ constraints, inputs, entries }: InequalitySizes, where: string): void {
  const seconds = PER_ENTRY_AND_INPUT * entries * inputs + PER_INPUT_SQUARED * inputs ** 2;
  if (seconds <= MOST_SECONDS) return;
  throw new PoliceError({
    code: 'too-large',
    where,
    expected: `inequalities whose linear programs take an estimated ${MOST_SECONDS} s at most`,
    actual: `about ${Math.round(seconds)} s, for ${constraints} constraints on ${inputs} inputs with ${entries} coefficients`,
    remedy:
      'Leave out constraints that others imply, or give a box or a hull of points that holds the region.',
  });
}

/** The sizes of a matrix of JSON, which need not be one; its reader says what is wrong with it. */
export function sizesOfRows(rows: readonly unknown[]): InequalitySizes {
  const lists = rows.filter(row => Array.isArray(row)) as unknown[][];
  return {
    constraints: rows.length,
    inputs: lists.reduce((most, row) => Math.max(most, row.length), 0),
    entries: lists.reduce((sum, row) => sum + row.reduce((n: number, x) => n + Number(x !== 0), 0), 0),
  };
}
