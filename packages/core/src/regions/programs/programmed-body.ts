import { largestEntry, type Matrix, matrix, matrixFromRows, rowOf } from '../../numeric/matrix.js';
import { containmentTolerance } from '../../numeric/precision.js';
import { normal, type Rng } from '../../numeric/random.js';
import type { Directions } from '../directions.js';
import type { Body, Region } from '../region.js';
import type { LinearPrograms } from './linear-programs.js';
import { optima } from './placement.js';
import { safeMaximum } from './safe-bounds.js';
import { above, type Constraints, exponentOf } from './scaled-constraints.js';

/** What is known of a polytope in coordinates of which `free` are the frame's. */
export interface ProgrammedParts {
  /** The polytope in all D coordinates. */
  readonly constraints: Constraints;
  /** Proven bounds on all |λ|, `[D]`. */
  readonly limits: Float64Array;
  /** Which d of the D coordinates the frame has. */
  readonly free: readonly number[];
  /** The constraints that leave room, in the d coordinates of the frame, to rounding. */
  readonly inFrame: Constraints;
}

/** The projection of {λ : G λ ≤ g} to the frame's coordinates; see `programmedPolytope` for what its methods promise. */
export function programmedBody(parts: ProgrammedParts, programs: LinearPrograms): Body {
  const { constraints, limits, free, inFrame } = parts;
  const d = free.length;
  const solve = (h: Matrix, side: ArrayLike<number>) => solveColumns(parts, h, side, programs);
  const ofLimits = Float64Array.from(free, k => limits[k]);
  const addExtremes: Region['addExtremes'] = ({ data, cols }, h, side, factor) => {
    for (let j = 0; j < cols; j++) if (side[j] !== 0) data[j] += factor[j];
    for (const { unit, x } of solve(h, side)) {
      const lambda = Float64Array.from(free, k => x[k]);
      const share = factor[unit] * shareInside(inFrame, lambda);
      for (let i = 0; i < d; i++) data[(i + 1) * cols + unit] += share * lambda[i];
    }
  };
  return {
    symmetric: false,
    centre: new Float64Array(d),
    terms: d,
    rangeInto: (h, lo, hi) => {
      const origin = rowOf(h, 0);
      const most = (side: 1 | -1) => {
        const bounds = origin.map(x => side * x);
        for (const { unit, cost, scale, y } of solve(h, new Int8Array(h.cols).fill(side))) {
          bounds[unit] = above(bounds[unit] + safeMaximum(constraints, cost, y, limits) * scale);
        }
        return bounds;
      };
      lo.set(most(-1).map(x => -x));
      hi.set(most(1));
    },
    extremeInto: ({ rows, cols, data }, unit, side, into) => {
      const column = matrix(rows, 1);
      for (let i = 0; i < rows; i++) column.data[i] = data[i * cols + unit];
      into.fill(0);
      addExtremes({ rows, cols: 1, data: into }, column, [side], [1]);
    },
    addExtremes,
    reach: h =>
      rowOf(h, 0).map((x, j) =>
        ofLimits.reduce((sum, limit, i) => sum + limit * Math.abs(h.data[(i + 1) * h.cols + j]), Math.abs(x)),
      ),
    votes: (h, threshold) => rowOf(h, 0).map(x => Math.sign(x - threshold)),
    sample: rng => hitAndRun(inFrame, rng),
    reaches: (directions, y, tolerance) => isReached(inFrame, directions, y, tolerance, programs),
  };
}

