import type { RegionJSON } from '@police/core';
import { coordinateSum, exactVertices, overCommonWeight } from './polytope.js';
import {
  absolute,
  add,
  compare,
  type Dyadic,
  dot,
  exact,
  half,
  multiply,
  subtract,
  sum,
  zero,
} from './rational.js';

/** A point over its weight; or, of weight 0, a direction. */
export interface ExactRow {
  readonly weight: Dyadic;
  readonly coordinates: readonly Dyadic[];
}

/** A region in exact arithmetic, written down anew from its JSON. */
export interface ExactRegion {
  /** Vertices; or the centre and then the directions. */
  readonly rows: readonly ExactRow[];
  /** Whether a functional with these values on the rows takes values on both sides of 0. */
  readonly isMixed: (values: readonly Dyadic[]) => boolean;
}

const exactRow = (values: ArrayLike<number>) => Array.from(values, exact);
const one = exact(1);

export function exactRegion(json: RegionJSON): ExactRegion {
  switch (json.kind) {
    case 'simplex':
    case 'vPolytope':
      return hull(json.vertices.map(vertex => ({ weight: one, coordinates: exactRow(vertex) })));
    case 'hPolytope':
      return hull(overCommonWeight(exactVertices(json.A, json.b)));
    case 'zonotope':
      return around(exactRow(json.centre), json.generators.map(exactRow), wideAsSum);
    case 'ellipsoid': {
      if ('axes' in json) return around(exactRow(json.centre), json.axes.map(exactRow), wideAsRoot);
      // Along the unit vectors the width of the ellipsoid is the root of gᵀ P g.
      const shape = json.shape.map(exactRow);
      const identity = shape.map((_, i) => shape.map((_, k) => (i === k ? one : zero)));
      const square = (g: readonly Dyadic[]) =>
        dot(
          g,
          shape.map(row => dot(row, g)),
        );
      return around(exactRow(json.centre), identity, (h, g) => compare(multiply(h, h), square(g)) < 0);
    }
    case 'box':
    case 'ball':
    case 'crossPolytope': {
      const [centre, radii] = centreAndRadii(json);
      const directions = radii.map((r, i) => radii.map((_, k) => (k === i ? r : zero)));
      const isWide = { box: wideAsSum, ball: wideAsRoot, crossPolytope: wideAsLargest }[json.kind];
      return around(centre, directions, isWide);
    }
    case 'image': {
      const rows = json.matrix.map((row, i) =>
        exactRow(typeof row === 'number' ? json.matrix.map((_, k) => (i === k ? row : 0)) : row),
      );
      return mapped(exactRegion(json.region), rows, exactRow(json.offset));
    }
    case 'subspace': {
      const rows = json.origin.map((_, k) => exactRow(json.basis.map(row => row[k])));
      return mapped(exactRegion(json.region), rows, exactRow(json.origin));
    }
    case 'scaled':
      return scaledBy(exactRegion(json.region), exact(json.factor));
  }
}

/** Whether h ± the width of the slopes g holds both signs, by kind of region. */
type IsWide = (h: Dyadic, g: readonly Dyadic[]) => boolean;

const wideAsSum: IsWide = (h, g) => compare(absolute(h), sum(g.map(absolute))) < 0;
const wideAsRoot: IsWide = (h, g) => compare(multiply(h, h), dot(g, g)) < 0;
const wideAsLargest: IsWide = (h, g) => g.some(x => compare(absolute(h), absolute(x)) < 0);

function hull(rows: readonly ExactRow[]): ExactRegion {
  return {
    rows,
    isMixed: values => values.some(v => compare(v, zero) < 0) && values.some(v => compare(v, zero) > 0),
  };
}

function around(
  centre: readonly Dyadic[],
  directions: readonly (readonly Dyadic[])[],
  isWide: IsWide,
): ExactRegion {
  return {
    rows: [
      { weight: one, coordinates: centre },
      ...directions.map(coordinates => ({ weight: zero, coordinates })),
    ],
    isMixed: ([h, ...g]) => isWide(h, g),
  };
}

function mapped(
  region: ExactRegion,
  rows: readonly (readonly Dyadic[])[],
  offset: readonly Dyadic[],
): ExactRegion {
  return {
    ...region,
    rows: region.rows.map(({ weight, coordinates }) => ({
      weight,
      coordinates: rows.map((row, i) => add(dot(row, coordinates), multiply(weight, offset[i]))),
    })),
  };
}

/** c + f (x − c) for the mean c of the points, which all have one weight. */
function scaledBy(region: ExactRegion, factor: Dyadic): ExactRegion {
  const points = region.rows.filter(({ weight }) => weight.mantissa !== 0n);
  const total = coordinateSum(points);
  const count = exact(points.length);
  const rest = subtract(one, factor);
  return {
    ...region,
    rows: region.rows.map(({ weight, coordinates }) => {
      const isPoint = weight.mantissa !== 0n;
      return {
        weight: multiply(count, weight),
        coordinates: coordinates.map((x, k) => {
          const own = multiply(multiply(count, factor), x);
          if (isPoint) return add(own, multiply(rest, total[k]));
          return multiply(factor, x);
        }),
      };
    }),
  };
}

function centreAndRadii(
  json: Extract<RegionJSON, { kind: 'box' | 'ball' | 'crossPolytope' }>,
): [Dyadic[], Dyadic[]] {
  if ('lower' in json) {
    const lower = exactRow(json.lower);
    const upper = exactRow(json.upper);
    return [upper.map((u, i) => half(add(u, lower[i]))), upper.map((u, i) => half(subtract(u, lower[i])))];
  }
  const centre = exactRow(json.centre);
  return [centre, 'radii' in json ? exactRow(json.radii) : centre.map(() => exact(json.radius))];
}
