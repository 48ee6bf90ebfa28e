import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  affineRadius,
  ball,
  box,
  boxAround,
  convexHull,
  crossPolytope,
  matrixFromRows,
  type Region,
  regionFromJSON,
} from '@police/core';
import { regionsHash } from '@police/core/adapter';
import { seededRng, seeds } from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clipped } from '../src/regions/clip.js';
import { boundsOf, isIntervals } from '../src/regions/intervals.js';
import { curveRadii } from '../src/regions/radius-curve.js';
import { withBoxPairs } from '../src/regions/sources.js';
import { police, smallFiles, smallNetwork, temporaryFolder } from './helpers.js';

const folder = await temporaryFolder();
const { model } = await smallFiles(folder);
const file = (name: string) => join(folder, name);

const samples = [
  [3, 4],
  [5, 2],
  [4, 4],
  [4, 3.5],
];
await writeFile(file('samples.csv'), samples.map(row => row.join(',')).join('\n'));
await writeFile(file('one.csv'), '4,3');
await writeFile(file('lower.csv'), '3,3');
await writeFile(file('upper.csv'), '5,4');

/** The regions that `police region` writes. */
async function written(...words: string[]): Promise<Region[]> {
  const { code, text, errors } = await police(['region', ...words, '-o', '-', '-q']);
  expect(errors).toBe('');
  expect(code).toBe(0);
  const json = JSON.parse(text);
  return (json.regions ?? [json]).map((each: unknown) => regionFromJSON(each));
}

describe('regions as people say them', () => {
  const rows = samples.map(row => Float64Array.from(row));
  test.each<[string[], Region[]]>([
    [['--box', '-1..1', '--size', '2'], [box([-1, -1], [1, 1])]],
    [['--box', '-1..1', '--model', model], [box([-1, -1], [1, 1])]],
    [['--box', '0..1e-3,-.5..2'], [box([0, -0.5], [0.001, 2])]],
    [['--box', file('lower.csv'), file('upper.csv')], [box([3, 3], [5, 4])]],
    [['--around', file('one.csv'), '--radius', '0.5'], [boxAround([4, 3], 0.5)]],
    [['--around', file('samples.csv'), '--radius', '0.5', '--norm', '2'], rows.map(x => ball(x, 0.5))],
    [['--around', file('one.csv'), '--radius', '0.5', '--norm', '1'], [crossPolytope([4, 3], 0.5)]],
    [['--hull', file('samples.csv')], [convexHull(rows)]],
    [['-r', '{"kind":"box","center":[1,2],"radii":0.5}'], [boxAround([1, 2], 0.5)]],
    [
      ['-r', '[{"kind":"ball","center":[1,2],"radius":1}]', '--box', '0..1', '--size', '2'],
      [ball([1, 2], 1), box([0, 0], [1, 1])],
    ],
    [['--around', file('one.csv'), '--radius', '2', '--clip', '0..4'], [box([2, 1], [4, 4])]],
    [['--around', file('one.csv'), '--radius', '2', '--norm', '2', '--clip', '0..9'], [ball([4, 3], 2)]],
    [['--box', '0..5', '--size', '2', '--clip', '1..2,-9..9'], [box([1, 0], [2, 5])]],
  ])('%s', async (words, expected) => {
    expect(regionsHash(await written(...words))).toBe(regionsHash(expected));
  });

  test('in the order said, and the same from the file written', async () => {
    const words = [
      '--hull',
      file('samples.csv'),
      '--box',
      '3..4',
      '--around',
      file('one.csv'),
      '--radius',
      '1',
    ];
    expect(await police(['region', ...words, '-o', file('said.json'), '-q'])).toMatchObject({ code: 0 });
    const regions = await written(...words);
    expect(regions.map(({ kind }) => kind)).toEqual(['vPolytope', 'box', 'box']);
    expect(regionsHash(await written(file('said.json')))).toBe(regionsHash(regions));
    expect(regionsHash(await written('-r', file('said.json')))).toBe(regionsHash(regions));
  });

  test('by every command that takes regions, before and after the model', async () => {
    const out = file('out.onnx');
    const words = ['--around', file('one.csv'), '--radius', '0.25'];
    expect(await police(['enforce', ...words, model, '-o', out])).toMatchObject({ code: 0 });
    expect(await police(['verify', ...words, out])).toMatchObject({ code: 0 });
    expect(await police(['verify', '--box', '3.9..4,3..3.1', out])).toMatchObject({ code: 0 });
    expect(await police(['verify', out, '--box', file('lower.csv'), file('lower.csv')])).toMatchObject({
      code: 0,
    });
    const { text } = await police(['bounds', out, ...words, '--json']);
    expect(JSON.parse(text).regions).toHaveLength(1);
    const inspected = await police(['inspect', model, '--box', '-1..1', '--json']);
    expect(JSON.parse(inspected.text).regions).toMatchObject([{ kind: 'box', dimension: 2, volume: 4 }]);
  });

  test('a sweep has a job for each, done again only when its words or files change', async () => {
    const words = ['--box', '2.5..3', '--around', file('one.csv'), '--radius', '0.25'];
    const sweep = () => police(['enforce', model, ...words, '-o', `${file('swept')}/`, '--json']);
    expect(JSON.parse((await sweep()).text)).toEqual({ done: 2, skipped: 0, failed: 0 });
    expect(JSON.parse((await sweep()).text)).toEqual({ done: 0, skipped: 2, failed: 0 });
    words[5] = '0.3';
    expect(JSON.parse((await sweep()).text)).toMatchObject({ done: 1, skipped: 1 });
  });

  test('instances name region files or hold region JSON; a summary says regions as the command line does', async () => {
    const csv = (text: string) => `"${text.replaceAll('"', '""')}"`;
    const inline = '{"kind":"box","center":[4,3],"radii":0.1}';
    await writeFile(file('near.json'), '{"kind":"ball","center":[3,3],"radius":0.1}');
    const table = `model,region,name\nmodel.onnx,near.json,near\nmodel.onnx,${csv(inline)},inline\n`;
    await writeFile(file('instances.csv'), table);
    const summary = file('summary.csv');
    const many = ['--instances', file('instances.csv'), '--summary', summary, '--json'];
    const tally = async () =>
      JSON.parse((await police(['enforce', ...many, '-o', `${file('named')}/`])).text);
    expect(await tally()).toEqual({ done: 2, skipped: 0, failed: 0 });
    expect(await tally()).toEqual({ done: 0, skipped: 2, failed: 0 });
    const out = join(file('named'), 'inline.onnx');
    expect(await police(['verify', out, '-r', inline])).toMatchObject({ code: 0 });
    const said = ['--around', file('one.csv'), '--radius', '0.05', '--clip', '0..9'];
    expect(await police(['verify', out, ...said, '--summary', summary])).toMatchObject({ code: 0 });
    const rows = await readFile(summary, 'utf8');
    expect(rows).toContain(`,${csv(inline)},done,`);
    expect(rows).toContain(`--around ${file('one.csv')} --radius 0.05 --norm inf --clip 0..9,done,`);
    const both = await police(['verify', ...many, '--box', '0..1']);
    expect(both.errors).toContain('models and regions from the file alone, got --box 0..1 besides');
    await writeFile(file('instances.csv'), 'model,region,clip\nmodel.onnx,near.json,0..1\n');
    expect((await police(['verify', ...many])).errors).toContain("got 'clip'");
  });
});

