import { certify, convexHull, enforce, forward, freeze, matrix, rowOf } from '@police/core';
import { seededRng } from '@police/testing/helpers';
import { expect, test } from 'vitest';
import { mobileNet } from '../src/mobile-net.js';

/** Ten smooth pictures, near the first. */
function pictures(side: number): Float64Array[] {
  const rng = seededRng(3);
  const [coarse, cell] = [side / 8, 8];
  const smooth = () => {
    const values = Float64Array.from({ length: 3 * coarse * coarse }, rng);
    return Float64Array.from({ length: 3 * side * side }, (_, i) => {
      const [channel, y, x] = [Math.floor(i / side / side), Math.floor(i / side) % side, i % side];
      return values[(channel * coarse + Math.floor(y / cell)) * coarse + Math.floor(x / cell)];
    });
  };
  const first = smooth();
  return [
    first,
    ...Array.from({ length: 9 }, () => smooth().map((v, i) => first[i] + 0.05 * (v - first[i]))),
  ];
}

test('a MobileNet is affine on the hull of ten pictures once enforced, in frames of ten rows', () => {
  const side = 32;
  const net = mobileNet(seededRng(1), side);
  const hull = convexHull(pictures(side));
  expect(hull.frame.rows).toBe(10);
  // What ten rows take at a time, and not a row for each pixel.
  const memory = 64 * 2 ** 20;
  const { network, report } = enforce(net, [hull], { sharing: 'per-channel', memory });
  expect(report.shifted).toBeGreaterThan(0);
  const rng = seededRng(9);
  const [a, b] = [hull.sample(rng), hull.sample(rng)];
  const points = matrix(3, hull.size);
  points.data.set(a);
  points.data.set(b, hull.size);
  points.data.set(
    a.map((v, i) => (v + b[i]) / 2),
    2 * hull.size,
  );
  const y = forward(network, points);
  const largest = y.data.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
  rowOf(y, 2).forEach((middle, j) => {
    // Fifty layers of float64 sums of at most a thousand terms, which mostly cancel.
    expect(Math.abs(middle - (rowOf(y, 0)[j] + rowOf(y, 1)[j]) / 2)).toBeLessThanOrEqual(2 ** -30 * largest);
  });
  const frozen = freeze(network, [hull], { memory });
  expect(certify(frozen.network, [hull], { memory }).certified).toBe(true);
}, 120_000);
