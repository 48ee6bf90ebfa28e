import type { AffineMap } from '../frames/affine-map.js';
import { linearOnAxes } from '../frames/axial-frame.js';
import type { FramePropagator } from '../frames/propagator.js';
import type { Network } from '../network/network.js';
import { type Matrix, multiplyTransposed } from '../numeric/matrix.js';
import { sumErrorBound } from '../numeric/precision.js';
import { upTo } from '../numeric/up-to.js';
import { type BoundedFrame, ROUND_UP } from './bounded-frame.js';
import { exactError } from './bounded-intervals.js';

/** Bound on the difference between the exact network and `A x + b`, which A and b only approximate. */
export function mapErrorOn(
  net: Network,
  propagator: FramePropagator,
  { A, b }: AffineMap,
  output: BoundedFrame,
): Float64Array {
  const { region } = propagator;
  const units = upTo(b.length);
  const found = propagator.columns(net.nodes.at(-1)!.name, output.values, units);
  const map = { weight: A, linear: (x: Matrix) => multiplyTransposed(x, A) };
  const gap = region.diagonal ? linearOnAxes(map, region) : map.linear(region.frame);
  for (let j = 0; j < gap.cols; j++) gap.data[j] += b[j];
  for (let i = 0; i < gap.data.length; i++) gap.data[i] -= found.data[i];
  const absolute = { ...A, data: A.data.map(Math.abs) };
  const row = (data: Float64Array): Matrix => ({ rows: 1, cols: data.length, data });
  const reach = multiplyTransposed(row(region.reach(region.frame)), absolute).data;
  const slack = multiplyTransposed(row(region.slack), absolute).data;
  const outReach = region.reach(found);
  const error = exactError(output);
  const terms = region.size + region.frame.rows + 4;
  return region.reach(gap).map((distance, j) => {
    const rounding = sumErrorBound(terms, distance + reach[j] + Math.abs(b[j]) + outReach[j]);
    return (distance + rounding + slack[j] + error[j] + output.approximationError[j]) * ROUND_UP;
  });
}
