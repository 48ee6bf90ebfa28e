import { ball, box, matrixFromRows, type Region } from '@police/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { affineFloor, rowsInside } from '../src/floor.js';
import { flowerTask } from '../src/flower.js';
import { paperRegions, square } from '../src/regions.js';
import { regressionTask } from '../src/targets.js';
import { sizeOf, type Task } from '../src/task.js';

const regions: readonly Region[] = [box([-3, -3], [-0.5, -0.5]), ball([1.5, 1.5], 1.2)];

/** Random points and values, with some points in each region so that fits are determined. */
const randomTask = fc
  .tuple(
    fc.integer({ min: 1, max: 3 }),
    fc.array(fc.tuple(...Array.from({ length: 5 }, () => fc.double({ min: -3, max: 3, noNaN: true }))), {
      minLength: 1,
      maxLength: 30,
    }),
  )
  .map(([outputs, rows]): Task => {
    const fixed = [-2.5, -1, 1, 2].flatMap(x =>
      [-2.5, -1, 1, 2].map(y => [x, y, x * y, x - y * y, Math.sin(9 * x)]),
    );
    const all: number[][] = [...fixed, ...rows];
    return {
      name: 'random',
      window: { x: [-3, 3], y: [-3, 3] },
      points: Float32Array.from(all.flatMap(row => row.slice(0, 2))),
      values: Float32Array.from(all.flatMap(row => row.slice(2, 2 + outputs))),
      outputs,
      loss: 'squared',
    };
  });

/** Cramer's rule on the normal equations, the slow and obvious way. */
function slowFloor(task: Task): number {
  let total = 0;
  for (const region of regions) {
    for (let out = 0; out < task.outputs; out++) {
      const rows: { x: number[]; y: number }[] = [];
      for (let i = 0; i < sizeOf(task); i++) {
        const [x, y] = [task.points[2 * i], task.points[2 * i + 1]];
        if (region.contains([x, y])) rows.push({ x: [1, x, y], y: task.values[task.outputs * i + out] });
      }
      const gram = [0, 1, 2].map(a => [0, 1, 2].map(b => rows.reduce((sum, { x }) => sum + x[a] * x[b], 0)));
      const right = [0, 1, 2].map(a => rows.reduce((sum, { x, y }) => sum + x[a] * y, 0));
      const w = [0, 1, 2].map(
        k =>
          determinant(gram.map((row, a) => row.map((g, b) => (b === k ? right[a] : g)))) / determinant(gram),
      );
      total += rows.reduce((sum, { x, y }) => sum + (w[0] + w[1] * x[1] + w[2] * x[2] - y) ** 2, 0);
    }
  }
  return total / (sizeOf(task) * task.outputs);
}

const determinant = ([[a, b, c], [d, e, f], [g, h, i]]: number[][]) =>
  a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);

test('squared loss: what the normal equations leave, over regions and outputs', () => {
  fc.assert(
    fc.property(randomTask, task => {
      const floor = affineFloor(task, regions);
      expect(Math.abs(floor - slowFloor(task))).toBeLessThan(1e-9 * (1 + floor));
    }),
  );
});

/** The design's figures on its own grid, to the four decimals it prints. */
const designFloors = { wave: '0.0156', rays: '0.0282' } as const;

test.each(['wave', 'rays'] as const)('%s: no affine function on the triangle is below the floor', name => {
  const task = regressionTask(name, 40);
  const floor = affineFloor(task, [paperRegions.triangle]);
  expect(floor.toFixed(4)).toBe(designFloors[name]);
  // The same to that where values are those at the float64 points, as in the quality bench.
  expect(affineFloor(regressionTask(name, 40, Float64Array), [paperRegions.triangle])).toBeCloseTo(floor, 6);

  const inside = rowsInside(task, paperRegions.triangle).map(
    i => [task.points[2 * i], task.points[2 * i + 1], task.values[i]] as const,
  );
  const errorOf = (b: number, a0: number, a1: number) =>
    inside.reduce((sum, [x, y, target]) => sum + (b + a0 * x + a1 * y - target) ** 2, 0) / sizeOf(task);
  // A grid of affine maps finer than the floor's curvature: its least error is at the floor or just above it.
  let least = Number.POSITIVE_INFINITY;
  for (let b = -0.5; b <= 0.5; b += 0.02) {
    for (let a0 = -0.5; a0 <= 0.5; a0 += 0.02) {
      for (let a1 = -0.5; a1 <= 0.5; a1 += 0.02) least = Math.min(least, errorOf(b, a0, a1));
    }
  }
  expect(least).toBeGreaterThanOrEqual(floor);
  expect(least).toBeLessThan(floor * 1.01);
});

test('a prescribed map: its own error in the region', () => {
  const task = regressionTask('wave', 30);
  const target = { A: matrixFromRows([[0.3, -0.2]]), b: [0.1] };
  let sum = 0;
  for (let i = 0; i < sizeOf(task); i++) {
    const [x, y] = [task.points[2 * i], task.points[2 * i + 1]];
    if (paperRegions.triangle.contains([x, y])) sum += (0.3 * x - 0.2 * y + 0.1 - task.values[i]) ** 2;
  }
  expect(affineFloor(task, [paperRegions.triangle], target)).toBeCloseTo(sum / sizeOf(task), 12);
});

test('logistic loss: gradient descent comes down to it, and not below', () => {
  const task = flowerTask(300, 2);
  const floor = affineFloor(task, [square]);
  const inside = Array.from({ length: sizeOf(task) }, (_, i) => i).filter(i =>
    square.contains(task.points.subarray(2 * i, 2 * i + 2)),
  );
  let w = [0, 0, 0];
  let loss = Number.POSITIVE_INFINITY;
  for (let step = 0; step < 20_000; step++) {
    const gradient = [0, 0, 0];
    loss = 0;
    for (const i of inside) {
      const x = [1, task.points[2 * i], task.points[2 * i + 1]];
      const p = 1 / (1 + Math.exp(-(w[0] * x[0] + w[1] * x[1] + w[2] * x[2])));
      loss -= Math.log(task.values[i] === 1 ? p : 1 - p) / sizeOf(task);
      for (let k = 0; k < 3; k++) gradient[k] += ((p - task.values[i]) * x[k]) / inside.length;
    }
    expect(loss).toBeGreaterThanOrEqual(floor - 1e-12);
    w = w.map((value, k) => value - 2 * gradient[k]);
  }
  expect(loss - floor).toBeLessThan(1e-6);
});
