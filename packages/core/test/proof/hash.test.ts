import { ball, box, regionFromJSON } from '@police/core';
import { regionsHash } from '@police/core/adapter';
import { randomRegions, seededRng } from '@police/testing/helpers';
import { expect, test } from 'vitest';

test('the hash is SHA-256 of the regions’ JSON', () => {
  // printf '[{"kind":"ball","centre":[0,0.1],"radius":2}]' | sha256sum
  expect(regionsHash([ball([0, 0.1], 2)])).toBe(
    '863dcbda95b441407e5cbc0ab0fcc6feb0fed9f91774b7f53032bb385b5dda57',
  );
});

test('the same regions have the same hash, others another', () => {
  const regions = randomRegions(seededRng(1), 3, 5);
  const again = regions.map(region => regionFromJSON(JSON.parse(JSON.stringify(region))));
  expect(regionsHash(again)).toBe(regionsHash(regions));
  const others = [[...regions].reverse(), regions.slice(1), [...regions, box([0], [1])], []];
  expect(new Set([regions, ...others].map(regionsHash)).size).toBe(1 + others.length);
});
