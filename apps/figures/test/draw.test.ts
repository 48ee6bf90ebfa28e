import { gridPoints, squareWindow } from '@police/common/grid';
import type { Point } from '@police/common/plane';
import { png } from '@police/common/plot';
import { disc, paperRegions } from '@police/common/regions';
import { ball } from '@police/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { levelLines } from '../src/draw/field.js';
import { outlinePoints } from '../src/draw/outline.js';
import { pathOf, simplified } from '../src/draw/path.js';
import { label, picture } from '../src/draw/svg.js';

test('outline: a polygon has its corners, in order; a disc its rim', () => {
  const triangle = outlinePoints(paperRegions.triangle);
  expect(triangle.length).toBe(3);
  for (const corner of [
    [-Math.SQRT2, -Math.SQRT2],
    [0, 2],
    [Math.SQRT2, -Math.SQRT2],
  ]) {
    const distances = triangle.map(([x, y]) => Math.hypot(x - corner[0], y - corner[1]));
    expect(Math.min(...distances)).toBeLessThan(1e-12);
  }
  expect(outlinePoints(paperRegions.polygon).length).toBe(8);
  for (const [x, y] of outlinePoints(disc)) expect(Math.hypot(x, y)).toBeCloseTo(2, 12);
  for (const [x, y] of outlinePoints(ball([3, -1], 0.5)))
    expect(Math.hypot(x - 3, y + 1)).toBeCloseTo(0.5, 12);
});

test('simplified: ends stay, and nothing left out is further off than the tolerance', () => {
  const point = fc.tuple(
    fc.double({ min: 0, max: 100, noNaN: true }),
    fc.double({ min: 0, max: 100, noNaN: true }),
  );
  fc.assert(
    fc.property(
      fc.array(point, { minLength: 2, maxLength: 60 }),
      fc.double({ min: 0.01, max: 30, noNaN: true }),
      (line, tolerance) => {
        const kept = simplified(line, tolerance);
        expect(kept[0]).toBe(line[0]);
        expect(kept.at(-1)).toBe(line.at(-1));
        const places: number[] = [];
        for (const point of kept)
          places.push(line.indexOf(point as [number, number], (places.at(-1) ?? -1) + 1));
        for (let k = 1; k < places.length; k++) {
          for (let i = places[k - 1] + 1; i < places[k]; i++) {
            expect(distanceToSegment(line[i], kept[k - 1], kept[k])).toBeLessThanOrEqual(tolerance);
          }
        }
      },
    ),
  );
});

/** By trying points of the segment: never less than the distance. */
function distanceToSegment([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const length2 = (bx - ax) ** 2 + (by - ay) ** 2;
  const foot = length2 === 0 ? 0 : ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length2;
  const t = Math.max(0, Math.min(1, foot));
  return Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay));
}

test('a path goes through its points to a hundredth of a pixel', () => {
  const d = pathOf(
    [
      [
        [1.234, 5.678],
        [2, 3],
        [10.5, -0.004],
      ],
    ],
    false,
  );
  const numbers = d.match(/-?\d*\.?\d+/g)!.map(Number);
  expect(numbers).toEqual([1.23, 5.68, 0.77, -2.68, 8.5, -3]);
  expect(pathOf([[[0, 0]]], false)).toBe('');
});

test('level lines of an affine field are straight, where they should be, and cut at the edge', () => {
  const side = 20;
  const size = 168;
  const points = gridPoints(squareWindow(1), side);
  const values = Float32Array.from({ length: side * side }, (_, i) => 2 * points[2 * i] - points[2 * i + 1]);
  const lines = levelLines({ side, values }, 0.5, size);
  expect(lines.length).toBe(1);
  for (const [px, py] of lines[0]) {
    const [x, y] = [(2 * px) / size - 1, 1 - (2 * py) / size];
    expect(Math.abs(2 * x - y - 0.5)).toBeLessThan(1e-5);
    expect(Math.max(Math.abs(x), Math.abs(y))).toBeLessThanOrEqual(1 + 1e-9);
  }
  const heights = lines[0].map(([, py]) => py);
  expect(Math.max(...heights) - Math.min(...heights)).toBeCloseTo(size, 3);
});

test('text shows in a PNG, and is escaped in the SVG', () => {
  const blank = png(picture(60, 20), 1.5);
  const written = png(picture(60, 20, label('a < b & "c"', { x: 2, y: 14 })), 1.5);
  expect(written).not.toEqual(blank);
  expect(label('a < b', { x: 2 })).toBe('<text x="2">a &lt; b</text>');
});
