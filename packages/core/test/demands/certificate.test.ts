import { readFileSync } from 'node:fs';
import {
  type AffineMap,
  box,
  type Certificate,
  certificateFlaw,
  certificateOf,
  type Demand,
  demandFromJSON,
  demands,
  freeze,
  holdDemand,
  type PoliceError,
  patch,
  provenDemand,
} from '@police/core';
import { DemandHolder, storedMap } from '@police/core/adapter';
import { demandKinds, randomDemand } from '@police/testing/demands';
import { randomNetwork, seededRng } from '@police/testing/helpers';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { float32 } from '../../src/numeric/precision.js';

const schemaOf = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../schema/${name}.schema.json`, import.meta.url), 'utf8'));
const ajv = new Ajv2020({ strict: true, allErrors: true, strictTypes: false });
const isDemand = ajv.addSchema(schemaOf('demand')).getSchema('demand.schema.json')!;
const isCertificate = ajv.compile(schemaOf('certificate'));

const regions = [box([-1, -1], [0, 1]), box([2, 0], [3, 2])];
const bytes = Uint8Array.of(1, 2, 3);

describe('a certificate', () => {
  const net = freeze(randomNetwork(seededRng(3), [2, 9, 2], 'relu'), [regions[0]]).network;
  const { network, residual } = holdDemand(
    net,
    regions[0],
    demands.all(demands.symmetric(), demands.lipschitz(0.5)),
  );
  const asked = demands.all(demands.symmetric(), demands.lipschitz(0.5));
  const write = (demand: Demand) => certificateOf(network, [regions[0]], bytes, { demands: [demand] });
  const flawOf = (certificate: unknown) => certificateFlaw(certificate, network, [regions[0]], bytes);
  const read = (): Certificate => JSON.parse(JSON.stringify(write(asked)));

  test('records the demand, which is proved anew from the model', () => {
    const certificate = read();
    expect(isCertificate(certificate), JSON.stringify(isCertificate.errors)).toBe(true);
    expect(certificate.regions[0].demand).toEqual({ demand: asked, residual });
    expect(flawOf(certificate)).toBeUndefined();
  });

  test.each<[string, unknown]>([
    ['another residual', { demand: asked, residual: 0 }],
    ['a demand that does not hold', { demand: demands.lipschitz(0.4), residual: 0 }],
    ['what is no demand', { demand: { kind: 'kind' }, residual: 0 }],
    ['nothing', null],
    ['more than a demand', { demand: asked, residual, more: 1 }],
  ])('with %s is caught', (_, demand) => {
    const certificate = JSON.parse(JSON.stringify(read()));
    certificate.regions[0].demand = demand;
    expect(flawOf(certificate)).toBeDefined();
  });

  test('is not to be had for a demand that does not hold', () => {
    expect(() => write(demands.antisymmetric())).toThrow(/expected a demand that is proved/);
  });

  test('of two patches, each with its own demand, both exact', () => {
    const function_ = randomNetwork(seededRng(4), [2, 9, 2], 'relu');
    const each = [
      demands.all(demands.antisymmetric(), demands.rowLipschitz([1, 1])),
      demands.columnSums([1, 1]),
    ];
    const fits = patch(function_, regions).regions;
    const map = each.map((demand, r): AffineMap => {
      return storedMap(new DemandHolder(demand, regions[r], 2), fits[r].map, float32).map;
    });
    const patched = patch(function_, regions, { map }).network;
    const certificate = certificateOf(patched, regions, bytes, { demands: each });
    expect(certificate.regions.map(({ demand }) => demand!.residual)).toEqual([0, 0]);
    expect(certificateFlaw(JSON.parse(JSON.stringify(certificate)), patched, regions, bytes)).toBeUndefined();
    // The other region's demand is another matter.
    expect(provenDemand(patched, regions[1], each[0]).holds).toBe(false);
  });
});

describe('the schema', () => {
  test.each(demandKinds)('takes %s', kind => {
    const { demand } = randomDemand(seededRng(8), kind, regions[0]);
    expect(isDemand(JSON.parse(JSON.stringify(demands.all(demand))))).toBe(true);
  });

  test.each<[string, unknown]>([
    ['no kind', {}],
    ['an unknown kind', { kind: 'kind' }],
    ['an unknown field', { kind: 'symmetric', more: 1 }],
    ['a negative bound', { kind: 'lipschitz', bound: -1, input: 2, output: 2 }],
    ['an unknown norm', { kind: 'rowLipschitz', bounds: [1], input: 3 }],
    ['a sign that is none', { kind: 'monotone', signs: [[2]] }],
    ['a missing field', { kind: 'safe', C: [[1]] }],
    ['neither A nor b', { kind: 'exact' }],
    ['text for a number', { kind: 'dissipative', epsilon: '1' }],
    ['a list for an object', []],
    ['no points', { kind: 'through', points: [] }],
    ['an intersection of what is no demand', { kind: 'all', demands: [{ kind: 'kind' }] }],
  ])('and the reader refuse %s', (_, json) => {
    expect(isDemand(json)).toBe(false);
    expect(() => demandFromJSON(json)).toThrow(
      expect.objectContaining({
        name: 'PoliceError',
        where: expect.stringContaining('demand'),
      }) as PoliceError,
    );
  });
});
