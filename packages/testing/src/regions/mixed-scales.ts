import { convexHull, type Region, type RegionJSON, type Rng, regionFromJSON } from '@police/core';
import { makeRegion, randomArray, regionKinds } from '../helpers.js';
import { moreRegionNames, moreRegions } from './cases.js';
import type { RegionCase } from './oracles.js';

/** Coordinates measured otherwise: x ↦ units · x + away, coordinate by coordinate (the first of as many as there are). */
export interface Units {
  readonly name: string;
  readonly units: readonly number[];
  readonly away: readonly number[];
}

export const mixedUnits: readonly Units[] = [
  {
    name: 'from 1e−9 to 1e12 side by side',
    units: [1e12, 1e-9, 1, 1e5, 1e-4, 1e8],
    away: [0, 0, 0, 0, 0, 0],
  },
  {
    name: 'like Unix milliseconds beside a rate',
    units: [1e6, 0.004, 3, 0.01, 1e-9, 1e12],
    away: [1.7e12, 0.005, -2e7, 300, 0, 4e14],
  },
];

/** The same region in other units, told anew; a ball keeps its radius. */
export function inUnits(json: RegionJSON, { units, away }: Omit<Units, 'name'>): RegionJSON {
  const direction = (x: readonly number[]) => x.map((value, k) => value * units[k]);
  const point = (x: readonly number[]) => direction(x).map((value, k) => value + away[k]);
  switch (json.kind) {
    case 'simplex':
      return { ...json, vertices: json.vertices.map(point) };
    case 'vPolytope':
      return {
        ...json,
        vertices: json.vertices.map(point),
        ...(json.slack ? { slack: direction(json.slack) } : {}),
      };
    case 'hPolytope':
      return rowsInUnits(json, { units, away });
    case 'box':
      if ('lower' in json) return { ...json, lower: point(json.lower), upper: point(json.upper) };
      return { ...json, centre: point(json.centre), radii: direction(json.radii) };
    case 'ball':
    case 'crossPolytope':
      return { ...json, centre: point(json.centre) };
    case 'ellipsoid':
      if ('axes' in json) return { ...json, centre: point(json.centre), axes: json.axes.map(direction) };
      return {
        ...json,
        centre: point(json.centre),
        shape: json.shape.map((row, i) => row.map((x, k) => x * (units[i] * units[k]))),
      };
    case 'zonotope':
      return { ...json, centre: point(json.centre), generators: json.generators.map(direction) };
    case 'image': {
      // The region inside is measured in units of its own.
      const inner = [...units].reverse();
      return {
        ...json,
        region: inUnits(json.region, { units: inner, away: units.map(() => 0) }),
        matrix: json.matrix.map((row, i) =>
          typeof row === 'number'
            ? (row * units[i]) / inner[i]
            : row.map((x, k) => (x * units[i]) / inner[k]),
        ) as number[] | number[][],
        offset: point(json.offset),
      };
    }
    case 'subspace':
      return { ...json, origin: point(json.origin), basis: json.basis.map(direction) };
    case 'scaled':
      return { ...json, region: inUnits(json.region, { units, away }) };
  }
}

/** A x ≤ b in other units. */
export function rowsInUnits<T extends { A: number[][]; b: number[] }>(
  inequalities: T,
  { units, away }: Omit<Units, 'name'>,
): T {
  const A = inequalities.A.map(row => row.map((a, k) => a / units[k]));
  const b = inequalities.b.map((limit, i) => A[i].reduce((sum, a, k) => sum + a * away[k], limit));
  return { ...inequalities, A, b };
}

/** Every kind of region of size 1, four coordinates or fewer, as JSON tells it. */
const kinds: Readonly<Record<string, (rng: Rng) => Region>> = {
  ...Object.fromEntries(regionKinds.map(kind => [kind, (rng: Rng) => makeRegion(kind, 4, rng)])),
  ...Object.fromEntries(moreRegionNames.map(name => [name, (rng: Rng) => moreRegions[name](rng, 1)])),
};

function hullIn(rng: Rng, size: number, { units, away }: Units): Region {
  const points = Array.from({ length: 14 }, () =>
    randomArray(rng, size).map((x, k) => x * units[k] + away[k]),
  );
  return convexHull([...points, ...points.slice(0, 3)]);
}

/** Planes are hulled by sorting, solids by least squares. */
const hulls = [1, 2, 3, 4];

export const mixedCases: readonly RegionCase[] = mixedUnits.flatMap(units => [
  ...Object.keys(kinds).map(kind => ({
    name: `${kind}, coordinates ${units.name}`,
    make: (rng: Rng) => regionFromJSON(inUnits(kinds[kind](rng).toJSON(), units)),
  })),
  ...hulls.map(size => ({
    name: `hull of data in ${size} dimensions, coordinates ${units.name}`,
    make: (rng: Rng) => hullIn(rng, size, units),
  })),
]);
