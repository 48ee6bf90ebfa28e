import { box, certify, enforce, freeze, police } from '@police/core';
import { makeRegion, randomNetwork, seededRng } from '@police/testing/helpers';
import { expect, test } from 'vitest';

test('is enforce, freeze and certify in one call, and leaves the network given alone', () => {
  const rng = seededRng(7);
  const net = randomNetwork(rng, [3, 8, 8, 2], 'leakyRelu');
  const before = JSON.stringify(net.nodes);
  const regions = [makeRegion('box', 3, rng), makeRegion('simplex', 3, rng)];
  const stages: number[] = [];
  const policed = police(net, regions, {
    policy: 'majority',
    precision: 'float64',
    progress: done => stages.push(done),
  });
  const enforced = enforce(net, regions, { policy: 'majority' });
  const frozen = freeze(enforced.network, regions, { precision: 'float64' });
  expect(JSON.stringify(policed.network.nodes)).toBe(JSON.stringify(frozen.network.nodes));
  expect(policed.maps).toEqual(frozen.maps);
  expect(policed.report.shifted).toBe(enforced.report.shifted);
  expect(policed.proof).toEqual(certify(frozen.network, regions));
  expect(JSON.stringify(net.nodes)).toBe(before);
  expect(stages.length).toBe(3 * net.nodes.length);
});

test('the maps of freeze are those that certify proves', () => {
  const rng = seededRng(11);
  const net = randomNetwork(rng, [2, 6, 3], 'relu');
  const { maps, proof } = police(net, [box([-1, -1], [1, 1])]);
  expect(maps[0].A.data).toEqual(proof.regions[0].map.A.data);
  expect(maps[0].b).toEqual(proof.regions[0].map.b);
});
