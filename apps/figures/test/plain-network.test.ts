import '@tensorflow/tfjs-backend-wasm';
import { planarNetwork } from '@police/common/network';
import { paperRegions } from '@police/common/regions';
import { forward, matrixFromRows } from '@police/core';
import { type ConstrainOptions, constrain, freeze } from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { conesAt, outputsAt, type Patch, plainNetwork } from '../src/plain-network.js';

const SHAPE = { width: 9, depth: 3, leak: 0.01 };
const regions = [paperRegions.triangle];

/** What float32 loses in three small layers of outputs of size 1. */
const ROUNDING = 1e-5;

beforeAll(async () => {
  await tf.setBackend('wasm');
});

const ways: readonly (readonly [string, ConstrainOptions])[] = [
  ['unconstrained', { regions: [] }],
  ['shifted', { regions }],
  ['faded', { regions, fade: 0.25 }],
  ['patched', { regions, method: 'patch', steepness: 2 }],
  ['prescribed', { regions, target: { A: matrixFromRows([[0.25, 0.25]]), b: [0] } }],
];

test.each(ways)('%s: as numbers it computes what the frozen network does', (_, options) => {
  const { network } = freeze(constrain(planarNetwork(SHAPE, 1, 4), options));
  const plain = plainNetwork(network, SHAPE.leak);
  const points = Float32Array.from({ length: 600 }, (_, i) => 3 * Math.sin(1.7 * i * i));
  const exact = forward(network, { rows: 300, cols: 2, data: Float64Array.from(points) }).data;
  const found = outputsAt(plain, points);
  const off = found.map((y, i) => Math.abs(y - exact[i]));
  expect(Math.max(...off)).toBeLessThan(ROUNDING);
  if (!plain.patch) return;
  const { f, centre, radius } = conesAt({ ...plain, patch: plain.patch as Patch }, points);
  found.forEach((y, i) => {
    expect(y).toBeCloseTo(Math.max(Math.min(f[i], centre[i] + radius[i]), centre[i] - radius[i]), 5);
  });
  expect(found.filter((y, i) => y !== f[i]).length).toBeGreaterThan(5);
  expect(found.filter((y, i) => y === f[i]).length).toBeGreaterThan(5);
});