/** The optimum of one column. */
interface Solved {
  readonly unit: number;
  /** side · h / scale, `[D]`, with entries of size at most 2, and a scale that is a power of 2: nothing is rounded. */
  readonly cost: Float64Array;
  readonly scale: number;
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** The optima of all columns with a side that are not constant. */
function solveColumns(
  { constraints, free }: ProgrammedParts,
  h: Matrix,
  side: ArrayLike<number>,
  programs: LinearPrograms,
): Solved[] {
  const jobs: Pick<Solved, 'unit' | 'cost' | 'scale'>[] = [];
  for (let unit = 0; unit < h.cols; unit++) {
    const slopes = free.map((_, i) => side[unit] * h.data[(i + 1) * h.cols + unit]);
    const largest = largestEntry(slopes);
    if (largest === 0) continue;
    const scale = 2 ** Math.max(-1022, exponentOf(largest));
    const cost = new Float64Array(constraints.G.cols);
    free.forEach((k, i) => {
      cost[k] = slopes[i] / scale;
    });
    jobs.push({ unit, cost, scale });
  }
  if (jobs.length === 0) return [];
  const found = optima(constraints, matrixFromRows(jobs.map(({ cost }) => cost)), programs);
  return jobs.map((job, n) => ({ ...job, ...found[n] }));
}

/** How far from the origin towards λ the polytope reaches, at most 1: a solver's vertices may lie outside by its tolerance. */
function shareInside({ G, g }: Constraints, lambda: Float64Array): number {
  return g.reduce((share, limit, i) => {
    const value = rowOf(G, i).reduce((sum, a, k) => sum + a * lambda[k], 0);
    return value > limit ? Math.min(share, limit / value) : share;
  }, 1);
}

/** Steps of the walk for each dimension. */
const STEPS_PER_DIMENSION = 8;

/**
 * A random walk from the origin: along a random line, to a uniform point of what the polytope leaves of it (hit and run;
 * Smith 1984).
 */
function hitAndRun({ G, g }: Constraints, rng: Rng): Float64Array {
  const at = new Float64Array(G.cols);
  const room = g.slice();
  for (let step = 0; step < STEPS_PER_DIMENSION * G.cols; step++) {
    const direction = at.map(() => normal(rng));
    const slopes = g.map((_, i) => rowOf(G, i).reduce((sum, a, k) => sum + a * direction[k], 0));
    let [from, to] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    slopes.forEach((slope, i) => {
      if (slope > 0) to = Math.min(to, Math.max(0, room[i]) / slope);
      if (slope < 0) from = Math.max(from, Math.max(0, room[i]) / slope);
    });
    const t = from + rng() * (to - from);
    direction.forEach((x, k) => {
      at[k] += t * x;
    });
    slopes.forEach((slope, i) => {
      room[i] -= t * slope;
    });
  }
  return at;
}

/** Whether y `[E]` is Σ λᵢ directionᵢ for some λ with G λ ≤ g, up to `tolerance` in every entry: itself a linear program. */
function isReached(
  constraints: Constraints,
  { matrix: directions, axes }: Directions,
  y: Float64Array,
  tolerance: number,
  programs: LinearPrograms,
): boolean {
  const { G, g } = constraints;
  if (axes?.length === y.length && axes.every(({ factor }) => factor !== 0)) {
    const lambda = Float64Array.from(axes, ({ coordinate, factor }) => y[coordinate] / factor);
    const errors = Float64Array.from(axes, ({ factor }) => tolerance / Math.abs(factor));
    return isWithin(constraints, lambda, errors);
  }
  const { rows: d, cols: size } = directions;
  const both = matrix(G.rows + 2 * size, d);
  both.data.set(G.data);
  const limits = new Float64Array(both.rows);
  limits.set(g);
  for (let k = 0; k < size; k++) {
    const column = Float64Array.from({ length: d }, (_, i) => directions.data[i * size + k]);
    // The solver's own tolerance is absolute.
    const scale = largestEntry(column) || Math.abs(y[k]) || 1;
    for (const [n, sign] of [1, -1].entries()) {
      const row = G.rows + 2 * k + n;
      for (let i = 0; i < d; i++) both.data[row * d + i] = (sign * column[i]) / scale;
      limits[row] = (sign * y[k] + tolerance) / scale;
    }
  }
  const [found] = programs.maximise(both, limits, matrix(1, d));
  return found.status === 'optimal';
}

/** Whether a point within `errors` `[d]` of λ satisfies each constraint, to rounding. */
function isWithin({ G, g }: Constraints, lambda: Float64Array, errors: Float64Array): boolean {
  return g.every((limit, i) => {
    const allowed = limit + containmentTolerance(G.cols, Math.abs(limit) + 1);
    const least = rowOf(G, i).reduce((sum, a, k) => sum + a * lambda[k] - Math.abs(a) * errors[k], 0);
    return least <= allowed;
  });
}
