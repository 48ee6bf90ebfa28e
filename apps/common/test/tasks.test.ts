import { expect, test } from 'vitest';
import { flowerTask } from '../src/flower.js';
import { gridPoints, squareWindow } from '../src/grid.js';
import { landscapeTask } from '../src/landscape.js';
import { regressionTask, targetNames } from '../src/targets.js';

const FLOAT32_ROUNDING = 2 ** -24;

/** The functions as the paper writes them, with the angle from the complex plane. */
const functions = {
  wave: (x: number, y: number) => Math.cos(3 * x) * Math.cos(y),
  rays: (x: number, y: number) => Math.cos(6 * Math.atan2(y, x)),
  spiral: (x: number, y: number) => Math.cos(6 * Math.sqrt(x * x + y * y) + Math.atan2(y, x)),
};

test.each(targetNames)(
  '%s: mean 0, largest absolute value 1, an increasing affine image of the function',
  name => {
    const side = 40;
    const { points, values, outputs } = regressionTask(name, side);
    expect(values.length).toBe(side * side * outputs);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(FLOAT32_ROUNDING);
    expect(Math.max(...values.map(Math.abs))).toBe(1);

    const raw = Array.from(values, (_, i) => functions[name](points[2 * i], points[2 * i + 1]));
    const [least, most] = [raw.indexOf(Math.min(...raw)), raw.indexOf(Math.max(...raw))];
    const slope = (values[most] - values[least]) / (raw[most] - raw[least]);
    expect(slope).toBeGreaterThan(0);
    const worst = Math.max(
      ...raw.map((f, i) => Math.abs(values[i] - values[least] - slope * (f - raw[least]))),
    );
    expect(worst).toBeLessThan(8 * FLOAT32_ROUNDING);
  },
);

test('the grid is even, has the corners, and goes row by row upwards', () => {
  expect([...gridPoints({ x: [-4, 4], y: [1, 3] }, 3)]).toEqual(
    [1, 2, 3].flatMap(y => [-4, 0, 4].flatMap(x => [x, y])),
  );
  expect(squareWindow(2, [1, -1])).toEqual({ x: [-1, 3], y: [-3, 1] });
});

test('the flowers lie in one another, and the seed decides their noise', () => {
  const { points, values } = flowerTask(500, 3);
  const radii = [0, 1].map(label => {
    const own = Array.from(values.keys()).filter(i => values[i] === label);
    return own.reduce((sum, i) => sum + Math.hypot(points[2 * i], points[2 * i + 1]), 0) / own.length;
  });
  // The mean of 1 + cos(10 θ) / 5 is 1; the noise is 40 times smaller than the distance.
  expect(radii[0]).toBeCloseTo(1, 2);
  expect(radii[1]).toBeCloseTo(1.3, 2);
  expect(flowerTask(500, 3).points).toEqual(points);
  expect(flowerTask(500, 4).points).not.toEqual(points);
});

test('the landscape has colours in range and three channels', () => {
  const { values, outputs, points } = landscapeTask(20);
  expect(values.length).toBe((points.length / 2) * outputs);
  expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(1);
});
