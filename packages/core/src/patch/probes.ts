import { forward } from '../network/forward.js';
import {
  type Matrix,
  matrix,
  matrixFromRows,
  multiplyTransposed,
  rowOf,
  rowRange,
  stackRows,
} from '../numeric/matrix.js';
import { normal, type Rng, seededRng } from '../numeric/random.js';
import { centreOf, pointsAt, type Region } from '../regions/region.js';
import { directionBetween } from './apart.js';
import { radiiOf } from './coordinates.js';
import { assertGap, type Gap, gapOf, type PatchPrecision } from './gap.js';
import { leastGap } from './steepness.js';

/** Where a function is looked at before it is patched. */
export interface ProbeOptions {
  /** Samples `[n, D]` that are to stay as they are, as far as they lie outside the shells. */
  readonly data?: Matrix;
  /**
   * The gap, in radii of the region, within which a patch may change the function, whatever it is there.
   * @defaultValue 0.1
   */
  readonly shell?: number;
  /** @defaultValue 1 */
  readonly seed?: number;
  /**
   * The format of what is added.
   * @defaultValue 'float32'
   */
  readonly precision?: PatchPrecision;
}

/** Points of one region and around it, as rows of {@link PatchProbes.points}. */
export interface RegionProbes {
  readonly region: Region;
  readonly gap: Gap;
  /** Rows of points of the region: random ones, and extreme ones along random directions. */
  readonly inside: readonly [from: number, to: number];
  /** Rows of points on rays from the centre, ray by ray {@link LEVELS} of them, at these gaps times the shell. */
  readonly rays: readonly [from: number, to: number];
}

/** The points at which a function's values are needed to patch it. */
export interface PatchProbes {
  /** `[n, D]`. */
  readonly points: Matrix;
  readonly regions: readonly RegionProbes[];
  /** Rows of the user's samples. */
  readonly data: readonly [from: number, to: number];
  readonly shell: number;
}

/** Gaps of the points of a ray, in shells. */
export const LEVELS: readonly number[] = [0.2, 0.5, 1, 2, 5, 10];

const RAYS = 128;
const FEWEST_INSIDE = 256;
const EXTREMES = 128;

/** The points to evaluate a function at, those the same for the same seed. Throws `invalid-option` or what `gapOf` throws. */
export function patchProbes(
  regions: readonly Region[],
  { data, shell = 0.1, seed = 1, precision = 'float32' }: ProbeOptions = {},
): PatchProbes {
  assertGap(shell, 'shell');
  const rng = seededRng(seed);
  const blocks: Matrix[] = [];
  let rows = 0;
  const add = (block: Matrix): readonly [number, number] => {
    blocks.push(block);
    rows += block.rows;
    return [rows - block.rows, rows];
  };
  const probes = regions.map((region, r): RegionProbes => {
    const gap = gapApartFrom(region, regions.slice(0, r), precision);
    return {
      region,
      gap,
      inside: add(pointsInside(region, rng)),
      rays: add(pointsOnRays(region, gap, shell, rng)),
    };
  });
  const size = regions[0]?.size ?? 0;
  const samples = add(data ?? matrix(0, size));
  return { points: stackRows(blocks, size), regions: probes, data: samples, shell };
}

/** The gap of a region, with a facet more for each of some others that none of its own parts it from. */
export function gapApartFrom(
  region: Region,
  others: readonly Region[],
  precision: PatchPrecision = 'float32',
): Gap {
  const gap = gapOf(region, precision);
  const normals = others
    .filter(other => leastGap(gap.network, other) <= 0)
    .flatMap(other => directionBetween(region, other) ?? []);
  return normals.length === 0 ? gap : gapOf(region, precision, matrixFromRows(normals));
}

/** Some rows of the points. */
export function rowsOf(m: Matrix, [from, to]: readonly [number, number]): Matrix {
  return rowRange(m, from, to);
}

function pointsInside(region: Region, rng: Rng): Matrix {
  const count = Math.max(FEWEST_INSIDE, 4 * region.frame.rows);
  const random = matrixFromRows(Array.from({ length: count }, () => region.sample(rng)));
  return stackRows([random, extremePoints(region, rng, EXTREMES)], region.size);
}

function extremePoints(region: Region, rng: Rng, count: number): Matrix {
  const radii = radiiOf(region);
  const directions = matrix(count, region.size);
  for (let i = 0; i < directions.data.length; i++) directions.data[i] = normal(rng) / radii[i % region.size];
  const values = multiplyTransposed(region.frame, directions);
  return pointsAt(region, region.extremes(values, new Int8Array(count).fill(1)));
}

/**
 * Points whose gap is the levels', on rays through random points of the region, half of them extreme; of a flat region also away
 * from its hull. Along a ray the gap is convex, so that bisection finds them.
 */
function pointsOnRays(region: Region, gap: Gap, shell: number, rng: Rng): Matrix {
  const { size } = region;
  const centre = centreOf(region);
  const radii = radiiOf(region);
  const isFlat = region.frame.rows - 1 < size;
  const through = stackRows(
    [
      extremePoints(region, rng, RAYS / 2),
      matrixFromRows(Array.from({ length: RAYS / 2 }, () => region.sample(rng))),
    ],
    size,
  );
  const directions = matrix(RAYS, size);
  for (let i = 0; i < directions.data.length; i++) {
    const k = i % size;
    const away = isFlat ? radii[k] * normal(rng) : 0;
    directions.data[i] = through.data[i] - centre[k] + away;
  }
  const along = (distance: Float64Array): Matrix =>
    matrix(
      RAYS,
      size,
      directions.data.map((x, i) => centre[i % size] + distance[Math.floor(i / size)] * x),
    );
  const levels = LEVELS.map(level =>
    along(distancesAt(level * shell, s => forward(gap.network, along(s)).data)),
  );
  const points = matrix(RAYS * LEVELS.length, size);
  levels.forEach((level, l) => {
    for (let ray = 0; ray < RAYS; ray++) points.data.set(rowOf(level, ray), (ray * LEVELS.length + l) * size);
  });
  return points;
}

/** How far along each ray the gap is `wanted`, from the side where it is larger. */
function distancesAt(wanted: number, gapAt: (distance: Float64Array) => Float64Array): Float64Array {
  const near = new Float64Array(RAYS);
  const far = new Float64Array(RAYS).fill(1);
  for (let doubling = 0; doubling < 60; doubling++) {
    const gaps = gapAt(far);
    if (gaps.every(gap => gap >= wanted)) break;
    gaps.forEach((gap, i) => {
      if (gap < wanted) far[i] *= 2;
    });
  }
  for (let halving = 0; halving < 40; halving++) {
    const middle = near.map((n, i) => (n + far[i]) / 2);
    gapAt(middle).forEach((gap, i) => {
      if (gap < wanted) near[i] = middle[i];
      else far[i] = middle[i];
    });
  }
  return far;
}
