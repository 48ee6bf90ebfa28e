import { Matrix as DenseMatrix, QrDecomposition } from 'ml-matrix';
import { assertFinite, assertSize, PoliceError } from '../errors.js';
import { type Matrix, matrix, matrixFromRows, multiply, rowOf, rowRange } from '../matrix.js';
import { exponential, type Rng } from '../random.js';
import { type AffineFrame, affineFrame } from './affine-frame.js';
import { distanceToHull } from './convex-combination.js';
import type { RegionJSON } from './json.js';
import { containmentTolerance, largestEntry, type Region } from './region.js';

/**
 * The simplex with the given d + 1 affinely independent vertices `[D]` each, d ≤ D. `sample` is uniform.
 *
 * Throws `empty-region` (no vertices), `shape`, `not-finite`, or `invalid-option` if the vertices are affinely
 * dependent; `vPolytope` takes those.
 */
export function simplex(vertices: readonly ArrayLike<number>[]): Region {
  const rows = checkedVertices('simplex', vertices);
  const found = affineFrame(rows);
  if (found.frame.rows < rows.rows) {
    throw new PoliceError({
      code: 'invalid-option',
      where: 'simplex',
      expected: `${rows.rows} affinely independent vertices`,
      actual: `vertices that span only ${found.frame.rows - 1} dimensions`,
      remedy: 'Use vPolytope for vertices in any position.',
    });
  }
  return vertexRegion('simplex', rows, found);
}

/**
 * The convex hull of any number of points `[D]`, in any position: duplicates, interior points and points that
 * span a lower-dimensional hull are fine. A duplicate counts as one more vote and changes nothing else.
 *
 * `sample` takes a random number of random vertices with uniform weights: not uniform, but it reaches vertices,
 * faces and the interior alike (Carathéodory). Throws `empty-region`, `shape` or `not-finite`.
 */
export function vPolytope(vertices: readonly ArrayLike<number>[]): Region {
  const rows = checkedVertices('vPolytope', vertices);
  return vertexRegion('vPolytope', rows, affineFrame(rows));
}

function checkedVertices(kind: string, vertices: readonly ArrayLike<number>[]): Matrix {
  if (vertices.length === 0 || vertices[0].length === 0) {
    throw new PoliceError({
      code: 'empty-region',
      where: kind,
      expected: 'at least one vertex with at least one coordinate',
      actual: vertices.length === 0 ? 'no vertices' : 'a vertex without coordinates',
    });
  }
  const size = vertices[0].length;
  vertices.forEach((vertex, p) => {
    assertSize(vertex.length, size, `${kind} vertex ${p}`, 'a vertex');
    assertFinite(vertex, `${kind} vertex ${p}`);
  });
  return matrixFromRows(vertices);
}

