import { type Matrix, matrix, matrixFromRows, multiplyTransposed, rowOf } from '../numeric/matrix.js';
import { facetRays } from '../regions/hull/facets.js';
import { planarHull } from '../regions/hull/planar-hull.js';
import type { Region } from '../regions/region.js';
import { type Coordinates, MOST_DIAGONAL_DIMENSIONS, toCoordinates } from './coordinates.js';

/** Outward normals of a body around a region, in its coordinates. */
export interface FacetNormals {
  /** `[F, d]`. */
  readonly normals: Matrix;
  /** Whether the body with these normals that touches the region all around is the region. */
  readonly isRegion: boolean;
}

/** More facets than this, and a body with few takes the place of a hull. */
const MOST_FACETS = 256;

/** Normals of a body around a flat disc: a regular polygon. */
const PLANE_DIRECTIONS = 16;

/** The facets of a region where it has few, else the normals of an outer body: its box, and a few diagonals. */
export function facetNormals(region: Region, coordinates: Coordinates): FacetNormals {
  const d = coordinates.axes.rows;
  if (d <= 1) return { normals: signedAxes(d), isRegion: true };
  const exact = exactNormals(region, coordinates);
  if (exact) return { normals: exact, isRegion: true };
  return { normals: outerNormals(region, coordinates), isRegion: false };
}

function exactNormals(region: Region, coordinates: Coordinates): Matrix | undefined {
  const { directions, axes } = coordinates;
  const { unitBall, isSimplex } = region.body;
  const d = axes.rows;
  const isIndependent = directions.rows === d;
  if (unitBall?.kind === 'cube' && isIndependent) return fromFrame(directions, signedAxes(d));
  if (unitBall?.kind === 'cube' && d === 2) return perpendiculars(directions);
  if (unitBall?.kind === 'octahedron' && isIndependent && d <= MOST_DIAGONAL_DIMENSIONS)
    return fromFrame(directions, signVectors(d));
  if (isSimplex) return fromFrame(directions, simplexNormals(d));
  const json = region.toJSON();
  if (json.kind === 'vPolytope')
    return hullNormals(toCoordinates(coordinates, matrixFromRows(json.vertices)));
  if (json.kind === 'hPolytope' && json.A.length <= MOST_FACETS) return rowNormals(coordinates, json.A);
  return undefined;
}

function outerNormals({ body }: Region, { directions, axes }: Coordinates): Matrix {
  const d = axes.rows;
  const normals = d === 2 ? regularNormals(PLANE_DIRECTIONS) : withDiagonals(d);
  // A ball's own directions fit it best; of anything else the axes will do.
  return body.unitBall?.kind === 'disc' && directions.rows === d ? fromFrame(directions, normals) : normals;
}

/** Normals of functionals of frame coordinates λ as those of μ = Lᵀ λ: solves L n = m, L lower triangular. */
function fromFrame(lower: Matrix, normals: Matrix): Matrix {
  const d = lower.rows;
  const solved = matrix(normals.rows, d, normals.data.slice());
  for (let f = 0; f < normals.rows; f++) {
    const n = rowOf(solved, f);
    for (let i = 0; i < d; i++) {
      for (let k = 0; k < i; k++) n[i] -= lower.data[i * d + k] * n[k];
      n[i] /= lower.data[i * d + i];
    }
  }
  return solved;
}

/** ±eᵢ, `[2 d, d]`. */
function signedAxes(d: number): Matrix {
  const normals = matrix(2 * d, d);
  for (let i = 0; i < d; i++) {
    normals.data[2 * i * d + i] = 1;
    normals.data[(2 * i + 1) * d + i] = -1;
  }
  return normals;
}

/** All (±1, …, ±1), `[2ᵈ, d]`. */
function signVectors(d: number): Matrix {
  return matrixFromRows(
    Array.from({ length: 2 ** d }, (_, bits) =>
      Array.from({ length: d }, (_each, i) => ((bits >> i) & 1 ? -1 : 1)),
    ),
  );
}

function withDiagonals(d: number): Matrix {
  const axes = signedAxes(d);
  if (d > MOST_DIAGONAL_DIMENSIONS) return axes;
  const diagonals = signVectors(d);
  return matrix(axes.rows + diagonals.rows, d, Float64Array.of(...axes.data, ...diagonals.data));
}

/** λᵢ ≥ 0 and Σ λᵢ ≤ 1. */
function simplexNormals(d: number): Matrix {
  const normals = matrix(d + 1, d);
  for (let i = 0; i < d; i++) normals.data[i * d + i] = -1;
  normals.data.fill(1, d * d);
  return normals;
}

function regularNormals(count: number): Matrix {
  const angles = Array.from({ length: count }, (_, i) => (2 * Math.PI * i) / count);
  return matrixFromRows(angles.map(angle => [Math.cos(angle), Math.sin(angle)]));
}

/** Both normals of every edge direction in the plane. */
function perpendiculars(directions: Matrix): Matrix {
  const rows = Array.from({ length: directions.rows }, (_, i) => rowOf(directions, i));
  const edges = rows.filter(([x, y]) => x !== 0 || y !== 0);
  return matrixFromRows(
    edges.flatMap(([x, y]) => [
      [-y, x],
      [y, -x],
    ]),
  );
}

/** Normals of the facets of a hull of points `[P, d]` that spans its space; undefined for too many. */
function hullNormals(points: Matrix): Matrix | undefined {
  const d = points.cols;
  if (d === 2) return polygonNormals(points);
  if (d > MOST_DIAGONAL_DIMENSIONS) return undefined;
  const rays = facetRays(points, MOST_FACETS);
  if (!rays) return undefined;
  const normals = rays.map(([, ...n]) => unitVector(n.map(x => -Number(x))));
  return matrixFromRows(normals.filter(n => n.some(x => x !== 0)));
}

function polygonNormals(points: Matrix): Matrix | undefined {
  const { vertices } = planarHull(points);
  if (vertices.length > MOST_FACETS) return undefined;
  const corners = vertices.map(p => rowOf(points, p));
  return matrixFromRows(
    corners.map(([x, y], i) => {
      const [nextX, nextY] = corners[(i + 1) % corners.length];
      return [nextY - y, x - nextX];
    }),
  );
}

/** Whole numbers may be too large for their squares. */
function unitVector(vector: number[]): number[] {
  const largest = vector.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
  return largest === 0 ? vector : vector.map(x => x / largest);
}

/** Normals a of A x ≤ b; those along which the hull has no width are left out. */
function rowNormals({ scale, axes }: Coordinates, A: readonly number[][]): Matrix {
  const rows = matrixFromRows(A.map(row => row.map((a, k) => a * scale[k])));
  const normals = multiplyTransposed(rows, axes);
  const kept = Array.from({ length: normals.rows }, (_, f) => rowOf(normals, f)).filter((n, f) => {
    const largest = n.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
    const before = rowOf(rows, f).reduce((max, x) => Math.max(max, Math.abs(x)), 0);
    return largest > 1e-9 * before;
  });
  return matrixFromRows(kept);
}
