import { assertFinite, assertSize, PoliceError } from '../../errors.js';
import { largestEntry, type Matrix, matrixFromRows, multiply, rowOf } from '../../numeric/matrix.js';
import { containmentTolerance, UNIT_ROUNDOFF } from '../../numeric/precision.js';
import { exponential, type Rng } from '../../numeric/random.js';
import { type AffineFrame, affineFrame } from '../hull/affine-frame.js';
import { distanceToHull } from '../hull/convex-combination.js';
import { pointExtremes } from '../hull/point-extremes.js';
import { isSymmetric } from '../hull/point-symmetry.js';
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
  return {
    // Affinely independent points are a simplex, whatever it was made as: their frame values are the extremes' candidates themselves.
    ...(count === d + 1 ? simplexExtremes(coordinates) : pointExtremes(coordinates)),
    symmetric: isSymmetric(vertices),
    points: coordinates,
    centre,
    terms: count,
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
    reaches: (directions, y) => {
      const images = multiply(coordinates, directions.matrix);
      const scale = largestEntry(images.data) || 1;
      const distance = distanceToHull(
        { ...images, data: images.data.map(x => x / scale) },
        y.map(x => x / scale),
      );
      return distance <= Math.sqrt(y.length) / scale + containmentTolerance(y.length + count, 1);
    },
  };
}

function someVertices(rng: Rng, count: number, d: number): number[] {
  const howMany = 1 + Math.floor(rng() * (d + 1));
  return Array.from({ length: howMany }, () => Math.floor(rng() * count));
}
