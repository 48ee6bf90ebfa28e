import { PoliceError } from '../errors.js';
import { type Matrix, matrix, rowOf } from '../matrix.js';
import { sumErrorBound, UNIT_ROUNDOFF } from '../precision.js';
import type { Rng } from '../random.js';
import type { Directions } from './directions.js';
import type { LinearProgramResult, LinearPrograms } from './linear-programs.js';
import { type Body, containmentTolerance, type Region, regionOf } from './region.js';

/**
 * {x : A x ≤ b} known through linear programs, for polytopes of too many vertices to list. Its frame is a point inside and
 * every coordinate axis, scaled to the polytope's half-widths: λ = (x − origin) / half-widths.
 *
 * Each range costs two linear programs a column, and is *safe*: by weak duality every y ≥ 0 bounds the maximum,
 * c·λ = y·Gλ + (c − Gᵀy)·λ ≤ y·g + Σ |c − Gᵀy|ₖ |λₖ| (Neumaier & Shcherbina 2004, Safe bounds in linear and mixed-integer
 * programming), so the multipliers found in floating point prove a bound that is off by about their rounding, never short.
 * `extremes` are the solver's vertices, where the bound is attained to about 1e-9; `reach` bounds coordinate by coordinate;
 * votes and ties go by the origin; `sample` walks at random (hit and run), which is uniform in the limit only.
 */
export function programmedPolytope(A: Matrix, b: Float64Array, programs: LinearPrograms): Region {
  const { origin, widths } = frameOf(A, b, programs);
  const { G, g } = inCoordinates(A, b, origin, widths);
  const size = A.cols;
  const frame = matrix(size + 1, size);
  frame.data.set(origin);
  for (let k = 0; k < size; k++) frame.data[(k + 1) * size + k] = widths[k];
  const rowsOfA = Array.from({ length: A.rows }, (_, i) => Array.from(rowOf(A, i)));
  const json = { kind: 'hPolytope' as const, A: rowsOfA, b: Array.from(b) };
  return regionOf({
    kind: 'hPolytope',
    frame,
    // Coordinates are taken as real numbers, and what rounding does to the constraints is in `g`.
    slack: new Float64Array(size),
    body: programmedBody(G, g, programs),
    json: () => json,
  });
}

/** Coordinates thinner than this share of the widest are treated as this wide. */
const THINNEST = 2 ** -20;

/** The mean of points farthest along every axis, and half the widths; both need only be about right. */
function frameOf(
  A: Matrix,
  b: Float64Array,
  programs: LinearPrograms,
): { origin: Float64Array; widths: Float64Array } {
  const ends = programs.maximise(A, b, axes(A.cols)).map(found => optimal(found, A.rows));
  const origin = new Float64Array(A.cols);
  for (const { x } of ends) {
    x.forEach((value, k) => {
      origin[k] += value / ends.length;
    });
  }
  const widths = origin.map((_, k) => (ends[2 * k].x[k] - ends[2 * k + 1].x[k]) / 2);
  const widest = widths.reduce((max, w) => Math.max(max, w), 0) || 1;
  return { origin, widths: widths.map(w => Math.max(w, THINNEST * widest)) };
}

/** e₁, −e₁, e₂, … */
function axes(size: number): Matrix {
  const costs = matrix(2 * size, size);
  for (let k = 0; k < size; k++) {
    costs.data[2 * k * size + k] = 1;
    costs.data[(2 * k + 1) * size + k] = -1;
  }
  return costs;
}

function optimal(found: LinearProgramResult, count: number): { x: Float64Array; y: Float64Array } {
  if (found.status === 'optimal') return found;
  const isEmpty = found.status === 'infeasible';
  throw new PoliceError({
    code: isEmpty ? 'empty-region' : 'unbounded-region',
    where: 'hPolytope',
    expected: isEmpty ? 'inequalities that some point satisfies' : 'inequalities that bound every direction',
    actual: isEmpty ? `${count} that contradict each other` : 'a region that reaches to infinity',
    remedy: isEmpty ? 'Check signs: the rows mean A x ≤ b.' : 'Add bounds, such as those of the data.',
  });
}

