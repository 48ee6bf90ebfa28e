import { type Matrix, matrix, type Region, type RegionJSON, vPolytope } from '@police/core';
import { containmentAllowance } from '@police/core/adapter';
import { approximatePoint, exactVertices } from '../exact/polytope.js';
import { makeRegion, type RegionKind, randomArray, regionKinds, type seededRng } from '../helpers.js';

type Rng = ReturnType<typeof seededRng>;

/** Every vertex, written down from the region's JSON; none for a ball or an ellipsoid. */
export function verticesOf(region: Region): number[][] {
  return verticesIn(region.toJSON());
}

function verticesIn(json: RegionJSON): number[][] {
  switch (json.kind) {
    case 'simplex':
    case 'vPolytope':
      return json.vertices;
    case 'hPolytope':
      return exactVertices(json.A, json.b).map(approximatePoint);
    case 'ball':
    case 'ellipsoid':
      return [];
    case 'crossPolytope': {
      const { centre, radius } = json;
      return centre.flatMap((_, i) =>
        [radius, -radius].map(r => centre.map((x, k) => (k === i ? x + r : x))),
      );
    }
    case 'zonotope':
      // The vertices are among the sums with all signs.
      return signVectors(json.generators.length).map(signs =>
        json.centre.map((c, k) => signs.reduce((x, sign, i) => x + sign * json.generators[i][k], c)),
      );
    case 'box': {
      const lower = 'lower' in json ? json.lower : json.centre.map((c, i) => c - json.radii[i]);
      const upper = 'lower' in json ? json.upper : json.centre.map((c, i) => c + json.radii[i]);
      return signVectors(lower.length).map(signs => lower.map((lo, i) => (signs[i] > 0 ? upper[i] : lo)));
    }
    default:
      return verticesIn(json.region).map(vertex => mapPoint(json, vertex));
  }
}

function signVectors(count: number): number[][] {
  return Array.from({ length: 2 ** count }, (_, corner) =>
    Array.from({ length: count }, (_, i) => ((corner >> i) & 1 ? 1 : -1)),
  );
}

type MappedJSON = Extract<RegionJSON, { region: RegionJSON }>;

/** The image of a point of the inner region. */
function mapPoint(json: MappedJSON, x: readonly number[]): number[] {
  if (json.kind === 'scaled') {
    const centre = centreIn(json.region);
    return x.map((value, k) => centre[k] + json.factor * (value - centre[k]));
  }
  if (json.kind === 'subspace')
    return json.origin.map((o, k) => json.basis.reduce((sum, row, i) => sum + x[i] * row[k], o));
  return json.offset.map((b, k) => {
    const row = json.matrix[k];
    return typeof row === 'number' ? row * x[k] + b : row.reduce((sum, a, i) => sum + a * x[i], b);
  });
}

/** The centre, of polytopes the mean of the vertices. */
function centreIn(json: RegionJSON): number[] {
  if ('region' in json) return mapPoint(json, centreIn(json.region));
  if ('centre' in json) return json.centre;
  const vertices = verticesIn(json);
  return vertices[0].map((_, k) => vertices.reduce((sum, v) => sum + v[k] / vertices.length, 0));
}

/** The functional x ↦ w·x + b. */
export interface Functional {
  readonly w: readonly number[];
  readonly b: number;
}

/** Functionals to whose values every coordinate adds as much, however its size differs from the others'. */
export function randomFunctionals(region: Region, count: number, rng: Rng): Functional[] {
  const size = largest(region);
  const weights = weightsOf(region);
  return Array.from({ length: count }, () => ({
    w: randomArray(rng, region.size).map((x, k) => x * weights[k]),
    b: (2 * rng() - 1) * size,
  }));
}

/** What coordinates times these are all as large as the largest. */
function weightsOf(region: Region): Float64Array {
  const size = largest(region);
  return region.reach(region.frame).map(reach => (reach > 0 ? size / reach : 1));
}

/** By how much more the corners of a region may stand out when its sides, or its directions, move by some amount. */
const SHARPNESS = 2 ** 8;

/**
 * The share of its widths by which a point may stand out of the region and still count as contained: so much is allowed in
 * every coordinate. Sides and directions trade one coordinate for another, so the loosest decides.
 */
export function looseness(region: Region): number {
  const { lo, hi } = region.range(region.frame);
  const reach = region.reach(region.frame);
  const allowance = containmentAllowance(region.slack, reach, region.size + region.body.terms);
  const shares = allowance.map((allowed, k) => (hi[k] > lo[k] ? allowed / (hi[k] - lo[k]) : 0));
  return SHARPNESS * Math.max(...shares);
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
 * Allowance for a functional of {@link randomFunctionals} evaluated once at a vertex and once through the frame: D products of the
 * region's size and the constant, then d + 1 products with the coordinates, each side rounding as often as it has terms;
 * the factor covers the rounding of frame and coordinates themselves.
 */
export function functionalTolerance(region: Region): number {
  const terms = region.size + region.frame.rows + 4;
  // The slack covers what a mapped or computed frame is off by; the oracle's own mapping is off by as much.
  const weights = weightsOf(region);
  const mapping = 4 * region.slack.reduce((sum, s, k) => sum + s * weights[k], 0);
  return 8 * terms * Number.EPSILON * (region.size + 1) * largest(region) + mapping;
}

/** The slow obvious range: over all vertices, or for what has none the formula written out. */
export function slowRange(region: Region, functional: Functional): [number, number] {
  return rangeIn(region.toJSON(), functional);
}

function rangeIn(json: RegionJSON, functional: Functional): [number, number] {
  const { w } = functional;
  if (json.kind === 'ball' || json.kind === 'ellipsoid') {
    const middle = valueAt(functional, json.centre);
    const width =
      json.kind === 'ball'
        ? json.radius * Math.hypot(...w)
        : 'axes' in json
          ? Math.hypot(...json.axes.map(axis => product(axis, w)))
          : Math.sqrt(
              product(
                w,
                json.shape.map(row => product(row, w)),
              ),
            );
    return [middle - width, middle + width];
  }
  if ('region' in json) return rangeIn(json.region, pulledBack(json, functional));
  const values = verticesIn(json).map(v => valueAt(functional, v));
  return [Math.min(...values), Math.max(...values)];
}

function product(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + x * b[i], 0);
}

/** The functional on the inner region that takes the same values there. */
function pulledBack(json: MappedJSON, { w, b }: Functional): Functional {
  switch (json.kind) {
    case 'subspace':
      return { w: json.basis.map(row => product(row, w)), b: product(w, json.origin) + b };
    case 'scaled': {
      const centre = product(w, centreIn(json.region));
      return { w: w.map(x => json.factor * x), b: b + (1 - json.factor) * centre };
    }
    case 'image': {
      const inner = json.region;
      const size =
        'region' in inner ? mapPoint(inner, centreIn(inner.region)).length : centreIn(inner).length;
      const columns = Array.from({ length: size }, (_, i) =>
        json.matrix.reduce<number>((sum, row, k) => {
          const entry = typeof row === 'number' ? (i === k ? row : 0) : row[i];
          return sum + w[k] * entry;
        }, 0),
      );
      return { w: columns, b: product(w, json.offset) + b };
    }
  }
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
