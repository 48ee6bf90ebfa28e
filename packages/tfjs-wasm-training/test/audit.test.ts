import { register } from '@police/tfjs-wasm-training';
import { beforeAll, expect, test } from 'vitest';
import { cases, TERMS } from './audit-cases.js';
import { excess, on, ROUNDING } from './helpers.js';
import { coreRefuses, cpuAndStockWrong, cpuWrong } from './known.js';

beforeAll(() => register());

const comparable = cases.filter(
  ({ name }) => ![...coreRefuses, ...cpuWrong, ...cpuAndStockWrong].includes(name),
);

test.each(comparable)('$name: value and gradients are those of cpu', async ({ run }) => {
  const [expected, actual] = [await on('cpu', run), await on('wasm', run)];
  expect(excess(actual, expected, TERMS)).toBeLessThan(ROUNDING);
});

const ofBackends = cases.filter(({ name }) => coreRefuses.includes(name));

test.each(ofBackends)('$name: cpu has no gradient either', async ({ run }) => {
  await expect(on('cpu', run), 'upstream now has it: take it off the list').rejects.toThrow();
});
