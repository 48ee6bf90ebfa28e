import type { RegionJSON, Rng } from '@police/core';
import { pick } from '../helpers.js';
import { add, type Dyadic, exact, multiply, zero } from './rational.js';
import { type ExactRow, exactRegion } from './region.js';

/** Just inside, where a length is a root and cannot be exact. */
const INSIDE = 1 - 2 ** -20;

/** Coordinates of a random point of a unit ball, its extremes included, which exact arithmetic agrees to be inside. */
const BALLS: Readonly<Record<string, (rng: Rng, d: number) => number[]>> = {
  cube: (rng, d) => {
    const isCorner = rng() < 0.5;
    return Array.from({ length: d }, () => (isCorner ? (rng() < 0.5 ? -1 : 1) : 2 * rng() - 1));
  },
  disc: (rng, d) => {
    const direction = Array.from({ length: d }, () => 2 * rng() - 1);
    const length = Math.hypot(...direction) || 1;
    const radius = rng() < 0.5 ? INSIDE : INSIDE * rng();
    return direction.map(x => (x / length) * radius);
  },
  octahedron: (rng, d) => {
    const axis = Math.floor(rng() * d);
    const along = rng() < 0.5 ? 1 : rng();
    const other = Math.floor(rng() * d);
    return Array.from({ length: d }, (_, i) => (i === axis ? along : i === other ? INSIDE * (along - 1) : 0));
  },
};

const BALL_OF: Partial<Record<RegionJSON['kind'], keyof typeof BALLS>> = {
  box: 'cube',
  zonotope: 'cube',
  ball: 'disc',
  ellipsoid: 'disc',
  crossPolytope: 'octahedron',
};

/** A random point of a region, exactly: half of them extreme or nearly so. Of an ellipsoid of a shape its centre. */
export function exactPointOf(json: RegionJSON, rng: Rng): ExactRow {
  const { rows } = exactRegion(json);
  const base = baseOf(json);
  const ball = BALL_OF[base.kind];
  if (ball === undefined) return combined(rows, hullWeights(rng, rows.length));
  if ('shape' in base) return rows[0];
  return combined(rows, [1, ...BALLS[ball](rng, rows.length - 1)]);
}

function baseOf(json: RegionJSON): RegionJSON {
  return 'region' in json ? baseOf(json.region) : json;
}

/** One vertex, or some of each. */
function hullWeights(rng: Rng, count: number): number[] {
  const vertices = Array.from({ length: count }, (_, i) => i);
  const chosen = pick(rng, vertices);
  return rng() < 0.5 ? vertices.map(i => Number(i === chosen)) : vertices.map(() => rng());
}

function combined(rows: readonly ExactRow[], weights: readonly number[]): ExactRow {
  const factors = weights.map(exact);
  const total = (each: (row: ExactRow) => Dyadic) =>
    rows.reduce((sum, row, i) => add(sum, multiply(factors[i], each(row))), zero);
  return {
    weight: total(({ weight }) => weight),
    coordinates: rows[0].coordinates.map((_, k) => total(({ coordinates }) => coordinates[k])),
  };
}
