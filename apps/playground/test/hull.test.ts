import fc from 'fast-check';
import { expect, test } from 'vitest';
import { convexHull } from '../src/state/hull.js';
import type { Point } from '../src/state/plane.js';

const point = fc.tuple(fc.integer({ min: -6, max: 6 }), fc.integer({ min: -6, max: 6 }));
const points = fc.array(point, { minLength: 3, maxLength: 14 });

const turn = (a: Point, b: Point, c: Point) => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);

/** A point is a vertex of the hull if some line has it alone on one side: tried with all directions between points. */
function isVertex(p: Point, others: readonly Point[]): boolean {
  const directions = others.flatMap(q => [
    [q[0] - p[0], q[1] - p[1]],
    [q[1] - p[1], p[0] - q[0]],
    [p[1] - q[1], q[0] - p[0]],
    [p[0] - q[0], p[1] - q[1]],
  ]);
  const between = directions.flatMap(a => directions.map(b => [a[0] + b[0] / 1024, a[1] + b[1] / 1024]));
  return between.some(([dx, dy]) =>
    others.every(q => (q[0] === p[0] && q[1] === p[1]) || dx * (q[0] - p[0]) + dy * (q[1] - p[1]) < 0),
  );
}

test('the hull turns left at every vertex and leaves no point outside', () => {
  fc.assert(
    fc.property(points, given => {
      const hull = convexHull(given);
      fc.pre(hull.length >= 3);
      hull.forEach((vertex, i) => {
        const next = hull[(i + 1) % hull.length];
        expect(turn(vertex, next, hull[(i + 2) % hull.length])).toBeGreaterThan(0);
        for (const p of given) expect(turn(vertex, next, p)).toBeGreaterThanOrEqual(0);
      });
    }),
  );
});

test('its vertices are the points that a line can cut off', () => {
  fc.assert(
    fc.property(fc.array(point, { minLength: 3, maxLength: 7 }), given => {
      const hull = convexHull(given);
      fc.pre(hull.length >= 3);
      for (const p of given) expect(hull.some(q => q[0] === p[0] && q[1] === p[1])).toBe(isVertex(p, given));
    }),
  );
});