describe('what cannot be meant is refused in the words of the command', () => {
  test.each([
    [['region'], 'a region file, or words for a region, got none'],
    [['region', '--box', '-1..1'], 'Pass --size 784, or the model'],
    [['region', '--box', '1..-1', '--size', '2'], '--box 1..-1: expected lower..upper'],
    [['region', '--box', '0..1,0..1', '--size', '3'], 'one interval for all, or one for each of 3'],
    [['region', '--box', 'lower.npy'], 'two files: --box lower.npy upper.npy'],
    [
      ['region', '--box', file('samples.csv'), file('upper.csv')],
      'one point, the bounds of every coordinate',
    ],
    [['region', '--around', file('one.csv')], '--around: expected --radius with it'],
    [['region', '--box', '0..1', '--size', '2', '--radius', '1'], '--radius: expected --around'],
    [['region', '--box', '0..1', '--size', '2', '--norm', '2'], '--norm: expected --around'],
    [['region', '--around', file('one.csv'), '--radius', '-1'], 'a number from 0 on'],
    [['region', '--around', file('one.csv'), '--radius', '1', '--norm', '3'], 'inf, 2, 1'],
    [
      ['region', '--around', file('one.csv'), '--radius', '1', '--clip', '1'],
      '--clip: expected lower..upper',
    ],
    [['region', '--around', file('one.csv'), '--radius', '1', '--clip', '7..8'], 'a region that meets 7..8'],
    [
      ['region', '--around', file('one.csv'), '--radius', '1', '--norm', '2', '--clip', '0..4'],
      'Take --norm inf',
    ],
    [['region', '--size', '3', '--hull', file('one.csv')], '3 numbers, got 2'],
    [['region', '-r', '{"kind": "box", "center": [1], "radii": [1, 2]}'], '--region'],
    [['verify', model], 'regions: expected at least one'],
    [['regions', model, '--data', file('one.csv'), '--radii', '1,x'], '--radii: expected numbers'],
  ])('%s', async (args, message) => {
    const { code, errors } = await police(args);
    expect(errors.replace(/\s+/g, ' ')).toContain(message);
    expect(code).toBe(2);
  });
});

test('intervals are read as numbers are written', () => {
  expect(isIntervals('-1..1')).toBe(true);
  for (const no of ['1', '1...', '..1', 'a..b', '0..1,', '0..1 ', 'x.npy'])
    expect(isIntervals(no)).toBe(false);
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.double({ min: 0, max: 1e9 }),
      (lo, width) => {
        const hi = lo + width;
        fc.pre(Number.isFinite(hi));
        expect(boundsOf(`${lo}..${hi}`, 1, 'x')).toEqual({
          lower: Float64Array.of(lo === 0 ? 0 : lo),
          upper: Float64Array.of(hi),
        });
      },
    ),
  );
});

