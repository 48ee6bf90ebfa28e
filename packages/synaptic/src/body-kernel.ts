import { type Matrix, matrix, matrixFromRows, type Region, type RegionJSON } from '@police/core';
import { affineFrame, FEW_VERTICES, planarHull } from '@police/core/adapter';

/**
 * A region's range and extremes on frame values in place: h holds rows `[d + 1, units]` from index `at`. The same
 * numbers as core's `Region`, which defines them, without its allocations.
 */
export interface BodyKernel {
  /** Extremes of each column, written to lo and hi `[units]` from `to`. */
  range(h: Float64Array, at: number, units: number, lo: Float64Array, hi: Float64Array, to: number): void;
  /** Frame coordinates `[d + 1]` of a point that attains the minimum (`side` −1) or maximum (+1) of column j. */
  extreme(h: Float64Array, at: number, units: number, j: number, side: number, out: Float64Array): void;
}

/** The kernel of a region: its own for hulls of points and unit balls of the l1, l2 and l∞ norms, else core's functions. */
export function bodyKernel(region: Region): BodyKernel {
  const json = innermost(region.toJSON());
  const d = region.frame.rows - 1;
  switch (json.kind) {
    case 'simplex':
    case 'vPolytope':
      return vertexKernel(affineFrame(matrixFromRows(json.vertices)).coordinates);
    case 'box':
    case 'zonotope':
      return cubeKernel(d);
    case 'ball':
    case 'ellipsoid':
      return discKernel(d);
    case 'crossPolytope':
      return octahedronKernel(d);
    default:
      return coreKernel(region);
  }
}

/** Images of a region have its frame coordinates. */
function innermost(json: RegionJSON): RegionJSON {
  return 'region' in json ? innermost(json.region) : json;
}

/** Any region, through core. Allocates. */
export function coreKernel(region: Region): BodyKernel {
  const { rows } = region.frame;
  return {
    range: (h, at, units, lo, hi, to) => {
      const range = region.range({ rows, cols: units, data: h.subarray(at, at + rows * units) });
      lo.set(range.lo, to);
      hi.set(range.hi, to);
    },
    extreme: (h, at, units, j, side, out) => {
      const column = matrix(rows, 1);
      for (let i = 0; i < rows; i++) column.data[i] = h[at + i * units + j];
      out.set(region.extremes(column, [side]).data);
    },
  };
}

/** The hull of points with coordinates `[P, d]`; in one or two dimensions at the cost of a binary search per extreme. */
function vertexKernel(points: Matrix): BodyKernel {
  const { rows: count, cols: d } = points;
  return d >= 1 && d <= 2 && count > FEW_VERTICES ? planarKernel(points) : listKernel(points);
}

function planarKernel(points: Matrix): BodyKernel {
  const hull = planarHull(points);
  const vertexOf = (h: Float64Array, at: number, units: number, j: number, side: number): number => {
    const x = side * h[at + units + j];
    return hull.farthest(x, points.cols > 1 ? side * h[at + 2 * units + j] : 0);
  };
  return {
    range: (h, at, units, lo, hi, to) => {
      for (let j = 0; j < units; j++) {
        lo[to + j] = valueAt(points, vertexOf(h, at, units, j, -1), h, at, units, j);
        hi[to + j] = valueAt(points, vertexOf(h, at, units, j, 1), h, at, units, j);
      }
    },
    extreme: (h, at, units, j, side, out) => writePoint(points, vertexOf(h, at, units, j, side), out),
  };
}

/** Looks at every vertex. */
function listKernel(points: Matrix): BodyKernel {
  return {
    range: (h, at, units, lo, hi, to) => {
      for (let j = 0; j < units; j++) {
        let least = Infinity;
        let most = -Infinity;
        for (let p = 0; p < points.rows; p++) {
          const value = valueAt(points, p, h, at, units, j);
          if (value < least) least = value;
          if (value > most) most = value;
        }
        lo[to + j] = least;
        hi[to + j] = most;
      }
    },
    extreme: (h, at, units, j, side, out) => {
      let best = -Infinity;
      let vertex = 0;
      for (let p = 0; p < points.rows; p++) {
        const value = side * valueAt(points, p, h, at, units, j);
        if (value > best) {
          best = value;
          vertex = p;
        }
      }
      writePoint(points, vertex, out);
    },
  };
}

/** The value of column j at a point. */
function valueAt(
  { cols: d, data }: Matrix,
  point: number,
  h: Float64Array,
  at: number,
  units: number,
  j: number,
): number {
  let relative = 0;
  for (let i = 0, row = at + units + j; i < d; i++, row += units) relative += data[point * d + i] * h[row];
  return h[at + j] + relative;
}

function writePoint({ cols: d, data }: Matrix, point: number, out: Float64Array): void {
  out[0] = 1;
  for (let i = 0; i < d; i++) out[i + 1] = data[point * d + i];
}

/** h₀ ± the dual norm of a column's directional rows; `width` gives that norm. */
function normKernel(
  width: (h: Float64Array, at: number, units: number, j: number) => number,
  extreme: BodyKernel['extreme'],
): BodyKernel {
  return {
    range: (h, at, units, lo, hi, to) => {
      for (let j = 0; j < units; j++) {
        const reach = width(h, at, units, j);
        lo[to + j] = h[at + j] - reach;
        hi[to + j] = h[at + j] + reach;
      }
    },
    extreme,
  };
}

/** ‖λ‖∞ ≤ 1; dual l1. */
function cubeKernel(d: number): BodyKernel {
  return normKernel(
    (h, at, units, j) => {
      let sum = 0;
      for (let i = 1; i <= d; i++) sum += Math.abs(h[at + i * units + j]);
      return sum;
    },
    (h, at, units, j, side, out) => {
      out[0] = 1;
      for (let i = 1; i <= d; i++) out[i] = side * Math.sign(h[at + i * units + j]);
    },
  );
}

/** Largest |entry| of a column's directional rows. */
function largestOf(h: Float64Array, at: number, units: number, j: number, d: number): number {
  let largest = 0;
  for (let i = 1; i <= d; i++) largest = Math.max(largest, Math.abs(h[at + i * units + j]));
  return largest;
}

/** ‖λ‖₂ ≤ 1; its own dual. */
function discKernel(d: number): BodyKernel {
  const norm = (h: Float64Array, at: number, units: number, j: number): number => {
    const largest = largestOf(h, at, units, j, d);
    if (largest === 0) return 0;
    let sum = 0;
    for (let i = 1; i <= d; i++) sum += (h[at + i * units + j] / largest) ** 2;
    return largest * Math.sqrt(sum);
  };
  return normKernel(norm, (h, at, units, j, side, out) => {
    const length = norm(h, at, units, j);
    out[0] = 1;
    for (let i = 1; i <= d; i++) out[i] = length === 0 ? 0 : (side * h[at + i * units + j]) / length;
  });
}

/** ‖λ‖₁ ≤ 1; dual l∞. */
function octahedronKernel(d: number): BodyKernel {
  return normKernel(
    (h, at, units, j) => largestOf(h, at, units, j, d),
    (h, at, units, j, side, out) => {
      const largest = largestOf(h, at, units, j, d);
      let isTaken = false;
      out[0] = 1;
      for (let i = 1; i <= d; i++) {
        const value = h[at + i * units + j];
        const isFirst: boolean = !isTaken && Math.abs(value) === largest;
        out[i] = isFirst ? side * Math.sign(value) : 0;
        isTaken ||= isFirst;
      }
    },
  );
}
