import { vPolytope } from '@police/core';
import { expect, test } from 'vitest';
import { affineFloor } from '../src/floor.js';
import { planarTask } from '../src/tasks.js';

/** The design's figures, to the four decimals it prints. */
const designFloors = { wave: '0.0156', rays: '0.0282' } as const;

test.each(['wave', 'rays'] as const)('%s: no affine function on the triangle is below the floor', name => {
  const task = planarTask(name, 40);
  const floor = affineFloor(task);
  expect(floor.toFixed(4)).toBe(designFloors[name]);

  const region = vPolytope(task.vertices);
  const inside = task.points.flatMap((point, i) =>
    region.contains(point) ? [{ point, target: task.target[i] }] : [],
  );
  const errorOf = (b: number, a0: number, a1: number) =>
    inside.reduce((sum, { point: [x, y], target }) => sum + (b + a0 * x + a1 * y - target) ** 2, 0) /
    task.points.length;
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
