import type { Region, RegionJSON } from '@police/core';
import { type PlanarBody, planarBody } from './planar-body.js';

/**
 * The set of a region's frame coordinates, as far as the flat loops know it: the range of frame values `h[0..d]`
 * (origin, then directions g) over it. `general` sets are left to core.
 *
 * - `cube` (box, zonotope): h₀ ± Σ|g|
 * - `disc` (ball, ellipsoid): h₀ ± ‖g‖₂
 * - `octahedron` (cross-polytope): h₀ ± max|g|
 * - `simplex`: the least and largest of h₀ and h₀ + gᵢ
 * - a `PlanarBody` (polytopes given by vertices, of at most two dimensions): the least and largest at its points
 */
export type BodyKind = 'cube' | 'disc' | 'octahedron' | 'simplex' | PlanarBody | 'general';

export function bodyKind(region: Region): BodyKind {
  return kindOf(region.toJSON(), region.frame.rows - 1);
}

function kindOf(json: RegionJSON, d: number): BodyKind {
  switch (json.kind) {
    case 'box':
    case 'zonotope':
      return 'cube';
    case 'ball':
    case 'ellipsoid':
      return 'disc';
    case 'crossPolytope':
      return 'octahedron';
    case 'simplex':
      return 'simplex';
    case 'vPolytope':
      return d <= 2 ? planarBody(json.vertices) : 'general';
    // An affine image has the frame coordinates of what it is an image of.
    case 'image':
    case 'subspace':
    case 'scaled':
      return kindOf(json.region, d);
    default:
      return 'general';
  }
}

/**
 * Extremes over a region of every unit's pre-activation, from its frame values: rows `from … to − 1` of h
 * `[rows, units]`, the origin first. Writes `lo` and `hi` `[units]` at `at`.
 */
export function writeRange(
  kind: BodyKind,
  h: Float64Array,
  units: number,
  from: number,
  to: number,
  lo: Float64Array,
  hi: Float64Array,
  at: number,
): void {
  const origin = from * units;
  const start = origin + units;
  const end = to * units;
  if (typeof kind === 'object') {
    for (let j = 0; j < units; j++) {
      lo[at + j] = kind.valueAt(kind.farthest(h, origin + j, units, -1), h, origin + j, units);
      hi[at + j] = kind.valueAt(kind.farthest(h, origin + j, units, 1), h, origin + j, units);
    }
    return;
  }
  if (kind === 'simplex') {
    for (let j = 0; j < units; j++) {
      const h0 = h[origin + j];
      let least = 0;
      let most = 0;
      for (let i = start + j; i < end; i += units) {
        const g = h[i];
        if (g < least) least = g;
        else if (g > most) most = g;
        else if (Number.isNaN(g)) least = most = g; // NaN must not pass for a range
      }
      lo[at + j] = h0 + least;
      hi[at + j] = h0 + most;
    }
    return;
  }
  for (let j = 0; j < units; j++) hi[at + j] = 0;
  for (let i = start; i < end; i += units) {
    if (kind === 'cube') for (let j = 0; j < units; j++) hi[at + j] += Math.abs(h[i + j]);
    else if (kind === 'disc') for (let j = 0; j < units; j++) hi[at + j] += h[i + j] * h[i + j];
    else for (let j = 0; j < units; j++) hi[at + j] = Math.max(hi[at + j], Math.abs(h[i + j]));
  }
  for (let j = 0; j < units; j++) {
    const width = kind === 'disc' ? Math.sqrt(hi[at + j]) : hi[at + j];
    lo[at + j] = h[origin + j] - width;
    hi[at + j] = h[origin + j] + width;
  }
}

/**
 * Frame coordinates of the point where a unit is lowest (`side` −1) or highest (+1), into rows `from … to − 1` of
 * `coordinates` `[rows, units]`, column `unit`. This is also that extreme's subgradient in the frame values.
 */
export function writeExtreme(
  kind: BodyKind,
  h: Float64Array,
  units: number,
  from: number,
  to: number,
  unit: number,
  side: number,
  coordinates: Float64Array,
): void {
  const start = (from + 1) * units + unit;
  const end = to * units;
  coordinates[from * units + unit] = 1;
  if (typeof kind === 'object') {
    const { cols, data } = kind.points;
    const point = kind.farthest(h, from * units + unit, units, side) * cols;
    for (let i = start, k = point; i < end; i += units, k++) coordinates[i] = data[k];
    return;
  }
  if (kind === 'cube') {
    for (let i = start; i < end; i += units) coordinates[i] = side * Math.sign(h[i]);
    return;
  }
  if (kind === 'disc') {
    let squares = 0;
    for (let i = start; i < end; i += units) squares += h[i] * h[i];
    const scale = squares > 0 ? side / Math.sqrt(squares) : 0;
    for (let i = start; i < end; i += units) coordinates[i] = scale * h[i];
    return;
  }
  // One direction decides: for a simplex the lowest or highest vertex (the origin if none), else the longest.
  let best = -1;
  let most = 0;
  for (let i = start; i < end; i += units) {
    coordinates[i] = 0;
    const gain = kind === 'simplex' ? side * h[i] : Math.abs(h[i]);
    if (gain > most) {
      most = gain;
      best = i;
    }
  }
  if (best >= 0) coordinates[best] = kind === 'simplex' ? 1 : side * Math.sign(h[best]);
}