test('two files of a box are one value, and nothing else is joined', () => {
  expect(withBoxPairs(['--box', 'a', 'b', 'm'])).toEqual(['--box', '["a","b"]', 'm']);
  expect(withBoxPairs(['--box', '0..1', 'm'])).toEqual(['--box', '0..1', 'm']);
  expect(withBoxPairs(['--box', 'a', '-o', 'm'])).toEqual(['--box', 'a', '-o', 'm']);
  expect(withBoxPairs(['--box', 'a', '-'])).toEqual(['--box', '["a","-"]']);
});

test('a clipped box is exactly what both hold', () => {
  fc.assert(
    fc.property(seeds, seed => {
      const rng = seededRng(seed);
      const centre = [0.9 * rng(), rng(), 2.5 * rng()];
      const radii = [0.2 + rng(), 0, rng()];
      const region =
        rng() < 0.5
          ? boxAround(centre, radii)
          : box(
              centre,
              centre.map((c, i) => c + radii[i]),
            );
      const cut = clipped(region, '0.1..0.9,-1..1,-9..2.5');
      const bounds = box([0.1, -1, -9], [0.9, 1, 2.5]);
      for (let k = 0; k < 20; k++) {
        const x = region.sample(rng);
        expect(cut.contains(x)).toBe(bounds.contains(x));
        expect(region.contains(cut.sample(rng))).toBe(true);
        expect(bounds.contains(cut.sample(rng))).toBe(true);
      }
    }),
    { numRuns: 50 },
  );
});

describe('police region explains', () => {
  test('dimension, volume, facets and the samples inside', async () => {
    const { text } = await police(['region', '--box', '3..4', '--size', '2', '--data', file('samples.csv')]);
    expect(text).toContain('box: 2 dimensions in 2 coordinates');
    expect(text).toMatch(/volume +1,/);
    expect(text).toMatch(/facets +4, vertices 4/);
    expect(text).toContain('holds     3 of 4 samples: 0, 2, 3');
    const { text: json } = await police([
      'region',
      '--hull',
      file('samples.csv'),
      '--json',
      '--data',
      file('samples.csv'),
    ]);
    expect(JSON.parse(json).regions).toMatchObject([
      { dimension: 2, facets: 3, vertices: 3, holds: [0, 1, 2, 3] },
    ]);
  });

  test('what is flat, round or too large for a number', async () => {
    const { text } = await police([
      'region',
      '-r',
      '{"kind":"subspace","region":{"kind":"ball","centre":[0,0],"radius":1},"origin":[0,0,1],"basis":[[1,0,0],[0,1,0]]}',
    ]);
    expect(text).toContain('2 dimensions in 3 coordinates, flat');
    expect(text).toContain('volume    3.142');
    expect(text).toContain('facets    without number');
    const wide = await police(['region', '--box', '0..0.01', '--size', '500', '--json']);
    expect(JSON.parse(wide.text).regions).toMatchObject([
      { volume: null, log10Volume: expect.closeTo(-1000) },
    ]);
  });
});

describe('police regions advises', () => {
  test('the largest regions around each sample, and what larger ones cost', async () => {
    const svg = file('curve.svg');
    const args = ['regions', model, '--data', file('samples.csv'), '--radii', '0.01,8', '--svg', svg];
    const { code, text } = await police([...args, '--json']);
    expect(code).toBe(0);
    const { samples: free, curve } = JSON.parse(text);
    free.forEach(({ box: size, ball: round }: { box: number; ball: number }, i: number) => {
      // The model's file is in float32, as are these weights.
      expect(size).toBeCloseTo(affineRadius(smallNetwork, boxAround(samples[i], 1)).radius, 6);
      expect(round).toBeCloseTo(affineRadius(smallNetwork, ball(samples[i], 1)).radius, 6);
    });
    expect(curve).toMatchObject([
      { radius: 0.01, shifted: 0, units: 3, decisionsLost: 0 },
      { radius: 8, units: 3 },
    ]);
    expect(curve[1].shifted).toBeGreaterThan(1);
    const drawn = await readFile(svg, 'utf8');
    expect(drawn).toMatch(/^<svg [^>]*>[\s\S]*<\/svg>\n$/);
    expect(drawn.match(/<circle /g)).toHaveLength(4);
    const { text: told } = await police([...args, '-f', '--samples', '2']);
    expect(told).toContain('around each of the first 2 of 4 samples');
    expect(told).toMatch(/^8 .*%/m);
  });

  test('radii go from below the least that costs something to half the width of the data', () => {
    const radii = curveRadii(
      [0.5, 0, 0.02, Number.POSITIVE_INFINITY],
      matrixFromRows([
        [0, 1],
        [4, 1],
      ]),
    );
    expect(radii[0]).toBeCloseTo(0.01);
    expect(radii.at(-1)).toBeCloseTo(2);
    expect([...radii].sort((a, b) => a - b)).toEqual(radii);
    expect(curveRadii([Number.POSITIVE_INFINITY], matrixFromRows([[0, 0]])).every(Number.isFinite)).toBe(
      true,
    );
  });
});
