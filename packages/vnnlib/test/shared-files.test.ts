import { readdirSync, readFileSync } from 'node:fs';
import { sharedFolder } from '@police/testing/shared-files';
import { holds, outerBox, parse, print, rational, split, toDNF, toVersion2 } from '@police/vnnlib';
import { describe, expect, test } from 'vitest';
import { meaningOf } from './arbitrary-query.js';

const filesIn = (folder: string) => {
  const url = sharedFolder(folder);
  return url
    ? readdirSync(url)
        .filter(name => name.endsWith('.vnnlib'))
        .map(name => `${folder}/${name}`)
    : [];
};
const read = (file: string) => {
  const [folder, name] = file.split('/');
  return parse(readFileSync(new URL(name, sharedFolder(folder)), 'utf8'), { file });
};

const second = filesIn('vnnlib2');
const first = filesIn('models');

/** Assertions, disjuncts, comparisons common to all: counted in the files. */
const COUNTS: Record<string, [number, number, number]> = {
  'vnnlib2/acc.vnnlib': [8, 2, 7],
  'vnnlib2/cartpole.vnnlib': [9, 1, 9],
  'vnnlib2/dubinsrejoin.vnnlib': [17, 1, 16],
  'vnnlib2/intermediate_nodes.vnnlib': [10, 2, 9],
  'vnnlib2/lunarlander.vnnlib': [17, 1, 17],
  'vnnlib2/multiple_networks.vnnlib': [12, 3, 11],
  'vnnlib2/single_network.vnnlib': [10, 8, 9],
  'vnnlib2/test_linearise.vnnlib': [21, 2, 21],
  'models/acasxu_prop_1.vnnlib': [11, 1, 11],
  'models/acasxu_prop_2.vnnlib': [14, 1, 14],
  'models/acasxu_prop_3.vnnlib': [14, 1, 14],
  'models/acasxu_prop_6.vnnlib': [2, 8, 0],
};

describe.skipIf(second.length === 0)('the standard’s examples (skipped where ../shared is missing)', () => {
  test.each(second)('%s', file => {
    const query = read(file);
    const { common, disjuncts } = toDNF(query);
    expect([query.assertions.length, disjuncts.length, common.length]).toEqual(COUNTS[file]);
    expect(query.version).toEqual({ major: 2, minor: 0 });
    expect(meaningOf(parse(print(query)))).toEqual(meaningOf(query));
  });

  test('networks that are equal and isomorphic', () => {
    const { networks } = read('vnnlib2/multiple_networks.vnnlib');
    expect(networks.map(({ name, equivalence }) => [name, equivalence?.kind, equivalence?.network])).toEqual([
      ['AcasXu', undefined, undefined],
      ['AcasYu', 'equal-to', 'AcasXu'],
      ['AcasZu', 'isomorphic-to', 'AcasXu'],
    ]);
  });

  test('a box with a constraint across inputs', () => {
    const [{ region, outputs, mixed }] = split(read('vnnlib2/acc.vnnlib')).disjuncts;
    expect(outerBox(region)).toEqual({
      lower: Float64Array.of(0, -50, 0),
      upper: Float64Array.of(50, 50, 150),
    });
    expect(region.constraints).toMatchObject([
      {
        terms: [
          { index: 1, coefficient: rational.fromDecimal('-1.5') },
          { index: 2, coefficient: rational.one },
        ],
        relation: '<=',
        bound: rational.fromDecimal('-15'),
      },
    ]);
    expect([outputs.length, mixed.length]).toEqual([1, 0]);
  });
});

describe.skipIf(first.length === 0)('properties of the models (skipped where ../shared is missing)', () => {
  test.each(first)('%s', file => {
    const query = read(file);
    const { common, disjuncts } = toDNF(query);
    if (COUNTS[file])
      expect([query.assertions.length, disjuncts.length, common.length]).toEqual(COUNTS[file]);
    expect(query.version).toEqual({ major: 1, minor: 0 });
    expect(meaningOf(parse(print(query)))).toEqual(meaningOf(query));
    const converted = toVersion2(query, { inputShape: [1, 1, 1, 5], elementType: 'float32' });
    expect(meaningOf(parse(print(converted)))).toEqual(meaningOf(converted));
    for (const { region } of split(query).disjuncts) expect(region.contradiction).toBeUndefined();
  });

  test('property 6 is two boxes, each with four ways to be unsafe', () => {
    const query = read('models/acasxu_prop_6.vnnlib');
    const { disjuncts } = split(query);
    const intervals = [...new Set(disjuncts.map(({ region }) => region))].map(({ bounds }) => bounds.get(1)!);
    expect(
      intervals.map(ends => [ends.lower!, ends.upper!].map(({ value }) => rational.toDecimal(value))),
    ).toEqual([
      ['0.11140846', '0.499999896'],
      ['-0.499999896', '-0.11140846'],
    ]);
    expect(disjuncts).toHaveLength(8);
    // The centre of a box, and outputs of which the first is not the least.
    const at = (outputs: string[]) =>
      holds(query, ({ tensor, index }) =>
        rational.fromDecimal((tensor === 'X' ? ['0.3', '0.2', '-0.4995', '0', '0'] : outputs)[index]),
      );
    expect(at(['1', '0.5', '2', '2', '2'])).toBe(true);
    expect(at(['0', '0.5', '2', '2', '2'])).toBe(false);
  });
});
