import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chain, dense, freeze, relu } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { beforeAll, describe, expect, test } from 'vitest';
import { police, smallFiles, temporaryFolder } from './helpers.js';

const folder = await temporaryFolder();
const { model, region } = await smallFiles(folder);
const file = (name: string) => join(folder, name);

describe('enforce', () => {
  test('writes a model that verify proves, with a certificate and a report', async () => {
    const [out, certificate, report] = ['out.onnx', 'proof.json', 'report.json'].map(file);
    const done = await police([
      'enforce',
      model,
      '-r',
      region,
      '-o',
      out,
      '--certificate',
      certificate,
      '--report',
      report,
    ]);
    expect(done).toMatchObject({ code: 0 });
    expect(done.text).toContain('exactly affine on the region: certified');
    expect(done.text).toContain('Shifted 1 of 3 units');
    const verified = await police(['verify', out, '-r', region, '--certificate', certificate]);
    expect(verified).toMatchObject({ code: 0 });
    expect(verified.text).toContain('as the certificate says');
    const written = JSON.parse(await readFile(report, 'utf8'));
    expect(written).toMatchObject({
      certified: true,
      shifts: { shifted: 1, dead: 1 },
      edits: [{ kind: 'bias', changed: 1 }],
    });
    // Nothing temporary is left.
    expect((await readdir(folder)).filter(name => name.endsWith('.tmp'))).toEqual([]);
  });

  test('changes no byte of a model that is affine there already', async () => {
    const near = file('near.json');
    await writeFile(near, JSON.stringify({ kind: 'ball', centre: [3, 3], radius: 0.01 }));
    const { code, stdout } = await police(['enforce', model, '-r', near, '-o', '-', '-q']);
    expect(code).toBe(0);
    expect(Buffer.compare(stdout, await readFile(model))).toBe(0);
  });

  test('reads standard input and writes standard output, talking on standard error', async () => {
    const { code, stdout, errors } = await police(
      ['enforce', '-', '-r', region, '-o', '-'],
      await readFile(model),
    );
    expect(code).toBe(0);
    expect(errors).toContain('certified');
    const verified = await police(['verify', '-', '-r', region, '-q'], stdout);
    expect(verified).toMatchObject({ code: 0, text: '' });
  });

  test('--json prints one value', async () => {
    const { text } = await police(['enforce', model, '-r', region, '-o', file('json.onnx'), '--json']);
    expect(JSON.parse(text)).toMatchObject({ certified: true, regions: 1 });
  });

  test('several regions, one in VNN-LIB', async () => {
    const property = file('p.vnnlib');
    await writeFile(
      property,
      '(declare-const X_0 Real)(declare-const X_1 Real)(assert (<= X_0 4))(assert (>= X_0 3))(assert (<= X_1 4))(assert (>= X_1 3))',
    );
    const out = file('two.onnx');
    expect(await police(['enforce', model, '-r', region, '-r', property, '-o', out])).toMatchObject({
      code: 0,
    });
    const { text } = await police(['verify', out, '-r', region, '-r', property, '--json']);
    expect(JSON.parse(text)).toMatchObject({ certified: true });
  });

  test('inequalities of too many vertices to list go to linear programs', async () => {
    const wide = chain(13, [dense([new Float64Array(13).fill(1)], [0.5]), relu(), dense([[1]])]);
    const A = Array.from({ length: 26 }, (_, i) =>
      Array.from({ length: 13 }, (_, k) => (k === i >> 1 ? (i % 2 === 0 ? 1 : -1) : 0)),
    );
    await writeFile(file('wide.onnx'), exportOnnx(wide));
    await writeFile(file('cube.json'), JSON.stringify({ kind: 'hPolytope', A, b: A.map(() => 1) }));
    const done = await police([
      'enforce',
      file('wide.onnx'),
      '-r',
      file('cube.json'),
      '-o',
      file('cube.onnx'),
    ]);
    expect(done).toMatchObject({ code: 0 });
    expect(await police(['verify', file('cube.onnx'), '-r', file('cube.json'), '-q'])).toMatchObject({
      code: 0,
    });
  });

  test('--data measures drift and decisions, of NumPy arrays and of CSV alike', async () => {
    const samples = [
      [0, 0],
      [-1, 0.5],
      [2, -3],
    ];
    await writeFile(file('s.csv'), `a,b\n${samples.map(row => row.join(',')).join('\n')}\n`);
    await writeFile(file('s.npy'), npy(samples.flat(), '(3, 2)'));
    const reports = [];
    for (const data of ['s.csv', 's.npy']) {
      const { text } = await police([
        'enforce',
        model,
        '-r',
        region,
        '-o',
        file('d.onnx'),
        '-f',
        '--json',
        '--data',
        file(data),
        '--decision',
        'smallest',
      ]);
      reports.push(JSON.parse(text).drift);
    }
    expect(reports[0]).toMatchObject({ samples: 3 });
    expect(reports[0].meanDrift).toBeGreaterThan(0);
    expect(reports[1]).toEqual(reports[0]);
  });

  test('--target bounds the outputs by the output bias', async () => {
    const target = file('target.json');
    await writeFile(
      target,
      JSON.stringify({
        C: [
          [1, 0],
          [0, -1],
        ],
        d: [-1, -2],
      }),
    );
    const out = file('bounded.onnx');
    expect(await police(['enforce', model, '-r', region, '-o', out, '--target', target])).toMatchObject({
      code: 0,
    });
    const { text } = await police(['bounds', out, '-r', region, '--json']);
    const [{ lower, upper }] = JSON.parse(text).regions;
    expect(upper[0]).toBeLessThanOrEqual(-1);
    expect(lower[1]).toBeGreaterThanOrEqual(2);
  });

  test('warns when the model becomes constant', async () => {
    const wide = file('wide.json');
    // Wide enough for the least shifts to turn the mixed units off.
    await writeFile(wide, JSON.stringify({ kind: 'box', lower: [-90, -90], upper: [1, 1] }));
    const { code, errors } = await police(['enforce', model, '-r', wide, '-o', file('w.onnx')]);
    expect(code).toBe(0);
    expect(errors).toContain('warning: the model became constant on region 0');
  });
});