function vertexRegion(kind: 'simplex' | 'vPolytope', vertices: Matrix, found: AffineFrame): Region {
  const { frame, coordinates, slack } = found;
  const { rows: count, cols: size } = vertices;
  const d = frame.rows - 1;
  const centre = new Float64Array(d);
  coordinates.data.forEach((x, i) => {
    centre[i % d] += x / count;
  });
  const absoluteCoordinates = { ...coordinates, data: coordinates.data.map(Math.abs) };

  /** Calls `visit(vertex, unit, value)` for the functionals' values at every vertex, vertex by vertex. */
  const eachValue = (h: Matrix, visit: (vertex: number, unit: number, value: number) => void) => {
    const origin = rowOf(h, 0);
    const units = h.cols;
    const relative = multiply(coordinates, rowRange(h, 1, h.rows));
    for (let p = 0, at = 0; p < count; p++)
      for (let j = 0; j < units; j++, at++) visit(p, j, origin[j] + relative.data[at]);
  };

  return {
    kind,
    size,
    frame,
    slack,
    symmetric: isSymmetric(vertices),
    centre,
    range: h => {
      const lo = new Float64Array(h.cols).fill(Infinity);
      const hi = new Float64Array(h.cols).fill(-Infinity);
      eachValue(h, (_p, j, value) => {
        if (value < lo[j]) lo[j] = value;
        if (value > hi[j]) hi[j] = value;
      });
      return { lo, hi };
    },
    extremes: (h, side) => {
      const best = new Float64Array(h.cols).fill(-Infinity);
      const vertex = new Int32Array(h.cols);
      eachValue(h, (p, j, value) => {
        if (side[j] * value > best[j]) {
          best[j] = side[j] * value;
          vertex[j] = p;
        }
      });
      const at = matrix(h.rows, h.cols);
      for (let j = 0; j < h.cols; j++) {
        if (side[j] === 0) continue;
        at.data[j] = 1;
        for (let i = 0; i < d; i++) at.data[(i + 1) * h.cols + j] = coordinates.data[vertex[j] * d + i];
      }
      return at;
    },
    reach: h => {
      const sizes = { ...rowRange(h, 1, h.rows), data: rowRange(h, 1, h.rows).data.map(Math.abs) };
      const spread = new Float64Array(h.cols);
      multiply(absoluteCoordinates, sizes).data.forEach((value, i) => {
        const j = i % h.cols;
        if (value > spread[j]) spread[j] = value;
      });
      return rowOf(h, 0).map((x, j) => Math.abs(x) + spread[j]);
    },
    votes: (h, threshold) => {
      const balance = new Float64Array(h.cols);
      eachValue(h, (_p, j, value) => {
        balance[j] += Math.sign(value - threshold) / count;
      });
      // Sums of ±1/P: anything under half a vote is a tie.
      return balance.map(x => (Math.abs(x) * count < 0.5 ? 0 : x));
    },
    contains: (x, tolerance) => {
      assertSize(x.length, size, `${kind} contains`, 'a point');
      const scale = largestEntry(vertices.data) + largestEntry(x);
      const allowed = tolerance ?? containmentTolerance(size + count, scale);
      const { lambda, offHull, growth } = coordinatesOf(frame, x);
      if (offHull > allowed) return false;
      return distanceToHull(coordinates, lambda) <= allowed * growth + containmentTolerance(d + count, 1);
    },
    sample: rng => {
      const members =
        kind === 'simplex' ? Array.from({ length: count }, (_, p) => p) : someVertices(rng, count, d);
      const weights = members.map(() => exponential(rng));
      const sum = weights.reduce((a, b) => a + b, 0);
      const x = new Float64Array(size);
      members.forEach((p, i) => {
        for (let k = 0; k < size; k++) x[k] += (weights[i] / sum) * vertices.data[p * size + k];
      });
      return x;
    },
    toJSON: (): RegionJSON => ({
      kind,
      vertices: Array.from({ length: count }, (_, p) => Array.from(rowOf(vertices, p))),
    }),
  };
}

function someVertices(rng: Rng, count: number, d: number): number[] {
  const howMany = 1 + Math.floor(rng() * (d + 1));
  return Array.from({ length: howMany }, () => Math.floor(rng() * count));
}

/**
 * Frame coordinates of x by least squares, x's distance from the affine hull (largest entry), and how much an
 * error in x grows in the coordinates (1 / smallest diagonal of R).
 */
function coordinatesOf(
  frame: Matrix,
  x: ArrayLike<number>,
): { lambda: Float64Array; offHull: number; growth: number } {
  const d = frame.rows - 1;
  const origin = rowOf(frame, 0);
  const difference = Float64Array.from(origin, (o, k) => x[k] - o);
  if (d === 0) return { lambda: new Float64Array(0), offHull: largestEntry(difference), growth: 0 };
  const directions = new DenseMatrix(
    Array.from({ length: d }, (_, i) => Array.from(rowOf(frame, i + 1))),
  ).transpose();
  const qr = new QrDecomposition(directions);
  const lambda = Float64Array.from(qr.solve(DenseMatrix.columnVector(Array.from(difference))).to1DArray());
  for (let i = 0; i < d; i++) {
    const row = rowOf(frame, i + 1);
    for (let k = 0; k < difference.length; k++) difference[k] -= lambda[i] * row[k];
  }
  const diagonal = qr.upperTriangularMatrix.diagonal().map(Math.abs);
  return { lambda, offHull: largestEntry(difference), growth: 1 / Math.min(...diagonal) };
}

/** Whether reflecting every vertex at the mean gives a vertex, to rounding; pairs are matched along a generic line. */
function isSymmetric(vertices: Matrix): boolean {
  const { rows: count, cols: size } = vertices;
  const mean = new Float64Array(size);
  vertices.data.forEach((x, i) => {
    mean[i % size] += x / count;
  });
  const tolerance = containmentTolerance(size + count, largestEntry(vertices.data));
  const along = (p: number) => {
    // Irrational steps keep distinct vertices apart on the line.
    let sum = 0;
    for (let k = 0; k < size; k++) sum += ((((k + 1) * Math.SQRT2) % 1) + 0.5) * vertices.data[p * size + k];
    return sum;
  };
  const positions = Array.from({ length: count }, (_, p) => along(p));
  const order = positions.map((_, p) => p).sort((a, b) => positions[a] - positions[b]);
  return order.every((p, i) => {
    const q = order[count - 1 - i];
    return mean.every(
      (m, k) => Math.abs(vertices.data[p * size + k] + vertices.data[q * size + k] - 2 * m) <= tolerance,
    );
  });
}
