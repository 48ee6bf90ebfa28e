import { type Matrix, matrix, matrixFromRows, multiply, rowOf } from '../../numeric/matrix.js';
import { type Region, regionOf } from '../region.js';
import type { LinearPrograms } from './linear-programs.js';
import { focused, interiorOf, movedTo, optima, type Placement, type Span, spanOf } from './placement.js';
import { programmedBody } from './programmed-body.js';
import { safeMaximum } from './safe-bounds.js';
import { type Constraints, timesPowerOf2 } from './scaled-constraints.js';

/**
 * {x : A x ≤ b} known through linear programs, for polytopes of too many vertices to list.
 *
 * **Frame.** Its origin, also its `centre`, is a point inside (see `interiorOf`); it decides votes. The directions are the
 * coordinate axes scaled to about the half-widths, or, of a flat polytope, span its affine hull: d coordinates are free, the
 * others follow. `slack` bounds by how much they do not, so a polytope taken for flat though it is 10⁻¹¹ thick is enclosed.
 *
 * **Range.** Two linear programs a column, and one for each extreme asked for. The solver's multipliers prove the bounds
 * (`safeMaximum`): a range encloses the true one for the frame values given, all rounding included, whatever the solver
 * does. What it is longer by is the difference to the value at `extremes`, the solver's vertices drawn inside: measured,
 * 10⁻¹⁵ to 10⁻¹¹ of the width; where optima all but tie, the solver's own tolerance of 10⁻¹⁰ lets it grow to some 10⁻⁹.
 *
 * **Others.** `reach` bounds coordinate by coordinate. `sample` walks at random (hit and run): uniform in the limit only.
 * `contains` of images asks the solver, right to 10⁻¹⁰ of the widths, unless their directions are axes. An empty set may
 * be taken for a thin one where it is empty by less than rounding, which only encloses more.
 *
 * Cost, in linear programs a second on one core of a busy server: 4,600 to 6,100 for D = 20 and 60 constraints, 1,300 for
 * 50 and 150, 280 for 100 and 300. It takes 4D to 10D of them to find the frame.
 *
 * Throws `empty-region`, `unbounded-region` or `no-solution`.
 */
export function programmedPolytope(A: Matrix, b: Float64Array, programs: LinearPrograms): Region {
  const seen = focused(A, b, programs);
  const { centre, equalities } = interiorOf(seen, programs);
  const placement = movedTo(A, b, seen, centre, programs);
  const { coordinates, constraints, limits } = placement;
  const span = spanOf(rowsAt(constraints, equalities));
  const roomy = Array.from(b.keys()).filter(i => !equalities.includes(i));
  const rowsOfA = Array.from({ length: A.rows }, (_, i) => Array.from(rowOf(A, i)));
  const json = { kind: 'hPolytope' as const, A: rowsOfA, b: Array.from(b) };
  return regionOf({
    kind: 'hPolytope',
    frame: frameOf(placement, span),
    slack: deviation(constraints, limits, span, programs).map((x, k) =>
      timesPowerOf2(x, coordinates.exponents[k]),
    ),
    body: programmedBody(
      { constraints, limits, free: span.free, inFrame: inSpan(rowsAt(constraints, roomy), span) },
      programs,
    ),
    json: () => json,
  });
}

function rowsAt({ G, g }: Constraints, indices: readonly number[]): Constraints {
  const rows = indices.map(i => rowOf(G, i));
  return { G: matrixFromRows(rows, G.cols), g: Float64Array.from(indices, i => g[i]) };
}

/** Constraints on all coordinates as constraints on those that are free, to rounding. */
function inSpan({ G, g }: Constraints, { lift, offset }: Span): Constraints {
  const along = multiply(G, { rows: offset.length, cols: 1, data: offset }).data;
  return { G: multiply(G, lift), g: g.map((limit, i) => limit - along[i]) };
}

/** The origin, then for each free coordinate what all coordinates change by with it: powers of 2 times the lift, exactly. */
function frameOf({ coordinates: { origin, exponents } }: Placement, { free, lift }: Span): Matrix {
  const size = origin.length;
  const frame = matrix(free.length + 1, size);
  frame.data.set(origin);
  free.forEach((_, i) => {
    for (let k = 0; k < size; k++) {
      frame.data[(i + 1) * size + k] = timesPowerOf2(lift.data[k * free.length + i], exponents[k]);
    }
  });
  return frame;
}

/** Proven bounds `[D]` on |λ − lift · λ of the free coordinates| over the polytope: 0 for those that are free. */
function deviation(
  constraints: Constraints,
  limits: Float64Array,
  { free, lift }: Span,
  programs: LinearPrograms,
): Float64Array {
  const size = limits.length;
  const bounds = new Float64Array(size);
  const bound = Array.from(bounds.keys()).filter(k => !free.includes(k));
  const costs = bound.flatMap(k =>
    [1, -1].map(sign => {
      const cost = new Float64Array(size);
      cost[k] = sign;
      free.forEach((f, i) => {
        cost[f] = -sign * lift.data[k * free.length + i];
      });
      return cost;
    }),
  );
  if (costs.length === 0) return bounds;
  const found = optima(constraints, matrixFromRows(costs, size), programs);
  costs.forEach((cost, n) => {
    const k = bound[n >> 1];
    bounds[k] = Math.max(bounds[k], safeMaximum(constraints, cost, found[n].y, limits));
  });
  return bounds;
}
