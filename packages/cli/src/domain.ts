import { type Matrix, matrix, type Region } from '@police/core';
import { repeatable } from './replay-points.js';

/** Samples on which a change is looked at, and what they are. */
export interface Samples {
  readonly points: Matrix;
  /** As in `on 2,000 points of …`. */
  readonly of: string;
}

/** Points of a domain, fewer where coordinates are so many that all would be more than so many numbers. */
const POINTS = 2000;
const NUMBERS = 2 ** 24;
const LEAST_POINTS = 16;

const pointsOf = (size: number): number =>
  Math.min(POINTS, Math.max(LEAST_POINTS, Math.floor(NUMBERS / size)));

/** How many times as large as the regions their surroundings are, unless they are named. */
const TIMES = 2;

/** In more dimensions points of a lattice are no more even than random ones. */
const MOST_LATTICE_DIMENSIONS = 16;

/** Random points of the box around a domain, as float32 inputs; the same in every run. */
export function randomPoints(domain: readonly Region[], count: number): Matrix {
  const { lo, hi } = boxOf(domain);
  const unit = randomNumbers(count * lo.length);
  return alongBox(unit, lo.length, (k, u) => lo[k] + u * (hi[k] - lo[k]));
}

/**
 * Points of the box around the domain, or of a box twice as large as the one around the regions; of so many that could be, as many as
 * `worth` says.
 */
export function domainPoints(
  regions: readonly Region[],
  domain: readonly Region[] | undefined,
  worth: (points: number) => number = points => points,
): Samples {
  const { lo, hi } = boxOf(domain ?? regions);
  const times = domain ? 1 : TIMES;
  const ends = lo.map((low, k) => (times * (hi[k] - low)) / 2);
  const centre = lo.map((low, k) => (low + hi[k]) / 2);
  const unit = evenPoints(worth(pointsOf(lo.length)), lo.length);
  const points = alongBox(unit, lo.length, (k, u) => centre[k] + (2 * u - 1) * ends[k]);
  const several = regions.length > 1 ? 'the box around the regions' : 'the region';
  return { points, of: domain ? 'points of the domain' : `points of a box twice as large as ${several}` };
}

/** Points of the unit cube moved into a box, as float32 inputs, in place. */
function alongBox(unit: Float64Array, size: number, coordinate: (k: number, u: number) => number): Matrix {
  for (let start = 0; start < unit.length; start += size)
    for (let k = 0; k < size; k++) unit[start + k] = Math.fround(coordinate(k, unit[start + k]));
  return matrix(unit.length / size, size, unit);
}

function randomNumbers(count: number): Float64Array {
  const rng = repeatable(1);
  const numbers = new Float64Array(count);
  for (let i = 0; i < count; i++) numbers[i] = rng();
  return numbers;
}

/** The box around regions. */
function boxOf(regions: readonly Region[]): { lo: Float64Array; hi: Float64Array } {
  const ranges = regions.map(region => region.range(region.frame));
  const fold = (ends: readonly Float64Array[], pick: (a: number, b: number) => number) =>
    ends.reduce((so, next) => so.map((x, k) => pick(x, next[k])));
  return {
    lo: fold(
      ranges.map(({ lo }) => lo),
      Math.min,
    ),
    hi: fold(
      ranges.map(({ hi }) => hi),
      Math.max,
    ),
  };
}

/** Points of the unit cube: the additive recurrence of the generalised golden ratio (Roberts 2018), or random. */
function evenPoints(count: number, size: number): Float64Array {
  if (size > MOST_LATTICE_DIMENSIONS) return randomNumbers(count * size);
  let ratio = 2;
  for (let i = 0; i < 64; i++) ratio = (1 + ratio) ** (1 / (size + 1));
  return Float64Array.from({ length: count * size }, (_, i) => {
    const n = Math.floor(i / size) + 1;
    return (0.5 + n * ratio ** -((i % size) + 1)) % 1;
  });
}