/** The same inequalities of λ, each scaled to entries of at most about 1; `g` is rounded outwards. */
function inCoordinates(
  A: Matrix,
  b: Float64Array,
  origin: Float64Array,
  widths: Float64Array,
): { G: Matrix; g: Float64Array } {
  const G = matrix(A.rows, A.cols);
  const g = new Float64Array(A.rows);
  for (let i = 0; i < A.rows; i++) {
    const row = rowOf(A, i);
    let left = b[i];
    let magnitude = Math.abs(b[i]);
    let largest = 0;
    row.forEach((a, k) => {
      left -= a * origin[k];
      magnitude += Math.abs(a * origin[k]);
      largest = Math.max(largest, Math.abs(a * widths[k]));
    });
    // A power of 2, so that scaling rounds nothing; entries of G round once more, which `g` pays for.
    const scale = largest > 0 ? 2 ** -Math.ceil(Math.log2(largest)) : 1;
    for (let k = 0; k < A.cols; k++) G.data[i * A.cols + k] = row[k] * widths[k] * scale;
    g[i] = (left + sumErrorBound(A.cols + 2, magnitude)) * scale;
  }
  return { G, g };
}

function programmedBody(G: Matrix, g: Float64Array, programs: LinearPrograms): Body {
  const d = G.cols;
  const limits = coordinateLimits(G, g, programs);
  /** Both optima of every column that is not constant; costs are scaled to entries of at most 1. */
  const solve = (h: Matrix, sides: readonly (1 | -1)[], isAsked: (unit: number, side: number) => boolean) => {
    const jobs: { unit: number; side: 1 | -1; scale: number }[] = [];
    for (let j = 0; j < h.cols; j++) {
      let scale = 0;
      for (let i = 1; i <= d; i++) scale = Math.max(scale, Math.abs(h.data[i * h.cols + j]));
      if (scale > 0) for (const side of sides) if (isAsked(j, side)) jobs.push({ unit: j, side, scale });
    }
    const costs = matrix(jobs.length, d);
    jobs.forEach(({ unit, side, scale }, n) => {
      for (let i = 0; i < d; i++) costs.data[n * d + i] = (side * h.data[(i + 1) * h.cols + unit]) / scale;
    });
    const found = programs.maximise(G, g, costs).map(result => optimal(result, G.rows));
    return jobs.map((job, n) => ({ ...job, cost: rowOf(costs, n), ...found[n] }));
  };
  return {
    symmetric: false,
    centre: new Float64Array(d),
    terms: d,
    range: h => {
      const lo = Float64Array.from(rowOf(h, 0));
      const hi = lo.slice();
      for (const { unit, side, scale, cost, y } of solve(h, [1, -1], () => true)) {
        const most = safeMaximum(G, g, cost, y, limits) * scale * (1 + 4 * UNIT_ROUNDOFF);
        if (side > 0) hi[unit] += most;
        else lo[unit] -= most;
      }
      return { lo, hi };
    },
    extremes: (h, side) => {
      const at = matrix(d + 1, h.cols);
      for (let j = 0; j < h.cols; j++) at.data[j] = side[j] === 0 ? 0 : 1;
      for (const { unit, x } of solve(h, [1, -1], (j, s) => side[j] === s)) {
        for (let i = 0; i < d; i++) at.data[(i + 1) * h.cols + unit] = x[i];
      }
      return at;
    },
    reach: h => {
      const reach = rowOf(h, 0).map(Math.abs);
      for (let i = 0; i < d; i++) {
        for (let j = 0; j < h.cols; j++) reach[j] += limits[i] * Math.abs(h.data[(i + 1) * h.cols + j]);
      }
      return reach;
    },
    votes: (h, threshold) => rowOf(h, 0).map(x => Math.sign(x - threshold)),
    sample: rng => hitAndRun(G, g, rng),
    reaches: (directions, y, tolerance) => isReached(G, g, directions, y, tolerance, programs),
  };
}

/** An upper bound on c·λ over {G λ ≤ g}, whatever y is; `limits` bound |λ|. */
function safeMaximum(
  G: Matrix,
  g: Float64Array,
  c: ArrayLike<number>,
  y: Float64Array,
  limits: Float64Array,
): number {
  const { value, residual } = weakDual(G, g, c, y);
  return (
    residual.reduce((sum, r, k) => sum + r * limits[k], value) * (1 + Math.sign(value) * 8 * UNIT_ROUNDOFF)
  );
}

/** y·g, rounded up, and |c − Gᵀy|, rounded up; negative multipliers count as 0. */
function weakDual(
  G: Matrix,
  g: Float64Array,
  c: ArrayLike<number>,
  y: Float64Array,
): { value: number; residual: Float64Array } {
  let value = 0;
  let size = 0;
  const residual = Float64Array.from(c);
  const magnitude = residual.map(Math.abs);
  let used = 0;
  for (let i = 0; i < G.rows; i++) {
    const multiplier = Math.max(0, y[i]);
    if (multiplier === 0) continue;
    used++;
    value += multiplier * g[i];
    size += Math.abs(multiplier * g[i]);
    for (let k = 0; k < G.cols; k++) {
      const term = multiplier * G.data[i * G.cols + k];
      residual[k] -= term;
      magnitude[k] += Math.abs(term);
    }
  }
  // Entries of G are products that were rounded once themselves: one term more.
  return {
    value: value + sumErrorBound(used + 2, size),
    residual: residual.map((r, k) => Math.abs(r) + sumErrorBound(used + 4, magnitude[k])),
  };
}

