import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chain, freeze, operators, relu } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { randomArray, seededRng } from '@police/testing/helpers';
import { expect, test } from 'vitest';
import { chosenBy, type SharingPrice } from '../src/sharing.js';
import { police, temporaryFolder } from './helpers.js';

const folder = await temporaryFolder();
const file = (name: string) => join(folder, name);
const rng = seededRng(4);

/** Two convolutions, whose channels have 16 units each. */
const network = chain(16, [
  operators.conv({
    inShape: [1, 4, 4],
    weight: randomArray(rng, 27),
    weightShape: [3, 1, 3, 3],
    bias: randomArray(rng, 3),
    padding: [1, 1, 1, 1],
  }),
  relu(),
  operators.conv({
    inShape: [3, 4, 4],
    weight: randomArray(rng, 54),
    weightShape: [2, 3, 3, 3],
    bias: randomArray(rng, 2),
    padding: [1, 1, 1, 1],
  }),
  relu(),
]);
await writeFile(file('conv.onnx'), exportOnnx(freeze(network, []).network));
await writeFile(
  file('data.csv'),
  Array.from({ length: 20 }, () => randomArray(rng, 16).join(',')).join('\n'),
);

const reportOf = async (...args: string[]) => {
  const { code, text } = await police([
    'enforce',
    file('conv.onnx'),
    '--box',
    '-0.1..0.1',
    '-o',
    file('out.onnx'),
    '-f',
    '--no-run',
    '--json',
    ...args,
  ]);
  expect(code).toBe(0);
  return JSON.parse(text);
};

test.each([[[]], [['--data', file('data.csv')]]])(
  'auto chooses by both prices, which the report has: %j',
  async data => {
    const auto = await reportOf(...data);
    const { chosen, prices } = auto.sharing;
    expect(chosen).toBe(chosenBy(prices));
    for (const kind of ['per-unit', 'per-channel'] as const) {
      const { shifts, sharing } = await reportOf(...data, '--sharing', kind);
      expect(sharing).toEqual({ chosen: kind });
      expect(prices[kind]).toMatchObject({ shifted: shifts.shifted, totalShift: shifts.totalShift });
      if (kind === chosen) expect(auto.shifts).toEqual(shifts);
    }
    // A channel's shift is each of its units' where one needs it.
    expect(prices['per-channel'].totalShift).toBeGreaterThan(prices['per-unit'].totalShift);
  },
);

test('per channel unless that drifts more than twice as far, or loses more than one decision in a hundred', () => {
  const price = (meanDrift: number, decisionAgreement: number): SharingPrice => ({
    shifted: 1,
    totalShift: 1,
    largestDrift: meanDrift,
    meanDrift,
    decisionAgreement,
  });
  const chosen = (unit: SharingPrice, channel: SharingPrice) =>
    chosenBy({ 'per-unit': unit, 'per-channel': channel });
  expect(chosen(price(1, 0.9), price(2, 0.9))).toBe('per-channel');
  expect(chosen(price(1, 0.9), price(2.1, 0.9))).toBe('per-unit');
  expect(chosen(price(1, 0.9), price(1, 0.88))).toBe('per-unit');
  expect(chosen(price(0, 1), price(0, 1))).toBe('per-channel');
});