describe('sweeps', () => {
  const folderOf = async (name: string) => {
    const other = file('other.onnx');
    await copyFile(model, other);
    await writeFile(file('far.json'), JSON.stringify({ kind: 'ball', centre: [3, 3], radius: 0.1 }));
    const args = ['enforce', model, other, '-r', region, '-r', file('far.json'), '-o', `${file(name)}/`];
    const contents = async () => {
      const names = (await readdir(file(name))).sort();
      return Promise.all(names.map(async entry => [entry, await readFile(join(file(name), entry))] as const));
    };
    return { args, contents };
  };

  test('all shards together are one run', async () => {
    const one = await folderOf('one');
    expect(await police([...one.args, '-q'])).toMatchObject({ code: 0 });
    const sharded = await folderOf('sharded');
    for (const shard of ['2/3', '0/3', '1/3']) await police([...sharded.args, '-q', '--shard', shard]);
    expect(await sharded.contents()).toEqual(await one.contents());
    expect(await one.contents()).toHaveLength(2 * 2 * 3);
  });

  test('a killed shard is run again without harm', async () => {
    const { args, contents } = await folderOf('killed');
    await police([...args, '-q']);
    const whole = await contents();
    // Killed before the last rename, and in the middle of writing another.
    await rm(join(file('killed'), 'model.far.report.json'));
    await rm(join(file('killed'), 'other.square.report.json'));
    await rm(join(file('killed'), 'other.square.onnx'));
    const { text } = await police([...args, '--json']);
    expect(JSON.parse(text)).toEqual({ done: 2, skipped: 2, failed: 0 });
    expect(await contents()).toEqual(whole);
  });

  test('what changed is done anew: a model, a region, an option, what was written', async () => {
    const { args } = await folderOf('changing');
    const tally = async (...more: string[]) => JSON.parse((await police([...args, '--json', ...more])).text);
    expect(await tally()).toEqual({ done: 4, skipped: 0, failed: 0 });
    expect(await tally()).toEqual({ done: 0, skipped: 4, failed: 0 });
    await writeFile(file('far.json'), JSON.stringify({ kind: 'ball', centre: [3, 3], radius: 0.2 }));
    expect(await tally()).toEqual({ done: 2, skipped: 2, failed: 0 });
    await writeFile(file('other.onnx'), exportOnnx(chain(2, [dense([[1, 2]]), relu()])));
    expect(await tally()).toEqual({ done: 2, skipped: 2, failed: 0 });
    expect(await tally('--policy', 'majority')).toEqual({ done: 4, skipped: 0, failed: 0 });
    const at = (name: string) => join(file('changing'), name);
    await writeFile(at('model.far.report.json'), '');
    await writeFile(at('model.square.onnx'), 'something else');
    await writeFile(at('other.far.report.json'), '{}');
    expect(await tally('--policy', 'majority')).toEqual({ done: 3, skipped: 1, failed: 0 });
  });

  test('a job that fails leaves the others alone', async () => {
    const { args } = await folderOf('failing');
    await writeFile(file('line.json'), '{"kind": "box", "lower": [0], "upper": [1]}');
    const { code, text, errors } = await police([...args, '-r', file('line.json')]);
    expect(code).toBe(2);
    expect(text).toContain('4 done, 0 there already, 2 failed');
    expect(errors).toContain('expected a region of size 2');
  });

  test.each(['3/3', '1', 'a/b', '-1/2'])('--shard %s is refused', async shard => {
    const { args } = await folderOf('refused');
    expect(await police([...args, '--shard', shard])).toMatchObject({ code: 2 });
  });

  test('names that would collide are refused', async () => {
    const { args } = await folderOf('twice');
    expect((await police([...args, model])).errors).toContain('two that agree');
  });
});