/**
 * Bounds on |λ|, `[d]`. For every λ of the polytope |λₖ| ≤ vₖ + Σ rₖⱼ |λⱼ| with v and r from the multipliers of the program
 * that maximises ±λₖ; with ρ the largest Σⱼ rₖⱼ below 1, all |λ| are at most max v / (1 − ρ), and once that is known each
 * is at most vₖ + ρ times it.
 */
function coordinateLimits(G: Matrix, g: Float64Array, programs: LinearPrograms): Float64Array {
  const costs = axes(G.cols);
  const bounds = programs.maximise(G, g, costs).map((found, n) => {
    const { value, residual } = weakDual(G, g, rowOf(costs, n), optimal(found, G.rows).y);
    return { value, share: residual.reduce((sum, r) => sum + r, 0) };
  });
  const share = Math.max(...bounds.map(bound => bound.share));
  if (!(share < 1 / 2)) throw optimalFailure(share);
  const overall = Math.max(...bounds.map(bound => bound.value)) / (1 - share);
  return Float64Array.from({ length: G.cols }, (_, k) => {
    const both = [bounds[2 * k], bounds[2 * k + 1]];
    return Math.max(...both.map(bound => bound.value + bound.share * overall)) * (1 + 8 * UNIT_ROUNDOFF);
  });
}

function optimalFailure(share: number): PoliceError {
  return new PoliceError({
    code: 'no-solution',
    where: 'hPolytope',
    expected: 'multipliers that prove every coordinate bounded',
    actual: `some that miss by ${share.toPrecision(2)}`,
    remedy: 'Scale the constraints so that their entries are of size about 1.',
  });
}

/** Steps of the walk for each dimension. */
const STEPS_PER_DIMENSION = 8;

/** A random walk from the origin: along a random line, to a uniform point of what the polytope leaves of it. */
function hitAndRun(G: Matrix, g: Float64Array, rng: Rng): Float64Array {
  const d = G.cols;
  const at = new Float64Array(d);
  const room = g.slice();
  for (let step = 0; step < STEPS_PER_DIMENSION * d; step++) {
    const direction = at.map(() => rng() + rng() + rng() - 1.5);
    let [from, to] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    const slopes = g.map((_, i) => rowOf(G, i).reduce((sum, value, k) => sum + value * direction[k], 0));
    slopes.forEach((slope, i) => {
      if (slope > 0) to = Math.min(to, Math.max(0, room[i]) / slope);
      if (slope < 0) from = Math.max(from, Math.max(0, room[i]) / slope);
    });
    if (!(to - from > 0) || !Number.isFinite(to - from)) continue;
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

/** Whether y is Σ λᵢ directionᵢ for some λ with G λ ≤ g, up to `tolerance` in every entry: itself a linear program. */
function isReached(
  G: Matrix,
  g: Float64Array,
  { matrix: rows, axes: alongAxes }: Directions,
  y: Float64Array,
  tolerance: number,
  programs: LinearPrograms,
): boolean {
  if (alongAxes && alongAxes.length === y.length && alongAxes.every(({ factor }) => factor !== 0)) {
    const lambda = Float64Array.from(alongAxes, ({ coordinate, factor }) => y[coordinate] / factor);
    const errors = Float64Array.from(alongAxes, ({ factor }) => tolerance / Math.abs(factor));
    return g.every((limit, i) => {
      let excess = -limit - containmentTolerance(G.cols, Math.abs(limit) + 1);
      for (let k = 0; k < G.cols; k++) {
        const entry = G.data[i * G.cols + k];
        excess += entry * lambda[k] - Math.abs(entry) * errors[k];
      }
      return excess <= 0;
    });
  }
  const { rows: d, cols: size } = rows;
  const both = matrix(G.rows + 2 * size, d);
  both.data.set(G.data);
  const limits = new Float64Array(both.rows);
  limits.set(g);
  for (let k = 0; k < size; k++) {
    for (const [n, sign] of [1, -1].entries()) {
      const row = G.rows + 2 * k + n;
      for (let i = 0; i < d; i++) both.data[row * d + i] = sign * rows.data[i * size + k];
      limits[row] = sign * y[k] + tolerance;
    }
  }
  const [found] = programs.maximise(both, limits, matrix(1, d));
  return found.status === 'optimal';
}
