import { type Matrix, matrix, type Region, vPolytope } from '@police/core';
import { makeRegion, type RegionKind, randomArray, regionKinds, type seededRng } from './helpers.js';

type Rng = ReturnType<typeof seededRng>;

/** Every vertex, written down from the region's JSON; none for a ball. */
export function verticesOf(region: Region): number[][] {
  const json = region.toJSON();
  if ('vertices' in json) return json.vertices;
  if (json.kind === 'ball') return [];
  if (json.kind === 'crossPolytope') {
    const { centre, radius } = json;
    return centre.flatMap((_, i) => [radius, -radius].map(r => centre.map((x, k) => (k === i ? x + r : x))));
  }
  const lower = 'lower' in json ? json.lower : json.centre.map((c, i) => c - json.radii[i]);
  const upper = 'lower' in json ? json.upper : json.centre.map((c, i) => c + json.radii[i]);
  return Array.from({ length: 2 ** lower.length }, (_, corner) =>
    lower.map((lo, i) => ((corner >> i) & 1 ? upper[i] : lo)),
  );
}

/** The functional x ↦ w·x + b. */
export interface Functional {
  readonly w: readonly number[];
  readonly b: number;
}

export function randomFunctionals(region: Region, count: number, rng: Rng): Functional[] {
  const size = largest(region);
  return Array.from({ length: count }, () => ({
    w: randomArray(rng, region.size),
    b: (2 * rng() - 1) * size,
  }));
}

export const valueAt = ({ w, b }: Functional, x: ArrayLike<number>) =>
  w.reduce((sum, a, k) => sum + a * x[k], b);

/** Frame values `[d + 1, functionals]`. */
export function frameValues(region: Region, functionals: readonly Functional[]): Matrix {
  const { frame, size } = region;
  const h = matrix(frame.rows, functionals.length);
  functionals.forEach(({ w, b }, j) => {
    for (let i = 0; i < frame.rows; i++) {
      const row = frame.data.subarray(i * size, (i + 1) * size);
      h.data[i * functionals.length + j] = valueAt({ w, b: i === 0 ? b : 0 }, row);
    }
  });
  return h;
}

/** A bound on every |coordinate| of the region. */
export function largest(region: Region): number {
  return Math.max(...region.reach(region.frame));
}

/**
 * Allowance for a functional with |w| ≤ 1 evaluated once at a vertex and once through the frame: D products of the
 * region's size and the constant, then d + 1 products with the coordinates, each side rounding as often as it has terms;
 * the factor covers the rounding of frame and coordinates themselves.
 */
export function functionalTolerance(region: Region): number {
  const terms = region.size + region.frame.rows + 4;
  return 8 * terms * Number.EPSILON * (region.size + 1) * largest(region);
}

/** The slow obvious range: over all vertices, or for the ball the formula written out. */
export function slowRange(region: Region, functional: Functional): [number, number] {
  const json = region.toJSON();
  if (json.kind === 'ball') {
    const middle = valueAt(functional, json.centre);
    const width = json.radius * Math.hypot(...functional.w);
    return [middle - width, middle + width];
  }
  const values = verticesOf(region).map(v => valueAt(functional, v));
  return [Math.min(...values), Math.max(...values)];
}

export interface RegionCase {
  readonly name: string;
  make(rng: Rng): Region;
}

const SCALES = [1e-9, 1, 1e9];

/** Vertices on a line or in a plane of ℝ⁶. */
function flat(rng: Rng, dimension: number, count: number): Region {
  const origin = randomArray(rng, 6);
  const axes = Array.from({ length: dimension }, () => randomArray(rng, 6));
  return vPolytope(
    Array.from({ length: count }, () => {
      const t = randomArray(rng, dimension);
      return origin.map((x, k) => axes.reduce((sum, axis, i) => sum + t[i] * axis[k], x));
    }),
  );
}

/** A regular polygon about the origin. */
export function polygon(corners: number): Region {
  const angle = (2 * Math.PI) / corners;
  return vPolytope(Array.from({ length: corners }, (_, i) => [Math.cos(i * angle), Math.sin(i * angle)]));
}

/** Every kind at every scale and the hard cases. */
export const regionCases: readonly RegionCase[] = [
  ...SCALES.flatMap(scale =>
    regionKinds.map((kind: RegionKind) => ({
      name: `${kind} of size ${scale}`,
      make: (rng: Rng) => makeRegion(kind, 4, rng, scale),
    })),
  ),
  { name: 'box in 8 dimensions', make: rng => makeRegion('box', 8, rng) },
  { name: 'interval', make: rng => makeRegion('vPolytope', 1, rng) },
  { name: 'plane polygon in 6 dimensions', make: rng => flat(rng, 2, 9) },
  { name: 'solid in 6 dimensions', make: rng => flat(rng, 3, 20) },
  { name: '50-gon', make: () => polygon(50) },
  { name: 'duplicated vertices', make: rng => duplicated(rng) },
];

function duplicated(rng: Rng): Region {
  const vertices = Array.from({ length: 5 }, () => randomArray(rng, 3));
  return vPolytope([...vertices, ...vertices, vertices[2]]);
}
