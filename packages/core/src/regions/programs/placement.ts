import { PoliceError } from '../../errors.js';
import { lengthOf, type Matrix, matrix, matrixFromRows, rowOf } from '../../numeric/matrix.js';
import { UNIT_ROUNDOFF } from '../../numeric/precision.js';
import type { LinearPrograms } from './linear-programs.js';
import { emptyPolytope, unboundedAlong } from './polytope-errors.js';
import { axisCosts, provenLimits, safeMaximum } from './safe-bounds.js';
import {
  type Constraints,
  type Coordinates,
  constraintsIn,
  equilibrated,
  exponentOf,
  timesPowerOf2,
} from './scaled-constraints.js';

/** Coordinates that suit a polytope, and the polytope in them. */
export interface Placement {
  readonly coordinates: Coordinates;
  readonly constraints: Constraints;
  /** Proven bounds on |λ|, `[D]`. */
  readonly limits: Float64Array;
}

interface Measured extends Placement {
  /** λ half way between the extremes along each axis, `[D]`, and half their distance. */
  readonly middle: Float64Array;
  readonly halfWidths: Float64Array;
}

/** Zooming in by 2³⁰ a pass, a polytope of any size anywhere is in focus after these, or thinner than rounding. */
const PASSES = 4;
const LARGEST_ZOOM = 30;

/**
 * Coordinates centred on the polytope {x : A x ≤ b} in which its half-widths along the axes are near 1, found by looking
 * closer where it turns out small: a solver's tolerances are absolute. 2D linear programs a pass.
 *
 * Throws `empty-region`, `unbounded-region` or `no-solution`.
 */
export function focused(A: Matrix, b: ArrayLike<number>, programs: LinearPrograms): Placement {
  let coordinates = equilibrated(A, b);
  for (let pass = 1; ; pass++) {
    const measured = measure(A, b, coordinates, programs);
    const next = zoomed(measured);
    const isInFocus =
      measured.middle.every(x => Math.abs(x) <= 1) &&
      next.exponents.every((e, k) => Math.abs(e - coordinates.exponents[k]) <= 1);
    if (isInFocus || pass === PASSES) return measured;
    coordinates = next;
  }
}

/** The same polytope in the same scales about another origin, λ `[D]` away. */
export function movedTo(
  A: Matrix,
  b: ArrayLike<number>,
  { coordinates }: Placement,
  lambda: Float64Array,
  programs: LinearPrograms,
): Placement {
  return measure(A, b, shifted(coordinates, lambda), programs);
}

function shifted({ origin, exponents }: Coordinates, lambda: Float64Array): Coordinates {
  return { exponents, origin: origin.map((o, k) => o + timesPowerOf2(lambda[k], exponents[k])) };
}

function measure(
  A: Matrix,
  b: ArrayLike<number>,
  coordinates: Coordinates,
  programs: LinearPrograms,
): Measured {
  const constraints = constraintsIn(A, b, coordinates);
  const ends = optima(constraints, matrixFromRows(axisCosts(A.cols)), programs, coordinates.exponents);
  const at = (k: number) => [ends[2 * k].x[k], ends[2 * k + 1].x[k]];
  const limits = provenLimits(
    constraints,
    ends.map(({ y }) => y),
  );
  return {
    coordinates,
    constraints,
    limits,
    middle: limits.map((_, k) => (at(k)[0] + at(k)[1]) / 2),
    halfWidths: limits.map((_, k) => (at(k)[0] - at(k)[1]) / 2),
  };
}

function zoomed({ coordinates, middle, halfWidths }: Measured): Coordinates {
  const { origin, exponents } = shifted(coordinates, middle);
  return {
    origin,
    exponents: exponents.map((e, k) => {
      const zoom = Math.max(-LARGEST_ZOOM, Math.min(LARGEST_ZOOM, exponentOf(halfWidths[k])));
      // Nearer than the spacing of float64 at the origin there is nothing to see.
      return Math.max(e + zoom, exponentOf(origin[k] * UNIT_ROUNDOFF));
    }),
  };
}

/** Optima of linear programs over a polytope; throws what the polytope turns out not to be. */
export function optima(
  { G, g }: Constraints,
  costs: Matrix,
  programs: LinearPrograms,
  exponents: Float64Array = new Float64Array(G.cols),
): readonly { readonly x: Float64Array; readonly y: Float64Array }[] {
  return programs.maximise(G, g, costs).map(found => {
    if (found.status === 'infeasible') throw emptyPolytope(G.rows);
    if (found.status === 'optimal') return found;
    assertFree(G, found.ray);
    const largest = found.ray.reduce((max, x, k) => Math.max(max, exponentOf(x) + exponents[k]), -Infinity);
    throw unboundedAlong(Array.from(found.ray, (x, k) => timesPowerOf2(x, exponents[k] - largest)));
  });
}

