import { seededRng } from '@police/common/random';
import { pairedRatios, quartiles } from '@police/common/statistics';
import { expect, test } from 'vitest';
import { compare, saysComparison } from '../src/compare.js';
import { measure } from '../src/measure.js';
import type { Results } from '../src/results.js';
import { BRIEF, fakeBackend, resultsOf, sleep, smallCase } from './helpers.js';

/** A run in which *ours* sleeps for so many milliseconds, and the baseline for 5. */
async function measured(ours: number) {
  const backend = fakeBackend([
    { name: 'unconstrained', run: () => sleep(5) },
    { name: 'ours', run: () => sleep(ours) },
  ]);
  return resultsOf(await measure(backend, smallCase, BRIEF));
}

test('a deliberate slow-down is flagged, in one direction and the other', async () => {
  const [old, slowed] = [await measured(5), await measured(40)];
  const ratios = compare(old, slowed).changes.filter(({ of }) => of === 'ratio');
  expect(ratios.map(({ contender }) => contender)).toEqual(['ours']);
  expect(saysComparison(compare(old, slowed))).toContain('slower: test/small on fake, ours: ×');
  expect(saysComparison(compare(slowed, old))).toContain('faster: test/small on fake, ours: ×');
});

/** A run whose rounds are the unconstrained step's 5 ms and `factor` times that, both with noise of a tenth. */
function simulated(factor: number, random: () => number): Results {
  const noisy = (mean: number) => Array.from({ length: 21 }, () => mean * (0.9 + 0.2 * random()));
  const [base, times] = [noisy(5), noisy(5 * factor)];
  const contenders = [
    { name: 'unconstrained', times: base, milliseconds: quartiles(base) },
    { name: 'ours', times, milliseconds: quartiles(times), ratio: quartiles(pairedRatios(times, base)) },
  ];
  const shared = { case: 'test/small', backend: 'fake', status: 'measured', checks: [], absent: {} } as const;
  return resultsOf({ ...shared, contenders, seed: 1, seconds: 1 });
}

test('noise is not flagged, a slow-down in the midst of it is', () => {
  const random = seededRng(3);
  for (let i = 0; i < 200; i++) {
    expect(compare(simulated(1, random), simulated(1, random)).changes).toEqual([]);
    const { changes } = compare(simulated(1, random), simulated(1.5, random));
    expect(changes.map(({ contender, of }) => `${contender} ${of}`)).toEqual(['ours ratio', 'ours time']);
  }
});

test('a run is not flagged against itself, nor times against another machine’s', async () => {
  const run = await measured(5);
  expect(compare(run, run)).toMatchObject({ changes: [], compared: 3, lost: [], times: true });
  const elsewhere = { ...run, machine: { ...run.machine, cpu: 'another' } };
  expect(compare(elsewhere, run)).toMatchObject({ changes: [], compared: 1, times: false });
});

test('a case that fails now is lost', async () => {
  const old = await measured(5);
  const [result] = old.results;
  const now = resultsOf({ ...result, status: 'failed', reason: 'bends', contenders: [] });
  expect(compare(old, now).lost).toEqual(['test/small on fake: failed, bends']);
});

test('a GPU is not compared with its emulation', async () => {
  const old = await measured(5);
  const [result] = old.results;
  const device = { renderer: 'SwiftShader', isSoftware: true };
  const { compared, lost } = compare(old, resultsOf({ ...result, device }));
  expect(compared).toBe(0);
  expect(lost).toEqual(['test/small on fake: on SwiftShader, before on the processor']);
});
