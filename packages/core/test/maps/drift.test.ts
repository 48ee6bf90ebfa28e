import { chain, dense, drift, enforce, identity, matrixFromRows, type Network } from '@police/core';
import { randomArray, randomNetwork, randomRegions, seededRng } from '@police/testing/helpers';
import { expect, test } from 'vitest';

const linear = (rows: number[][], bias: number[]): Network => chain(2, [dense(rows, bias), identity()]);

test('drift and agreement of two small networks, by hand', () => {
  const before = linear(
    [
      [1, 0],
      [0, 1],
    ],
    [0, 0],
  );
  const after = linear(
    [
      [1, 0],
      [0, 1],
    ],
    [0, 2],
  );
  const samples = matrixFromRows([
    [5, 0], // 5 > 0, and 5 > 2 still
    [1, 0], // 1 > 0, but 1 < 2
    [0, 0], // a tie goes to the first; 0 < 2
    [0, 3],
  ]);
  expect(drift(before, after, samples)).toEqual({ largestDrift: 2, meanDrift: 1, decisionAgreement: 0.5 });
  // The smallest outputs are 1, 1, 0 (a tie), 0 before and 1, 0, 0, 0 after.
  expect(drift(before, after, samples, { decision: 'smallest' }).decisionAgreement).toBe(0.75);
  expect(drift(before, before, samples)).toEqual({ largestDrift: 0, meanDrift: 0, decisionAgreement: 1 });
});

test('a network that needed no shift is undamaged, one that did is not', () => {
  const rng = seededRng(1);
  const net = randomNetwork(rng, [3, 12, 4], 'relu');
  const samples = matrixFromRows(Array.from({ length: 50 }, () => randomArray(rng, 3, 2)));
  const { network, report } = enforce(net, randomRegions(rng, 3, 2));
  expect(report.shifted).toBeGreaterThan(0);
  expect(drift(net, network, samples).largestDrift).toBeGreaterThan(0);
  expect(drift(net, enforce(net, []).network, samples).largestDrift).toBe(0);
  expect(() => drift(net, randomNetwork(rng, [3, 2], 'relu'), samples)).toThrow(/second network/);
});
