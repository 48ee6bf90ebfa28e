import { PoliceError } from '@police/core';

/** Constraints × inputs²: exact elimination among them takes some 20 s at this. */
const MOST_ELIMINATION = 1e8;

/** Constraints beyond those of a box: pairs of the vertices that they make are compared. */
const MOST_BEYOND_BOX = 512;

/** Throws `too-large` for inequalities whose vertices would take minutes to find, before anything is made of them. */
export function assertEliminable(rows: number, size: number, where: string): void {
  const isElimination = rows * size * size > MOST_ELIMINATION;
  if (!isElimination && rows <= 2 * size + MOST_BEYOND_BOX) return;
  throw new PoliceError({
    code: 'too-large',
    where,
    expected: isElimination
      ? `inequalities where (constraints) × (inputs)² is at most ${MOST_ELIMINATION}`
      : `at most ${MOST_BEYOND_BOX} constraints beyond the ${2 * size} of a box`,
    actual: isElimination ? `${rows} × ${size}²` : `${rows}`,
    remedy:
      'Leave out constraints that others imply, or give a box or a hull of points that holds the region.',
  });
}
