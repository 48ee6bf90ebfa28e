import { allColumns, forRanges } from '../numeric/live.js';
import { forLive, largestEntry, type Matrix, matrix, matrixFromRows, rowOf } from '../numeric/matrix.js';
import { containmentTolerance } from '../numeric/precision.js';
import { exponential, normal, type Rng } from '../numeric/random.js';
import { zeros } from '../numeric/scratch.js';
import { type Accumulate, addAbsolutes, addSquares, maximiseAbsolutes } from '../numeric/spans.js';
import type { Directions } from './directions.js';
import { distanceToHull, nonNegativeFit } from './hull/convex-combination.js';

/**
 * The unit ball of a norm in frame coordinates λ `[d]`. The maximum of g·λ over {‖λ‖ ≤ 1} is the dual norm of
 * g, so a symmetric region ranges over h₀ ± dual(g) with g the directional rows of its frame values.
 */
export interface UnitBall {
  /** Of the norms l∞, l2 and l1. */
  readonly kind: 'cube' | 'disc' | 'octahedron';
  /** Dual norm of every column of g `[d, units]`, `[units]`. */
  dual(g: Matrix): Float64Array;
  /** The same of the directional rows of frame values h `[d + 1, units]`, written to `into` `[units]`: nothing is allocated. */
  dualInto(h: Matrix, into: Float64Array): void;
  /**
   * Adds to each column of `into` `[d, units]` a factor `[units]` times a λ with ‖λ‖ ≤ 1 and g·λ = dual(g): the dual norm's
   * subgradient.
   */
  addMaximiser(into: Float32Array | Float64Array, g: Matrix, factor: Float64Array): void;
  /** A factor times that λ for one column of frame values h `[d + 1, units]`, written to `into` `[d + 1]` from index 1 on. */
  maximiserInto(h: Matrix, unit: number, factor: number, into: Float64Array): void;
  norm(lambda: Float64Array): number;
  /** A uniform point of the ball, `[d]`. */
  sample(rng: Rng, d: number): Float64Array;
  /**
   * Whether y = Σ λᵢ directionᵢ for some ‖λ‖ ≤ 1, up to `tolerance` in the Euclidean norm of y, where the directions
   * are linearly dependent and hence λ is not unique. Coordinates come in units in which each may be off by as much.
   */
  reachesAlongDependent(directions: Directions, y: Float64Array, tolerance: number): boolean;
}

/** ‖λ‖∞ ≤ 1, of a box; dual l1. */
export const cube: UnitBall = {
  kind: 'cube',
  ...normOf(addAbsolutes),
  maximiserInto: ({ rows, cols, data }, unit, factor, into) => {
    for (let i = 1, at = cols + unit; i < rows; i++, at += cols) into[i] = factor * Math.sign(data[at]);
  },
  addMaximiser: (into, { rows, cols, data }, factor) => {
    // Of a layer few units are asked for: those whose shift this region determines.
    const wanted = Int32Array.from(factor.keys()).filter(j => factor[j] !== 0);
    for (let start = 0; start < rows * cols; start += cols) {
      for (let k = 0; k < wanted.length; k++) {
        const j = wanted[k];
        const value = data[start + j];
        // Without a branch: signs are as good as random.
        into[start + j] += (Number(value > 0) - Number(value < 0)) * factor[j];
      }
    }
  },
  norm: largestEntry,
  sample: (rng, d) => Float64Array.from({ length: d }, () => 2 * rng() - 1),
  // λ = μ − ν with μ + ν = 1 and both at least 0: non-negative least squares.
  reachesAlongDependent: ({ matrix: { rows: d, cols: size, data } }, y, tolerance) => {
    const scale = largestEntry(data) || 1;
    const unit = (i: number) => Array.from({ length: d }, (_, k) => Number(k === i));
    const columns = [1, -1].flatMap(sign =>
      Array.from({ length: d }, (_, i) => [
        ...Array.from(data.subarray(i * size, (i + 1) * size), x => (sign * x) / scale),
        ...unit(i),
      ]),
    );
    const goal = Float64Array.of(...y.map(x => x / scale), ...new Array<number>(d).fill(1));
    return (
      nonNegativeFit(matrixFromRows(columns), goal).distance <=
      tolerance / scale + containmentTolerance(size + 3 * d, d)
    );
  },
};