describe('bounds', () => {
  test('prints exact extremes, and where', async () => {
    const out = file('b.onnx');
    await police(['enforce', model, '-r', region, '-o', out]);
    const { text } = await police(['bounds', out, '-r', region, '--points']);
    expect(text).toMatch(/output\s+minimum\s+maximum\s+rounding/);
    expect(text).toContain('output 0 lowest at [');
    const rows = file('c.json');
    await writeFile(rows, '[[1, -1]]');
    const { text: json } = await police(['bounds', out, '-r', region, '--combinations', rows, '--json']);
    expect(JSON.parse(json).regions[0].lower).toHaveLength(1);
  });

  test('refuses a model that bends', async () => {
    expect(await police(['bounds', model, '-r', region])).toMatchObject({ code: 1 });
  });
});

test('inspect shows nodes, sizes and what is guaranteed', async () => {
  const { text } = await police(['inspect', model]);
  expect(text).toContain('regions have 2 coordinates');
  expect(text).toMatch(/relu\s+3/);
  const { text: json } = await police(['inspect', model, '--json']);
  expect(JSON.parse(json)).toMatchObject({ parameters: 17, guaranteedShape: [1, 2] });
});

describe('verify', () => {
  test('refutes what bends, and shows the unit and points', async () => {
    const { code, text } = await police(['verify', model, '-r', region]);
    expect(code).toBe(1);
    expect(text).toContain('NOT certified: unit 0');
    expect(text).toContain('lowest at [-1, -1]');
  });

  test('refutes a certificate of which anything was changed', async () => {
    const [out, certificate] = ['v.onnx', 'v.json'].map(file);
    await police(['enforce', model, '-r', region, '-o', out, '--certificate', certificate]);
    const proof = JSON.parse(await readFile(certificate, 'utf8'));
    proof.regions[0].b[0] += 1;
    await writeFile(certificate, JSON.stringify(proof));
    const { code, text } = await police(['verify', out, '-r', region, '--certificate', certificate]);
    expect(code).toBe(1);
    expect(text).toContain('does NOT hold. certificate.regions.0.b.0');
  });
});

