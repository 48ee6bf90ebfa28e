import { expect, test } from 'vitest';
import { dense } from '../src/cases/case.js';
import { dataWork, layerWork, workBound } from '../src/work.js';
import { smallCase } from './helpers.js';

// 3 → 6 → 6 → 1: 18, 36 and 6 weights, of which the first two layers are policed. Simplex {0, e₁, e₂, e₃}/√3: 4 rows.
test('a net small enough to count by hand', () => {
  expect(layerWork(smallCase.model)).toEqual([18, 36, 6]);
  expect(dataWork(smallCase)).toBe(6 * 5 * 60);
  // The first layer is free: the origin is 0, and directions see columns. Then 4 rows of 36 weights.
  expect(workBound(smallCase, 'ours')).toBe(1 + (6 * 4 * 36) / (6 * 5 * 60));
  expect(workBound(smallCase, 'local')).toBe(1 + (4 * 4 * 36) / (6 * 5 * 60));
  expect(workBound(smallCase, 'project')).toBe(1 + (2 * 4 * 36) / (6 * 5 * 60));
  expect(workBound(smallCase, { refresh: 4 })).toBe(1 + (6 * 4 * 36) / 4 / (6 * 5 * 60));
  expect(workBound(smallCase, 'plain')).toBe(1 + (6 * 4 * (18 + 36)) / (6 * 5 * 60));
  // A patch: 3 inputs, one output, 4 for the map and 2 for the gap.
  expect(workBound(smallCase, 'patch')).toBe(1 + (5 * 3 * 6) / (6 * 5 * 60));
  // Fading: ours, and 2 for each of 3 inputs and of 6 and 6 values.
  expect(workBound(smallCase, 'fade')).toBe(1 + (6 * 4 * 36 + 5 * 2 * (3 + 6 + 6)) / (6 * 5 * 60));
  expect(workBound(smallCase, 'unconstrained')).toBe(1);
});

test('gradients that pick rows leave the forward pass of the last policed layer', () => {
  const picked = { picksRows: true };
  expect(workBound(smallCase, 'ours', picked)).toBe(1 + (2 * 4 * 36) / (6 * 5 * 60));
  expect(workBound(smallCase, { refresh: 4 }, picked)).toBe(1 + (2 * 4 * 36) / 4 / (6 * 5 * 60));
  expect(workBound(smallCase, 'plain', picked)).toBe(workBound(smallCase, 'plain'));
  const box = { ...smallCase, region: { kind: 'box', radius: 1 } } as const;
  expect(workBound(box, 'ours', picked)).toBe(workBound(box, 'ours'));
});

test('a box: 4 rows, one of them in the first layer, and 8 vertices', () => {
  const box = { ...smallCase, region: { kind: 'box', radius: 1 } } as const;
  expect(workBound(box, 'ours')).toBe(1 + (6 * (18 + 4 * 36)) / (6 * 5 * 60));
  expect(workBound(box, 'plain')).toBe(1 + (6 * 8 * (18 + 36)) / (6 * 5 * 60));
});

test('sample by sample, the output layer constrained', () => {
  const options = { batch: 1, policesOutput: true };
  expect(workBound(smallCase, 'ours', options)).toBe(1 + (4 * (36 + 6)) / 60);
});

test('a polygon has a frame of three, whatever its vertices', () => {
  const polygon = (vertices: number) => ({
    ...smallCase,
    model: dense(2, 1, 4),
    region: { kind: 'polygon', vertices } as const,
  });
  expect(workBound(polygon(10_000), 'ours')).toBe(workBound(polygon(3), 'ours'));
  expect(workBound(polygon(10_000), 'plain')).toBeGreaterThan(1000);
});
