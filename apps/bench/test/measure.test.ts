import { expect, test } from 'vitest';
import { ContenderFailed, measure } from '../src/measure.js';
import { BRIEF, fakeBackend, smallCase, valuesOf } from './helpers.js';

const nothing = () => {};

test('a contender that bends on the region fails the case, untimed', async () => {
  let runs = 0;
  const run = () => void runs++;
  const bends = fakeBackend([
    { name: 'unconstrained', run },
    { name: 'ours', run, evaluate: points => valuesOf(points, x => Math.abs(x[0] - 0.2)) },
  ]);
  const result = await measure(bends, smallCase, BRIEF);
  expect(result.status).toBe('failed');
  expect(result.reason).toContain('ours is not affine');
  expect(runs).toBe(0);
});

test('so does one that gives NaN', async () => {
  const evaluate = (points: Parameters<typeof valuesOf>[0]) => valuesOf(points, () => Number.NaN);
  const result = await measure(fakeBackend([{ name: 'ours', run: nothing, evaluate }]), smallCase, BRIEF);
  expect(result.status).toBe('failed');
});

test('affine ones take turns, each round beginning with another', async () => {
  const order: string[] = [];
  const affine = fakeBackend(
    ['a', 'b', 'c'].map(name => ({
      name,
      run: () => void order.push(name),
      evaluate: points => valuesOf(points, x => 1 + 2 * x[0] - x[1]),
    })),
  );
  const result = await measure(affine, smallCase, { ...BRIEF, leastTiming: 0 });
  expect(result.status).toBe('measured');
  const rounds = order.slice(3).join('');
  expect(rounds).toMatch(/^(a+b+c+)(b+c+a+)(c+a+b+)(a+b+c+)(b+c+a+)$/);
  expect(result.contenders.map(({ times }) => times.length)).toEqual([5, 5, 5]);
  expect(result.contenders[0].ratio).toBeUndefined();
  expect(result.contenders[1].ratio!.n).toBe(5);
});

test('one that takes many times as long takes part in the first rounds', async () => {
  const order: string[] = [];
  const slow = fakeBackend([
    { name: 'a', run: () => void order.push('a') },
    { name: 'b', run: () => void order.push('b'), rounds: 2 },
  ]);
  const result = await measure(slow, smallCase, { ...BRIEF, leastTiming: 0 });
  expect(result.contenders.map(({ times }) => times.length)).toEqual([5, 2]);
  expect(result.contenders[1].ratio!.n).toBe(2);
});

test('a contender that breaks off is named, and what is prepared is disposed of', async () => {
  let disposed = 0;
  const broken = fakeBackend(
    [
      { name: 'unconstrained', run: nothing },
      {
        name: 'plain',
        run: () => {
          throw new Error('memory access out of bounds');
        },
      },
    ],
    { dispose: () => void disposed++ },
  );
  const failure = measure(broken, smallCase, BRIEF);
  await expect(failure).rejects.toThrow(ContenderFailed);
  await expect(failure).rejects.toMatchObject({ contender: 'plain' });
  expect(disposed).toBe(1);
  const rest = await measure(broken, smallCase, BRIEF, { plain: 'out of memory' });
  expect(rest.contenders.map(({ name }) => name)).toEqual(['unconstrained']);
  expect(rest.absent).toEqual({ plain: 'out of memory' });
});

test('several steps in a run are told per step, and what a contender puts back is not timed', async () => {
  let afterwards = 0;
  const backend = fakeBackend([{ name: 'ours', run: nothing, steps: 4, after: () => void afterwards++ }], {
    profile: async run => {
      await run();
      return { peakBytes: 10, kernels: 8 };
    },
  });
  const { contenders } = await measure(backend, smallCase, BRIEF);
  expect(contenders[0]).toMatchObject({ peakBytes: 10, kernels: 2 });
  expect(afterwards).toBeGreaterThanOrEqual(7);
});