/** ‖λ‖₂ ≤ 1, of a Euclidean ball; its own dual. */
export const disc: UnitBall = {
  kind: 'disc',
  ...normOf(addSquares, (squares, g, first, j) =>
    squares >= SAFE_SQUARES && squares < Infinity ? Math.sqrt(squares) : scaledLength(g, first, j),
  ),
  maximiserInto: (h, unit, factor, into) => {
    const { rows, cols, data } = h;
    const length = scaledLength(h, 1, unit);
    for (let i = 1, at = cols + unit; i < rows; i++, at += cols) {
      into[i] = length === 0 ? 0 : (data[at] / length) * factor;
    }
  },
  addMaximiser: (into, g, factor) => {
    const { rows, cols, data } = g;
    const dual = disc.dual(g);
    for (let i = 0, at = 0; i < rows; i++) {
      // Divided first: the factor over a tiny norm might overflow.
      for (let j = 0; j < cols; j++, at++) if (dual[j] > 0) into[at] += (data[at] / dual[j]) * factor[j];
    }
  },
  norm: lambda => disc.dual({ rows: lambda.length, cols: 1, data: lambda })[0],
  sample: (rng, d) => {
    const direction = Float64Array.from({ length: d }, () => normal(rng));
    const scale = rng() ** (1 / d) / disc.norm(direction);
    return direction.map(x => x * scale);
  },
  // The shortest λ: along the singular vectors it is y's components over the singular values.
  reachesAlongDependent: (directions, y, tolerance) => {
    const { values, axes } = directions.principal();
    const left = y.slice();
    const lambda = Float64Array.from(values, (value, k) => {
      const axis = rowOf(axes, k);
      const component = axis.reduce((sum, v, i) => sum + v * y[i], 0);
      axis.forEach((v, i) => {
        left[i] -= component * v;
      });
      const excess = Math.abs(component) - tolerance;
      return excess <= 0 ? 0 : excess / value;
    });
    return largestEntry(left) <= tolerance && disc.norm(lambda) <= 1 + containmentTolerance(values.length, 1);
  },
};

/** ‖λ‖₁ ≤ 1, of a cross-polytope; dual l∞. */
export const octahedron: UnitBall = {
  kind: 'octahedron',
  ...normOf(maximiseAbsolutes),
  maximiserInto: (h, unit, factor, into) => {
    let longest = 1; // one of several tied axes is enough, the first
    for (let i = 1; i < h.rows; i++) {
      into[i] = 0;
      if (Math.abs(h.data[i * h.cols + unit]) > Math.abs(h.data[longest * h.cols + unit])) longest = i;
    }
    if (h.rows > 1) into[longest] = factor * Math.sign(h.data[longest * h.cols + unit]);
  },
  addMaximiser: (into, g, factor) => {
    const { rows, cols, data } = g;
    const dual = octahedron.dual(g);
    const taken = new Uint8Array(cols);
    for (let i = 0, at = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++, at++) {
        if (taken[j] || Math.abs(data[at]) < dual[j]) continue;
        taken[j] = 1; // one of several tied axes is enough, the first
        into[at] += Math.sign(data[at]) * factor[j];
      }
    }
  },
  norm: lambda => lambda.reduce((sum, x) => sum + Math.abs(x), 0),
  sample: (rng, d) => {
    // The first d of d + 1 exponentials over their sum are uniform on the solid simplex.
    const parts = Float64Array.from({ length: d + 1 }, () => exponential(rng));
    const sum = parts.reduce((a, b) => a + b, 0);
    return parts.slice(0, d).map(x => ((rng() < 0.5 ? -1 : 1) * x) / sum);
  },
  reachesAlongDependent: ({ matrix: { rows: d, cols: size, data } }, y, tolerance) => {
    const scale = largestEntry(data) || 1;
    const vertices = matrix(
      2 * d,
      size,
      Float64Array.of(...data, ...data.map(x => -x)).map(x => x / scale),
    );
    const distance = distanceToHull(
      vertices,
      y.map(x => x / scale),
    );
    return distance <= tolerance / scale + containmentTolerance(size + 2 * d, 1);
  },
};

/** A norm of columns from what is summed of their rows, from `first` on and in order, and what is made of a column's sum. */
function normOf(
  accumulate: Accumulate,
  ofSum?: (sum: number, g: Matrix, first: number, column: number) => number,
): Pick<UnitBall, 'dual' | 'dualInto'> {
  const write = (g: Matrix, first: number, into: Float64Array): void => {
    const { cols, data, live = allColumns(cols) } = g;
    into.fill(0);
    forLive(g, (start, end, from, to) => accumulate(data, start, end, cols, from, to, into), first);
    if (!ofSum) return;
    forRanges(live, (from, to) => {
      for (let j = from; j < to; j++) into[j] = ofSum(into[j], g, first, j);
    });
  };
  return {
    dual: g => {
      const norms = zeros(g.cols);
      write(g, 0, norms);
      return norms;
    },
    dualInto: (h, into) => write(h, 1, into),
  };
}

/** A sum of squares of at least this has lost nothing of weight to underflow. */
const SAFE_SQUARES = 2 ** -900;

/** ‖column‖₂ of the rows from `first` on, scaled by the largest entry so that squares neither overflow nor vanish. */
function scaledLength({ rows, cols, data }: Matrix, first: number, column: number): number {
  let largest = 0;
  for (let i = first; i < rows; i++) largest = Math.max(largest, Math.abs(data[i * cols + column]));
  if (largest === 0) return 0;
  let sum = 0;
  for (let i = first; i < rows; i++) sum += (data[i * cols + column] / largest) ** 2;
  return largest * Math.sqrt(sum);
}
