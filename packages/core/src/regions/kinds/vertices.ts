import { assertFinite, assertSize, PoliceError } from '../../errors.js';
import {
  largestEntry,
  type Matrix,
  matrixFromRows,
  multiply,
  rowOf,
  rowRange,
} from '../../numeric/matrix.js';
import { containmentTolerance, UNIT_ROUNDOFF } from '../../numeric/precision.js';
import { exponential, type Rng } from '../../numeric/random.js';
import { type AffineFrame, affineFrame } from '../hull/affine-frame.js';
import { distanceToHull } from '../hull/convex-combination.js';
import { FEW_VERTICES, planarHull } from '../hull/planar-hull.js';
import { simplexExtremes } from '../hull/simplex-extremes.js';
import type { RegionJSON } from '../json-type.js';
import { type Body, type Region, regionOf } from '../region.js';

/**
 * The simplex with the given d + 1 affinely independent vertices `[D]` each, d ≤ D. `sample` is uniform.
 *
 * Throws `empty-region` (no vertices), `shape`, `not-finite`, or `invalid-option` if the vertices are affinely
 * dependent; `vPolytope` takes those.
 *
 * @example
 * simplex([[0, 0], [1, 0], [0, 1]])
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
  return vertexRegion({ kind: 'simplex', vertices: rowsOf(rows) }, rows, found);
}

/**
 * The convex hull of any number of points `[D]`, in any position: duplicates, interior points and points that
 * span a lower-dimensional hull are fine. A duplicate counts as one more vote and changes nothing else.
 *
 * `slack` `[D]` says how far the points meant may lie from those given, entry by entry (default 0).
 *
 * `sample` takes a random number of random vertices with uniform weights: not uniform, but it reaches vertices,
 * faces and the interior alike (Carathéodory). Throws `empty-region`, `shape`, `not-finite` or `invalid-option` (a
 * negative slack).
 */
export function vPolytope(vertices: readonly ArrayLike<number>[], slack?: ArrayLike<number>): Region {
  const rows = checkedVertices('vPolytope', vertices);
  if (slack) assertSlack(slack, rows.cols);
  const json: RegionJSON = {
    kind: 'vPolytope',
    vertices: rowsOf(rows),
    ...(slack ? { slack: Array.from(slack) } : {}),
  };
  return vertexRegion(json, rows, affineFrame(rows), slack);
}

function assertSlack(slack: ArrayLike<number>, size: number): void {
  assertSize(slack.length, size, 'vPolytope', 'slack');
  assertFinite(slack, 'vPolytope slack');
  const negative = Array.from(slack).findIndex(s => s < 0);
  if (negative < 0) return;
  throw new PoliceError({
    code: 'invalid-option',
    where: `vPolytope slack ${negative}`,
    expected: 'a bound ≥ 0',
    actual: `${slack[negative]}`,
  });
}

function rowsOf(m: Matrix): number[][] {
  return Array.from({ length: m.rows }, (_, i) => Array.from(rowOf(m, i)));
}

