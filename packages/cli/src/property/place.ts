import type { Region } from '@police/core';
import {
  type Bound,
  fromFloat64,
  type InputRegion,
  type Rational,
  rational,
  toFloat64,
} from '@police/vnnlib';
import { constraintHolds } from './inequalities.js';

/** The formats that points are given in. */
export type PointFormat = 'float32' | 'float64';

/** How far a point beside the region is pulled towards its middle, in its widths: some roundings. */
const PULLED: Readonly<Record<PointFormat, number>> = { float32: 2 ** -20, float64: 2 ** -45 };

/**
 * Moves points of a region, which is rounded outwards, to points in a format that satisfy what the property says of the inputs exactly. An
 * input between whose bounds no number of the format lies takes the nearest: 0.45 is none in float32.
 */
export function placing(
  meant: InputRegion,
  region: Region,
  format: PointFormat,
  input: string,
): (x: Float64Array) => Float64Array | undefined {
  const { size, bounds, constraints } = meant;
  const lower = new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
  const upper = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
  for (const [k, ends] of bounds) {
    if (ends.lower) lower[k] = inside(ends.lower, 1, format);
    if (ends.upper) upper[k] = inside(ends.upper, -1, format);
    if (lower[k] <= upper[k]) continue;
    const nearest = nearestTo((ends.lower ?? ends.upper)!.value, format);
    lower[k] = nearest;
    upper[k] = nearest;
  }
  const { lo, hi } = region.range(region.frame);
  const middle = lo.map((l, k) => l + (hi[k] - l) / 2);
  const within = (x: Float64Array) =>
    x.map((value, k) => Math.max(lower[k], Math.min(upper[k], rounded(value, format))));
  const isMeant = (x: Float64Array) =>
    constraints.every(constraint =>
      constraintHolds(constraint, (tensor, k) => (tensor === input ? x[k] : Number.NaN)),
    );
  return x => {
    const pulled = x.map((value, k) => value + PULLED[format] * (middle[k] - value));
    return [x, pulled].map(within).find(isMeant);
  };
}

/** The number of a format nearest to a value. */
function nearestTo(value: Rational, format: PointFormat): number {
  const [below, above] = [toFloat64(value, 'down'), toFloat64(value, 'up')];
  const gap = (x: number) => rational.subtract(fromFloat64(x), value);
  const isNearerAbove = rational.compare(gap(above), rational.negate(gap(below))) < 0;
  return rounded(isNearerAbove ? above : below, format);
}

function rounded(x: number, format: PointFormat): number {
  return format === 'float32' ? Math.fround(x) : x;
}

/** The outermost number of the format within an end: of a lower one (`direction` 1) the least, of an upper one (−1) the largest. */
function inside({ value, isStrict }: Bound, direction: 1 | -1, format: PointFormat): number {
  let x = rounded(toFloat64(value, direction > 0 ? 'up' : 'down'), format);
  const order = () => rational.compare(fromFloat64(x), value) * direction;
  while (order() < 0 || (isStrict && order() === 0)) x = neighbour(x, direction, format);
  return x;
}

const float64Bits = new BigInt64Array(1);
const float32Bits = new Int32Array(1);

/** The next number of the format upwards or downwards. */
function neighbour(x: number, direction: 1 | -1, format: PointFormat): number {
  // Bit patterns of one sign are ordered like their magnitudes.
  const step = x > 0 === direction > 0 ? 1 : -1;
  if (format === 'float32') {
    const view = new Float32Array(float32Bits.buffer);
    if (x === 0) return direction * 2 ** -149;
    view[0] = x;
    float32Bits[0] += step;
    return view[0];
  }
  const view = new Float64Array(float64Bits.buffer);
  if (x === 0) return direction * Number.MIN_VALUE;
  view[0] = x;
  float64Bits[0] += BigInt(step);
  return view[0];
}