describe('errors', () => {
  const out = file('never.onnx');

  test.each([
    [
      'a missing model',
      ['enforce', file('none.onnx'), '-r', region, '-o', out],
      2,
      'none.onnx: expected a file that can be read',
    ],
    ['a model that is none', ['enforce', region, '-r', region, '-o', out], 2, 'police: '],
    ['a missing option', ['enforce', model, '-o', out], 2, 'regions: expected at least one, got none'],
    ['an unknown option', ['verify', model, '-r', region, '--fast'], 2, "unknown option '--fast'"],
    ['an unknown command', ['frobnicate'], 2, "unknown command 'frobnicate'"],
    [
      'an unknown policy',
      ['enforce', model, '-r', region, '-o', out, '--policy', 'best'],
      2,
      'Allowed choices are minimal, majority',
    ],
    ['a region that is none', ['enforce', model, '-r', file('bad.json'), '-o', out], 2, 'bad.json'],
    [
      'a region of another size',
      ['enforce', model, '-r', file('line.json'), '-o', out],
      2,
      "expected a region of size 2, the model's inputs, got 1",
    ],
    [
      'two things on standard output',
      ['enforce', model, '-r', region, '-o', '-', '--json'],
      2,
      'expected one of the model',
    ],
    [
      'memory that is no number',
      ['verify', model, '-r', region, '--memory', 'lots'],
      2,
      'Expected a whole number above 0',
    ],
    [
      'a target of another size',
      ['enforce', model, '-r', region, '-o', out, '--target', file('line.json')],
      2,
      'C, rows of 2 numbers',
    ],
    [
      'a target out of reach',
      ['enforce', model, '-r', region, '-o', out, '--target', file('narrow.json')],
      1,
      'an output bias',
    ],
    [
      'samples of another size',
      ['enforce', model, '-r', region, '-o', out, '--data', file('three.csv')],
      2,
      'three.csv line 1: expected 2 numbers, got 3',
    ],
  ])('%s', async (_what, args, code, message) => {
    await writeFile(file('bad.json'), '{"kind": "box", "lower": [0, 0]}');
    await writeFile(file('line.json'), '{"kind": "box", "lower": [0], "upper": [1]}');
    await writeFile(file('narrow.json'), '{"C": [[1, 0], [-1, 0]], "d": [0, 0]}');
    await writeFile(file('three.csv'), '1,2,3\n');
    const outcome = await police(args);
    expect(outcome.errors).toContain(message);
    expect(outcome.code).toBe(code);
    expect(existsSync(out)).toBe(false);
  });

  test('a file that is there is replaced with --force only', async () => {
    const there = file('there.onnx');
    await writeFile(there, 'mine');
    const refused = await police(['enforce', model, '-r', region, '-o', there]);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.errors).toContain('--force');
    expect(await readFile(there, 'utf8')).toBe('mine');
    expect(await police(['enforce', model, '-r', region, '-o', there, '--force'])).toMatchObject({ code: 0 });
  });

  test('when one file cannot be written, none is', async () => {
    const sub = file('sub');
    await mkdir(sub);
    const [first, second] = [join(sub, 'm.onnx'), join(sub, 'missing', 'c.json')];
    const outcome = await police(['enforce', model, '-r', region, '-o', first, '--certificate', second]);
    expect(outcome.code).toBe(2);
    expect(await readdir(sub)).toEqual([]);
  });

  test('--help and --version end well', async () => {
    const help = await police(['enforce', '--help']);
    expect(help.code).toBe(0);
    expect(help.text).toContain('Examples:');
    expect(help.text).toContain('Exit codes: 0 done · 1 not certified · 2 bad input · 3 unsupported');
    expect((await police(['--version'])).text).toMatch(/^\d+\.\d+\.\d+/);
  });
});

/** A NumPy file of float32 numbers. */
function npy(values: readonly number[], shape: string): Uint8Array {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(53).concat('\n');
  const start = Buffer.concat([
    Buffer.from([0x93]),
    Buffer.from('NUMPY'),
    Buffer.from([1, 0, header.length, 0]),
  ]);
  return Buffer.concat([start, Buffer.from(header), Buffer.from(Float32Array.from(values).buffer)]);
}

describe('a number that float32 cannot hold on the way', () => {
  const scale = (factor: number) => dense([[factor]]);
  const overflowing = file('overflow.onnx');
  const interval = file('interval.json');

  beforeAll(async () => {
    const net = chain(1, [scale(1e30), scale(1e30), relu(), scale(1e-30), scale(1e-30)]);
    await writeFile(overflowing, exportOnnx(freeze(net, []).network));
    await writeFile(interval, JSON.stringify({ kind: 'box', lower: [1], upper: [2] }));
  });

  test('is no certificate: affine on paper, infinite where it runs', async () => {
    const { code, text } = await police(['verify', overflowing, '-r', interval]);
    expect(code).toBe(1);
    expect(text).toMatch(/NOT certified: .*may overflow at 'affine_2'/);
    const json = await police(['verify', overflowing, '-r', interval, '--json']);
    expect(JSON.parse(json.text)).toMatchObject({ certified: false, overflow: 'affine_2', region: 0 });
    const out = file('overflow-out.onnx');
    const enforced = await police(['enforce', overflowing, '-r', interval, '-o', out]);
    expect(enforced.code).toBe(1);
    expect(enforced.errors).toContain('affine_2');
    await expect(readFile(out)).rejects.toThrow();
  });
});