export function checkedVertices(kind: string, vertices: readonly ArrayLike<number>[]): Matrix {
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

/** The hull of the vertices, each off by no more than `slack` `[D]`. */
export function vertexRegion(
  json: RegionJSON,
  vertices: Matrix,
  { frame, coordinates, slack: deviation }: AffineFrame,
  slack?: ArrayLike<number>,
): Region {
  return regionOf({
    kind: json.kind,
    frame,
    slack: slack ? deviation.map((s, k) => (s + slack[k]) * (1 + 4 * UNIT_ROUNDOFF)) : deviation,
    body: vertexBody(vertices, coordinates, json.kind === 'simplex'),
    json: () => json,
  });
}

/** The hull of the vertices' coordinates `[P, d]`. */
function vertexBody(vertices: Matrix, coordinates: Matrix, isSimplex: boolean): Body {
  const { rows: count, cols: d } = coordinates;
  const centre = new Float64Array(d);
  coordinates.data.forEach((x, i) => {
    centre[i % d] += x / count;
  });
  const absoluteCoordinates = { ...coordinates, data: coordinates.data.map(Math.abs) };

  /** Scratch `[units]`, which grows to the widest layer met. */
  let values = new Float64Array(0);

  const body: Body = {
    symmetric: isSymmetric(vertices),
    centre,
    terms: count,
    rangeInto: (h, lo, hi) => {
      if (values.length < h.cols) values = new Float64Array(h.cols);
      lo.fill(Infinity);
      hi.fill(-Infinity);
      for (let p = 0; p < count; p++) {
        writeValues(h, coordinates, p, values);
        for (let j = 0; j < h.cols; j++) {
          if (values[j] < lo[j]) lo[j] = values[j];
          if (values[j] > hi[j]) hi[j] = values[j];
        }
      }
    },
    extremeInto: (h, unit, side, into) => {
      let best = 0;
      let most = -Infinity;
      for (let p = 0; p < count; p++) {
        const value = side * valueAt(h, unit, coordinates, p);
        if (value > most) {
          most = value;
          best = p;
        }
      }
      writePoint(coordinates, best, into);
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
      const at = new Float64Array(h.cols);
      for (let p = 0; p < count; p++) {
        writeValues(h, coordinates, p, at);
        for (let j = 0; j < h.cols; j++) balance[j] += Math.sign(at[j] - threshold) / count;
      }
      // Sums of ±1/P: anything under half a vote is a tie.
      return balance.map(x => (Math.abs(x) * count < 0.5 ? 0 : x));
    },
    sample: rng => {
      const members = isSimplex ? Array.from({ length: count }, (_, p) => p) : someVertices(rng, count, d);
      const weights = members.map(() => exponential(rng));
      const sum = weights.reduce((a, b) => a + b, 0);
      const lambda = new Float64Array(d);
      members.forEach((p, i) => {
        for (let k = 0; k < d; k++) lambda[k] += (weights[i] / sum) * coordinates.data[p * d + k];
      });
      return lambda;
    },
    reaches: (directions, y, tolerance) => {
      const length = tolerance * Math.sqrt(y.length);
      const solver = directions.solver(length);
      if (solver) {
        const { lambda, offSpan } = solver.solve(y);
        const growth = Math.sqrt(solver.growth.reduce((sum, g) => sum + g * g, 0));
        if (offSpan > length) return false;
        return distanceToHull(coordinates, lambda) <= length * growth + containmentTolerance(d + count, 1);
      }
      const images = multiply(coordinates, directions.matrix);
      const scale = largestEntry(images.data) || largestEntry(y) || 1;
      const distance = distanceToHull(
        { ...images, data: images.data.map(x => x / scale) },
        y.map(x => x / scale),
      );
      return distance <= length / scale + containmentTolerance(y.length + count, 1);
    },
  };
  if (isSimplex) return { ...body, ...simplexExtremes(coordinates) };
  return d >= 1 && d <= 2 && count > FEW_VERTICES ? { ...body, ...planarExtremes(coordinates) } : body;
}

/** Values of all columns at point p of `points` `[P, d]`. */
function writeValues({ cols, data }: Matrix, points: Matrix, p: number, values: Float64Array): void {
  const d = points.cols;
  for (let j = 0; j < cols; j++) values[j] = 0;
  for (let i = 0; i < d; i++) {
    const factor = points.data[p * d + i];
    if (factor === 0) continue;
    for (let j = 0, at = (i + 1) * cols; j < cols; j++, at++) values[j] += factor * data[at];
  }
  for (let j = 0; j < cols; j++) values[j] += data[j];
}

/** The value of one column there, of the same roundings. */
function valueAt({ cols, data }: Matrix, unit: number, points: Matrix, p: number): number {
  const d = points.cols;
  let sum = 0;
  for (let i = 0, at = cols + unit; i < d; i++, at += cols) sum += points.data[p * d + i] * data[at];
  return data[unit] + sum;
}

function writePoint({ cols: d, data }: Matrix, p: number, into: Float64Array): void {
  into[0] = 1;
  for (let i = 0; i < d; i++) into[i + 1] = data[p * d + i];
}

/** Ranges over points `[P, 1 or 2]` at the cost of a binary search each, however many points there are. */
function planarExtremes(points: Matrix): Pick<Body, 'rangeInto' | 'extremeInto' | 'reach'> {
  const { cols: d } = points;
  const hull = planarHull(points);
  /** Largest |coordinate|, `[d]`. */
  const limits = new Float64Array(d);
  points.data.forEach((x, i) => {
    limits[i % d] = Math.max(limits[i % d], Math.abs(x));
  });
  const farthest = ({ cols, data }: Matrix, unit: number, side: number) =>
    hull.farthest(side * data[cols + unit], d > 1 ? side * data[2 * cols + unit] : 0);
  return {
    rangeInto: (h, lo, hi) => {
      for (let j = 0; j < h.cols; j++) {
        lo[j] = valueAt(h, j, points, farthest(h, j, -1));
        hi[j] = valueAt(h, j, points, farthest(h, j, 1));
      }
    },
    extremeInto: (h, unit, side, into) => writePoint(points, farthest(h, unit, side), into),
    // Coordinate by coordinate: a bound, which is all that it is asked to be.
    reach: h =>
      rowOf(h, 0).map((x, j) =>
        limits.reduce((sum, limit, i) => sum + limit * Math.abs(h.data[(i + 1) * h.cols + j]), Math.abs(x)),
      ),
  };
}

function someVertices(rng: Rng, count: number, d: number): number[] {
  const howMany = 1 + Math.floor(rng() * (d + 1));
  return Array.from({ length: howMany }, () => Math.floor(rng() * count));
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