/** A solver drops entries far below 1, and may then take a bounded polytope for an unbounded one. */
function assertFree(G: Matrix, ray: Float64Array): void {
  const length = ray.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
  for (let i = 0; i < G.rows; i++) {
    const growth = rowOf(G, i).reduce((sum, a, k) => sum + a * ray[k], 0);
    if (growth <= 2 ** -44 * length) continue;
    throw new PoliceError({
      code: 'no-solution',
      where: 'hPolytope',
      expected: 'a direction that no constraint bounds',
      actual: `one that constraint ${i} bounds`,
      remedy: 'Scale coordinates to sizes nearer to one another.',
    });
  }
}

/** A point inside the polytope, and which constraints no point of it leaves any room. */
export interface Interior {
  /** λ `[D]`. */
  readonly centre: Float64Array;
  /** Indices of constraints that hold with equality all over the polytope. */
  readonly equalities: readonly number[];
}

/** A polytope thinner than this share of its widths counts as flat. */
const FLAT = 2 ** -36;

/**
 * The centre of the largest ball that the constraints leave room for (Chebyshev centre; Boyd & Vandenberghe, Convex
 * Optimization, §8.5.1), those that are equalities set aside. While that ball has radius 0, constraints with positive
 * multipliers are equalities: Σ yᵢ(gᵢ − Gᵢ·λ) = 0 for all λ of the polytope.
 *
 * Throws `empty-region` where the multipliers prove that no point satisfies all.
 */
export function interiorOf({ constraints, limits }: Placement, programs: LinearPrograms): Interior {
  const { G, g } = constraints;
  const norms = g.map((_, i) => lengthOf(rowOf(G, i)));
  const equalities = new Set<number>();
  for (;;) {
    const isBounding = norms.map((norm, i) => (equalities.has(i) ? 0 : norm));
    const [{ x, y }] = optima(ballConstraints(constraints, isBounding), ballCost(G.cols), programs);
    if (safeMaximum(constraints, new Float64Array(G.cols), y, limits) < 0) throw emptyPolytope(G.rows);
    const result = { centre: x.slice(0, G.cols), equalities: [...equalities].sort((i, k) => i - k) };
    if (x[G.cols] > FLAT) return result;
    // The products below sum to 1.
    const found = [...isBounding.keys()].filter(i => isBounding[i] * y[i] > 1 / (2 * G.rows));
    if (found.length === 0) return result;
    for (const i of found) equalities.add(i);
  }
}

/** G λ + norms r ≤ g and r ≤ 1, in (λ, r). */
function ballConstraints({ G, g }: Constraints, norms: Float64Array): Constraints {
  const { rows, cols } = G;
  const withRadius = matrix(rows + 1, cols + 1);
  for (let i = 0; i < rows; i++) {
    withRadius.data.set(rowOf(G, i), i * (cols + 1));
    withRadius.data[i * (cols + 1) + cols] = norms[i];
  }
  withRadius.data[withRadius.data.length - 1] = 1;
  return { G: withRadius, g: Float64Array.of(...g, 1) };
}

function ballCost(size: number): Matrix {
  const cost = matrix(1, size + 1);
  cost.data[size] = 1;
  return cost;
}

/** The solutions λ = lift · (λ of the free coordinates) + offset of linear equations, to rounding. */
export interface Span {
  /** Indices of the d free coordinates. */
  readonly free: readonly number[];
  /** `[D, d]`. */
  readonly lift: Matrix;
  /** `[D]`, 0 for those that are free. */
  readonly offset: Float64Array;
}

/** Entries of equations of entries near 1 that are rounding; a direction wrongly taken for free does no harm. */
const NEGLIGIBLE = 2 ** -30;

/** Gauss–Jordan elimination of equations G λ = g with full pivoting, so that entries of the lift stay small. */
export function spanOf({ G, g }: Constraints): Span {
  const size = G.cols;
  const rows = Array.from({ length: G.rows }, (_, i) => Float64Array.of(...rowOf(G, i), g[i]));
  const pivotRows = new Map<number, Float64Array>();
  while (rows.length > 0) {
    let best = { row: 0, column: 0, size: NEGLIGIBLE };
    rows.forEach((row, i) => {
      for (let k = 0; k < size; k++) {
        if (Math.abs(row[k]) > best.size) best = { row: i, column: k, size: Math.abs(row[k]) };
      }
    });
    if (best.size === NEGLIGIBLE) break;
    const { column } = best;
    const [row] = rows.splice(best.row, 1);
    const pivot = row[column];
    const normal = row.map(a => a / pivot);
    for (const other of [...rows, ...pivotRows.values()]) {
      const factor = other[column];
      normal.forEach((a, k) => {
        other[k] -= factor * a;
      });
    }
    pivotRows.set(column, normal);
  }
  const free = Array.from({ length: size }, (_, k) => k).filter(k => !pivotRows.has(k));
  const lift = matrix(size, free.length);
  free.forEach((f, i) => {
    for (let k = 0; k < size; k++) {
      lift.data[k * free.length + i] = k === f ? 1 : -(pivotRows.get(k)?.[f] ?? 0);
    }
  });
  const offset = Float64Array.from({ length: size }, (_, k) => pivotRows.get(k)?.[size] ?? 0);
  return { free, lift, offset };
}
