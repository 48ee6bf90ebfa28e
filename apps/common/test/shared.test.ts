import '@tensorflow/tfjs-backend-cpu';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { matrix } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readIfThere, writeAtomically } from '../src/files.js';
import { planarNetwork } from '../src/network.js';
import { chosen, positive, wholeNumber } from '../src/options.js';
import { distanceToSegment, type Point } from '../src/plane.js';
import { outputsOf } from '../src/tfjs.js';

test('numbers in options are read, and what they cannot mean is refused by name', () => {
  expect(positive('--x', '1e-3')).toBe(1e-3);
  expect(wholeNumber('--x', '7')).toBe(7);
  expect(wholeNumber('--x', '0', 0)).toBe(0);
  for (const text of ['0', '-1', '1.5', 'x', '', 'Infinity'])
    expect(() => wholeNumber('--x', text)).toThrow(
      `--x: expected a whole number of at least 1, got '${text}'.`,
    );
  for (const text of ['0', '-1', 'x', '', 'Infinity', 'NaN'])
    expect(() => positive('--x', text)).toThrow(`--x: expected a number above 0, got '${text}'.`);
});

test('names choose in the order of the whole', () => {
  const all = ['a', 'b', 'c'].map(name => ({ name }));
  expect(chosen('--x', undefined, all)).toBe(all);
  expect(chosen('--x', 'c, a', all)).toEqual([all[0], all[2]]);
  expect(() => chosen('--x', 'a,d', all)).toThrow("--x: expected of a, b, c, got 'd'.");
});

test('a file is written whole, its folder with it, and one that is not there has no text', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'files-'));
  const file = join(folder, 'in', 'text');
  expect(await readIfThere(file)).toBeUndefined();
  await writeAtomically(file, 'one');
  await writeAtomically(file, 'two');
  expect(await readIfThere(file)).toBe('two');
  expect(await readdir(join(folder, 'in'))).toEqual(['text']);
  await expect(readIfThere(folder)).rejects.toThrow('EISDIR');
  await rm(folder, { recursive: true });
});

test('the distance to a segment is the least to points along it', () => {
  const coordinate = fc.double({ min: -4, max: 4, noNaN: true });
  const point = fc.tuple(coordinate, coordinate);
  const PARTS = 1000;
  fc.assert(
    fc.property(point, point, point, (p: Point, a: Point, b: Point) => {
      const steps = Array.from({ length: PARTS + 1 }, (_, i) => i / PARTS);
      const tried = steps.map(t =>
        Math.hypot(p[0] - a[0] - t * (b[0] - a[0]), p[1] - a[1] - t * (b[1] - a[1])),
      );
      const least = Math.min(...tried);
      const spacing = Math.hypot(b[0] - a[0], b[1] - a[1]) / PARTS;
      const found = distanceToSegment(p, a, b);
      expect(found).toBeLessThanOrEqual(least + 64 * Number.EPSILON);
      expect(found).toBeGreaterThanOrEqual(least - spacing - 64 * Number.EPSILON);
    }),
  );
});

test('a network has its seed’s weights, within 1/√fan-in, and is evaluated row by row', async () => {
  await tf.setBackend('cpu');
  const shape = { width: 5, depth: 2, leak: 0.1 };
  const [net, same, other] = [3, 3, 4].map(seed => planarNetwork(shape, 2, seed));
  const weights = net.getWeights();
  expect(weights.map(each => each.shape)).toEqual([[2, 5], [5], [5, 5], [5], [5, 2], [2]]);
  weights.forEach((each, i) => {
    const bound = 1 / Math.sqrt(i < 2 ? 2 : 5);
    for (const value of each.dataSync()) expect(Math.abs(value)).toBeLessThanOrEqual(bound);
    expect(same.getWeights()[i].dataSync()).toEqual(each.dataSync());
    expect(other.getWeights()[i].dataSync()).not.toEqual(each.dataSync());
  });

  const [w1, b1, w2, b2, w3, b3] = weights.map(each => each.arraySync() as number[] & number[][]);
  const affine = (x: number[], w: number[][], b: number[]) =>
    b.map((bias, j) => x.reduce((sum, value, k) => sum + value * w[k][j], bias));
  const leaky = (x: number[]) => x.map(value => (value >= 0 ? value : 0.1 * value));
  const slow = (x: number[]) => affine(leaky(affine(leaky(affine(x, w1, b1)), w2, b2)), w3, b3);
  const rows = [
    [0.5, -1],
    [-2, 0.3],
    [3, 3],
  ];
  const found = outputsOf(net, matrix(3, 2, Float64Array.from(rows.flat())));
  expect([found.rows, found.cols]).toEqual([3, 2]);
  rows.flatMap(slow).forEach((value, i) => {
    // Three sums of at most six terms of order 1, in float32.
    expect(Math.abs(found.data[i] - value)).toBeLessThan(64 * 2 ** -24);
  });
});
