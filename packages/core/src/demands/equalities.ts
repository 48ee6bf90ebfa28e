import { PoliceError } from '../errors.js';
import {
  largestEntry,
  type Matrix,
  matrix,
  matrixFromRows,
  multiplyTransposed,
  norm,
  rowOf,
} from '../numeric/matrix.js';
import { leastNormSolution, rankOf, singularValues } from '../numeric/singular-values.js';
import type { Equality } from './convex-set.js';

/** The points where all equalities hold. */
export interface AffineSet {
  /** The nearest one. */
  project(z: Float64Array): Float64Array;
  /** v without what leaves the set. */
  along(v: Float64Array): Float64Array;
  /** One point of it, the nearest to 0. */
  readonly point: Float64Array;
  /** Orthonormal rows that span what the equalities fix, `[r, n]`. */
  readonly fixed: Matrix;
}

/** Equations that are solved together. */
const MOST_EQUATIONS = 2048;

/** Rounding of the solution, relative to the numbers in the equations. */
const CONSISTENT = 2 ** -36;

/** Throws `infeasible-target`, naming the demand, where they contradict each other. */
export function affineSet(equalities: readonly Equality[], size: number): AffineSet {
  if (equalities.length > MOST_EQUATIONS) {
    throw new PoliceError({
      code: 'too-large',
      where: equalities[0].where,
      expected: `at most ${MOST_EQUATIONS} equations on A and b`,
      actual: `${equalities.length}`,
      remedy: 'Give all of A and b, which needs no equations, or demand less.',
    });
  }
  // Rows of length 1, so that no equation outweighs another.
  const lengths = equalities.map(({ row }) => norm(row) || 1);
  const rows = matrixFromRows(
    equalities.map(({ row }, i) => row.map(x => x / lengths[i])),
    size,
  );
  const values = Float64Array.from(equalities, ({ value }, i) => value / lengths[i]);
  const found = singularValues(rows);
  const rank = rankOf(rows, found);
  const fixed = { rows: rank, cols: size, data: found.right.data.subarray(0, rank * size) };
  const point = leastNormSolution(rows, matrix(values.length, 1, values), found).data;
  assertSolved(equalities, rows, values, point);
  const along = (v: Float64Array) => {
    const result = v.slice();
    for (let k = 0; k < rank; k++) {
      const axis = rowOf(fixed, k);
      const component = axis.reduce((sum, x, i) => sum + x * v[i], 0);
      for (let i = 0; i < size; i++) result[i] -= component * axis[i];
    }
    return result;
  };
  const project = (z: Float64Array) => {
    const offset = along(z.map((x, i) => x - point[i]));
    return offset.map((x, i) => x + point[i]);
  };
  return { project, along, point, fixed };
}

function assertSolved(
  equalities: readonly Equality[],
  rows: Matrix,
  values: Float64Array,
  point: Float64Array,
): void {
  const reached = multiplyTransposed({ rows: 1, cols: point.length, data: point }, rows).data;
  const scale = Math.max(largestEntry(values), norm(point));
  const off = reached.map((x, i) => Math.abs(x - values[i]));
  const worst = off.indexOf(largestEntry(off));
  if (!(off[worst] > CONSISTENT * scale)) return;
  throw new PoliceError({
    code: 'infeasible-target',
    where: equalities[worst].where,
    expected: 'equations on A and b that can hold at once',
    actual: `a contradiction: the nearest map misses one by ${off[worst].toPrecision(3)}`,
    remedy: 'Drop one of the demands that contradict each other.',
  });
}
