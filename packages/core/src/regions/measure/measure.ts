import { type Matrix, matrix, rowOf, rowRange } from '../../numeric/matrix.js';
import { affineFrame } from '../hull/affine-frame.js';
import { distinctRows } from '../hull/distinct-rows.js';
import { facetsOf } from '../hull/facets.js';
import { pointsAt, type Region } from '../region.js';
import type { UnitBall } from '../unit-balls.js';
import { determinant } from './determinant.js';
import { hullVolume } from './hull-volume.js';
import { type Span, spanOf, sumOfMinors } from './span.js';

/** How large a region is; what would take long to find out is absent. */
export interface RegionMeasure {
  /** d, of the affine hull. */
  readonly dimension?: number;
  /** ln of the d-dimensional volume; 0 for a point. */
  readonly logVolume?: number;
  /** Faces of d − 1 dimensions; ∞ for what is round. */
  readonly facets?: number;
  readonly vertices?: number;
}

/** Points and dimensions up to which facets are enumerated in exact arithmetic. */
const MOST_POINTS = 256;
const MOST_DIMENSIONS = 8;
const MOST_FACETS = 4096;
/** Simplices, or choices of generators, whose volumes are summed. */
const MOST_PARTS = 200_000;

/**
 * Dimension, volume, facets and vertices of a region. Closed forms for images of boxes, balls and cross-polytopes and for simplices; of polytopes by
 * vertices the facets are enumerated exactly, up to {@link MOST_POINTS} points in {@link MOST_DIMENSIONS} dimensions; of a zonotope the volume
 * is the sum over its parallelepipeds. What lies within 2⁻³⁶ of a facet, measured in the region's own size, counts as on it.
 */
export function measure(region: Region): RegionMeasure {
  const { body, frame } = region;
  if (body.points) return measureHull(pointsOf(region, body.points));
  const directions = rowRange(frame, 1, frame.rows);
  if (!body.unitBall) return { dimension: directions.rows };
  const span = spanOf(directions);
  if (!span) return {};
  const { rank, inBasis } = span;
  // Where λ is not unique the cross-polytope is the hull of some points, and they are few.
  if (body.unitBall?.kind === 'octahedron' && inBasis) return measureHull(oppositePairs(directions));
  return {
    dimension: rank,
    ...volumeOf(body.unitBall, span, directions.rows),
    ...countsOf(body.unitBall, rank, inBasis !== undefined),
  };
}

function volumeOf(ball: UnitBall, { rank, logVolume, inBasis }: Span, m: number): RegionMeasure {
  if (ball.kind === 'cube' && inBasis) {
    const sum = sumOfMinors(inBasis, MOST_PARTS, determinant);
    return sum === undefined ? {} : { logVolume: rank * Math.LN2 + Math.log(sum) };
  }
  if (ball.kind === 'cube') return { logVolume: m * Math.LN2 + logVolume };
  if (ball.kind === 'octahedron') return { logVolume: m * Math.LN2 - logFactorial(m) + logVolume };
  // A ball's image is an ellipsoid, and its semi-axes are the singular values.
  return { logVolume: logVolumeOfDisc(rank) + logVolume };
}

function countsOf(ball: UnitBall, d: number, isDependent: boolean): RegionMeasure {
  if (d === 0) return { facets: 0, vertices: 1 };
  if (d === 1) return { facets: 2, vertices: 2 };
  if (ball.kind === 'disc') return { facets: Number.POSITIVE_INFINITY, vertices: Number.POSITIVE_INFINITY };
  if (isDependent) return {};
  return ball.kind === 'cube' ? { facets: 2 * d, vertices: 2 ** d } : { facets: 2 ** d, vertices: 2 * d };
}

/** π^{d/2} / Γ(d/2 + 1), by the recursion V_d = 2π/d · V_{d−2}. */
function logVolumeOfDisc(d: number): number {
  let sum = d % 2 === 1 ? Math.LN2 : 0;
  for (let k = d; k > 1; k -= 2) sum += Math.log((2 * Math.PI) / k);
  return sum;
}

function logFactorial(n: number): number {
  let sum = 0;
  for (let k = 2; k <= n; k++) sum += Math.log(k);
  return sum;
}

function measureHull(points: Matrix): RegionMeasure {
  const distinct = distinctRows(points);
  const kept = matrix(distinct.length, points.cols);
  distinct.forEach((p, i) => {
    kept.data.set(rowOf(points, p), i * points.cols);
  });
  const { frame, coordinates } = affineFrame(kept);
  const d = coordinates.cols;
  const scale = spanOf(rowRange(frame, 1, frame.rows))?.logVolume;
  if (coordinates.rows === d + 1) {
    const logVolume = scale === undefined ? {} : { logVolume: scale - logFactorial(d) };
    return { dimension: d, ...logVolume, facets: d === 0 ? 0 : d + 1, vertices: d + 1 };
  }
  if (d > MOST_DIMENSIONS || coordinates.rows > MOST_POINTS) return { dimension: d };
  const facets = facetsOf(coordinates, MOST_FACETS);
  if (!facets) return { dimension: d };
  const volume = scale === undefined ? undefined : hullVolume(coordinates, facets, MOST_PARTS);
  return {
    dimension: d,
    ...(volume === undefined ? {} : { logVolume: Math.log(volume) + scale! }),
    facets: facets.length,
    vertices: countVertices(facets, coordinates.rows),
  };
}

/** A vertex is alone on all its facets together. */
function countVertices(facets: readonly (readonly number[])[], count: number): number {
  const sets = facets.map(facet => new Set(facet));
  let vertices = 0;
  for (let p = 0; p < count; p++) {
    const around = sets.filter(facet => facet.has(p));
    if (around.length === 0) continue;
    const shared = [...around[0]].filter(q => around.every(facet => facet.has(q)));
    if (shared.length === 1) vertices++;
  }
  return vertices;
}

/** The points `[P, D]` with frame coordinates `[P, d]`. */
function pointsOf(region: Region, coordinates: Matrix): Matrix {
  const { rows: count, cols: d } = coordinates;
  const columns = matrix(d + 1, count);
  columns.data.fill(1, 0, count);
  for (let p = 0; p < count; p++)
    for (let i = 0; i < d; i++) columns.data[(i + 1) * count + p] = coordinates.data[p * d + i];
  return pointsAt(region, columns);
}

function oppositePairs(directions: Matrix): Matrix {
  const pairs = matrix(2 * directions.rows, directions.cols);
  pairs.data.set(directions.data);
  pairs.data.set(
    directions.data.map(x => -x),
    directions.data.length,
  );
  return pairs;
}
