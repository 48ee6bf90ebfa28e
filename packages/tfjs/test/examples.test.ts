import { excessOf } from '@police/testing/demands';
import { beforeAll, expect, test } from 'vitest';
import * as heat from '../../../examples/demands/heat.mjs';
import * as pendulum from '../../../examples/demands/pendulum.mjs';
import * as price from '../../../examples/demands/price.mjs';
import { useBackend } from './helpers.js';

beforeAll(() => useBackend('cpu'));

test('the pendulum’s controller: the true pendulum decays from every start in the ellipse, and only there with the demand to its middle', async () => {
  const { free, held, proved, map } = await pendulum.trained({ steps: 250 });
  expect(proved).toEqual({ demand: pendulum.demand, residual: 0 });
  expect(excessOf(pendulum.demand, map, pendulum.region)).toBeLessThanOrEqual(0);
  const { P, c } = pendulum.certainEllipse();
  const energy = ([a, b]: readonly number[]) => P[0][0] * a * a + 2 * P[0][1] * a * b + P[1][1] * b * b;
  // Starts on the ellipse: those angles of which the state is scaled to it.
  const starts = Array.from({ length: 16 }, (_, i) => {
    const [a, b] = [Math.cos((i * Math.PI) / 8), 3 * Math.sin((i * Math.PI) / 8)];
    const scale = Math.sqrt(c / energy([a, b]));
    return [a * scale, b * scale];
  });
  for (const start of starts) {
    expect(Math.abs(start[0])).toBeLessThanOrEqual(pendulum.BOX.theta * (1 + 2 ** -40));
    expect(Math.abs(start[1])).toBeLessThanOrEqual(pendulum.BOX.omega * (1 + 2 ** -40));
  }
  const [seconds, step] = [2, 0.02];
  for (const path of pendulum.simulate(held, starts, { seconds, step })) {
    path.forEach((state, k) => {
      // At a decay of 0.5 the energy falls as e^(−t), but for what the simulation and float32 round.
      expect(energy(state)).toBeLessThanOrEqual(c * Math.exp(-step * k) * (1 + 2 ** -16) + 2 ** -30);
    });
  }
  const off = [free, held].map(controller => pendulum.offset(controller, { seconds: 8, step: 0.04 }));
  expect(off[1]).toBeLessThan(0.01);
  expect(off[0]).toBeGreaterThan(2 * off[1]);
  const svg = await pendulum.portrait([{ title: 'held', model: held }]);
  expect(svg.match(/class="path"/g)).toHaveLength(49);
});

test('the price model: no improvement makes a flat of the box cheaper', async () => {
  const { proved, free, held } = await price.trained({ steps: 300 });
  expect(proved).toEqual({ demand: price.demand, residual: 0 });
  expect(held.wrong).toBe(0);
  expect(free.wrong).toBeGreaterThan(0.05);
  expect(held.error).toBeLessThan(1.5 * free.error);
});

test('the rod: its ends are 0 exactly', async () => {
  const { proved, maps, free, held } = await heat.trained({ steps: 300 });
  expect(proved.map(({ residual }) => residual)).toEqual([0, 0]);
  expect(maps.map(({ A }) => A.data[1])).toEqual([0, 0]);
  expect(held.ends).toBe(0);
  expect(free.ends).toBeGreaterThan(0.02);
  expect(held.error).toBeLessThan(1.1 * free.error);
});
