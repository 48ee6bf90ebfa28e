import { assertFinite, assertSize, PoliceError } from '../../errors.js';
import { type Matrix, matrixFromRows } from '../../numeric/matrix.js';
import { UNIT_ROUNDOFF } from '../../numeric/precision.js';
import { affineFrame } from '../hull/affine-frame.js';
import {
  type ExactWork,
  extremeRays,
  type IntVector,
  independentRows,
  MAX_WORK,
  TooMuchWork,
} from '../hull/double-description.js';
import { integersOf, quotient } from '../hull/rationals.js';
import type { LinearPrograms } from '../programs/linear-programs.js';
import { loadedPrograms } from '../programs/loaded-programs.js';
import { emptyPolytope, unboundedAlong, unboundedPolytope } from '../programs/polytope-errors.js';
import { programmedPolytope } from '../programs/programmed-polytope.js';
import { containmentAllowance, type Region } from '../region.js';
import { vertexRegion } from './vertices.js';

/** More vertices than this, at any time while constraints enter one by one, and `hPolytope` gives up. */
export const MAX_VERTICES = 4096;

/**
 * The bounded polyhedron {x : A x ≤ b}, A `[M, D]` given by rows, b `[M]`. It may lie in fewer dimensions (an equality
 * is a pair of opposite inequalities); redundant rows are fine.
 *
 * Its vertices are enumerated in exact rational arithmetic, the entries of A and b taken as the real numbers they are,
 * so nothing hangs on a tolerance: neither whether it is empty or unbounded, nor which vertices it has. They are then
 * rounded to float64, which `slack` covers. That is done up to {@link MAX_VERTICES} (a D-dimensional box has 2ᴰ) and to a few
 * seconds of work, counted and not timed. Beyond, the region is known through linear programs, if a solver is passed: its ranges are proven too, but may be longer than the true
 * ones by some 10⁻¹⁵ to 10⁻¹¹ of their width, by which `extremes` fall short of them; votes go by a point inside, and
 * a set that is empty by less than rounding may not be found out. See `programmedPolytope`.
 *
 * `contains` checks the inequalities; `sample` is that of `vPolytope`, or a random walk. Throws `empty-region`, `unbounded-region`,
 * `shape`, `not-finite`, `invalid-option` (too many vertices or too much work, and no solver) or `no-solution` (the solver fails).
 *
 * @example
 * hPolytope([[1, 1], [-1, 0], [0, -1]], [1, 0, 0]); // the triangle x ≥ 0, y ≥ 0, x + y ≤ 1
 * hPolytope(manyRows, limits, { programs: await loadLinearPrograms() }); // from '@police/core/highs'
 */
export function hPolytope(
  A: readonly ArrayLike<number>[],
  b: ArrayLike<number>,
  { programs = loadedPrograms() }: RegionOptions = {},
): Region {
  const rows = checkedConstraints(A, b);
  const exact = exactVertices(rows, b);
  if (typeof exact !== 'string') return listedPolytope(A, b, rows, exact);
  if (!programs) throw tooMany(exact);
  return withInequalities(programmedPolytope(rows, Float64Array.from(b), programs), A, b);
}

/** What regions may need besides their numbers. */
export interface RegionOptions {
  /**
   * Solves linear programs, for `hPolytope`s of too many vertices to list.
   * @defaultValue the solver that `loadLinearPrograms` gave last, if it was called
   */
  readonly programs?: LinearPrograms;
}

function listedPolytope(
  A: readonly ArrayLike<number>[],
  b: ArrayLike<number>,
  rows: Matrix,
  exact: readonly IntVector[],
): Region {
  const vertices = matrixFromRows(exact.map(([t, ...x]) => x.map(value => quotient(value, t))));
  assertFinite(
    vertices.data,
    'hPolytope vertices',
    'Two constraints are parallel but for rounding: drop one.',
  );
  // Each coordinate is the float64 nearest the true one.
  const largest = new Float64Array(rows.cols);
  vertices.data.forEach((x, i) => {
    largest[i % rows.cols] = Math.max(largest[i % rows.cols], Math.abs(x));
  });
  const slack = largest.map(x => 2 * UNIT_ROUNDOFF * x + Number.MIN_VALUE);
  const json = { kind: 'hPolytope' as const, A: A.map(row => Array.from(row)), b: Array.from(b) };
  return withInequalities(vertexRegion(json, vertices, affineFrame(vertices), slack), A, b);
}

/** `contains` by the inequalities themselves, each off by what is allowed in the coordinates that it has. */
function withInequalities(region: Region, A: readonly ArrayLike<number>[], b: ArrayLike<number>): Region {
  const reach = region.reach(region.frame);
  const allowance = containmentAllowance(region.slack, reach, region.size);
  return {
    ...region,
    contains: (x, tolerance = 0) => {
      assertSize(x.length, region.size, 'hPolytope contains', 'a point');
      const allowed = allowance.map(a => Math.max(a, tolerance));
      // Farther away, sums round by more than is allowed.
      if (!allowed.every((a, k) => Math.abs(x[k]) <= reach[k] + a)) return false;
      return A.every((row, i) => {
        let excess = -b[i];
        let most = 0;
        for (let k = 0; k < x.length; k++) {
          excess += row[k] * x[k];
          most += Math.abs(row[k]) * allowed[k];
        }
        return excess <= most;
      });
    },
  };
}

function checkedConstraints(A: readonly ArrayLike<number>[], b: ArrayLike<number>): Matrix {
  assertSize(b.length, A.length, 'hPolytope b', 'a vector with an entry for each row of A');
  if (A.length === 0 || A[0].length === 0) {
    throw unboundedPolytope(A.length === 0 ? 'no constraints' : 'constraints on no coordinates');
  }
  A.forEach((row, i) => {
    assertSize(row.length, A[0].length, `hPolytope A row ${i}`, 'a row');
    assertFinite(row, `hPolytope A row ${i}`);
  });
  assertFinite(b, 'hPolytope b', 'Leave out a constraint without a bound.');
  return matrixFromRows(A);
}

/** The vertices in homogeneous whole numbers, [t, t·x], or why not: they are too many, or too much work to find. */
function exactVertices(A: Matrix, b: ArrayLike<number>): IntVector[] | string {
  try {
    return verticesWithin(A, b, { ...MAX_WORK }) ?? 'more';
  } catch (error) {
    if (error instanceof TooMuchWork)
      return `${A.rows} constraints on ${A.cols} coordinates, which take more steps`;
    throw error;
  }
}

/** Throws `TooMuchWork`, `empty-region` or `unbounded-region`. */
function verticesWithin(A: Matrix, b: ArrayLike<number>, work: ExactWork): IntVector[] | undefined {
  const { rows: count, cols: size } = A;
  // (t, t·x) with t ≥ 0 and bᵢ t − aᵢ · t x ≥ 0: the cone over the polyhedron.
  const constraints = Array.from({ length: count }, (_, i) =>
    integersOf([b[i], ...Array.from(A.data.subarray(i * size, (i + 1) * size), x => -x)]),
  );
  const { columns } = independentRows(
    constraints.map(row => row.slice(1)),
    work,
  );
  // Without the coordinates that depend on others the polyhedron has no lines, and is empty exactly when it was.
  const spanning = constraints.map(([first, ...row]) => [first, ...columns.map(k => row[k])]);
  const cone = [[1n, ...columns.map(() => 0n)], ...spanning];
  const rays = extremeRays(cone, independentRows(cone, work).rows, MAX_VERTICES, work);
  if (!rays) return undefined;
  const vertices = rays.filter(([t]) => t > 0n);
  if (vertices.length === 0) throw emptyPolytope(count);
  if (columns.length < size) {
    throw unboundedPolytope(`rows that leave ${size - columns.length} of ${size} dimensions free`);
  }
  const ray = rays.find(([t]) => t === 0n);
  if (ray) throw unboundedAlong(directionOf(ray));
  return vertices;
}

/** A ray's direction, its largest entry ±1. */
function directionOf([, ...x]: IntVector): number[] {
  const largest = x.reduce((max, value) => {
    const size = value < 0n ? -value : value;
    return size > max ? size : max;
  }, 0n);
  return x.map(value => quotient(value, largest));
}

function tooMany(actual: string): PoliceError {
  return new PoliceError({
    code: 'invalid-option',
    where: 'hPolytope',
    expected: `at most ${MAX_VERTICES} vertices, found in ${MAX_WORK.products} products of whole numbers`,
    actual,
    remedy:
      "Pass { programs: await loadLinearPrograms() } from '@police/core/highs', or enclose it in a box, a zonotope or an ellipsoid.",
  });
}
