// police enforce --method patch, from the command line to the file and back.
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readModel, withDataOutside } from '@police/onnx-import';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildModel, decode, encode, int64 } from '../../onnx-import/test/onnx.js';
import { police, smallFiles, temporaryFolder } from './helpers.js';

const folder = await temporaryFolder();
const { model, region } = await smallFiles(folder);
const file = (name: string) => join(folder, name);

/** sin(W x) · x₀: two operators that core does not read. */
const wild = buildModel({
  input: ['n', 2],
  nodes: [
    ['MatMul', ['x', 'w'], ['h']],
    ['Sin', ['h'], ['s']],
    ['Slice', ['x', 'zero', 'one', 'one'], ['first']],
    ['Mul', ['s', 'first'], ['y']],
  ],
  constants: { w: { dims: [2, 3], data: [1, -2, 0.5, 1, 1, -1] }, zero: int64(0), one: int64(1) },
});

beforeAll(() => writeFile(file('wild.onnx'), wild));

const patched = (from: string, to: string, ...more: string[]) =>
  police(['enforce', from, '-r', region, '--method', 'patch', '-o', file(to), '-f', ...more]);

describe('enforce --method patch', () => {
  test('a model that core reads: certified, verified, with a certificate and a report', async () => {
    const [proof, report] = [file('proof.json'), file('report.json')];
    const done = await patched(model, 'patched.onnx', '--certificate', proof, '--report', report);
    expect(done).toMatchObject({ code: 0 });
    expect(done.text).toContain('is exactly affine on the region: certified');
    expect(done.text).toMatch(/y0 = .* x0 .* x1\n/);
    expect(done.text).toContain(`Written: ${file('patched.onnx')}, ${proof}, ${report}.`);
    expect(done.text).toMatch(
      /On 2000 points of a box twice as large as the region: another decision on \d+/,
    );
    const written = JSON.parse(await readFile(report, 'utf8'));
    expect(written).toMatchObject({
      method: 'patch',
      certified: true,
      valuesBy: 'core',
      unread: [],
      run: { samples: 16 },
      harm: { points: 2000, outputs: 2 },
    });
    expect(written.patches[0].steepness.perOutput).toHaveLength(2);
    expect(written.patches[0].body.kind).toBe('region');
    const verified = await police([
      'verify',
      file('patched.onnx'),
      '-r',
      region,
      '--certificate',
      proof,
      '--run',
    ]);
    expect(verified).toMatchObject({ code: 0 });
    expect(verified.text).toContain('as the certificate says');
  });

  test('a model that core does not read: values by ONNX Runtime, proved without them', async () => {
    const done = await patched(
      file('wild.onnx'),
      'wild-patched.onnx',
      '--json',
      '--certificate',
      file('w.json'),
    );
    expect(done).toMatchObject({ code: 0 });
    const report = JSON.parse(done.text);
    expect(report).toMatchObject({ valuesBy: 'ONNX Runtime', unread: ['y.unpatched'], regions: 1 });
    const verified = await police([
      'verify',
      file('wild-patched.onnx'),
      '-r',
      region,
      '--certificate',
      file('w.json'),
    ]);
    expect(verified).toMatchObject({ code: 0 });
    expect(verified.text).toContain("The proof does not look into 'y.unpatched'");
    expect(await police(['verify', file('wild.onnx'), '-r', region])).toMatchObject({ code: 3 });
  });

  test('moved constants: a facet is not certified, a map is not the certificate’s', async () => {
    await patched(file('wild.onnx'), 'moved.onnx', '--certificate', file('moved.json'));
    const bytes = await readFile(file('moved.onnx'));
    for (const [part, says] of [
      ['facets.bias', 'NOT certified'],
      ['centre.bias', 'certificate does NOT hold'],
    ]) {
      const moved = decode(Uint8Array.from(bytes));
      const { rawData } = moved.graph!.initializer.find(({ name }) => name.includes(part))!;
      const view = new DataView(rawData.buffer, rawData.byteOffset);
      view.setFloat32(0, view.getFloat32(0, true) + 0.01, true);
      await writeFile(file('moved.onnx'), encode(moved));
      const verified = await police([
        'verify',
        file('moved.onnx'),
        '-r',
        region,
        '--certificate',
        file('moved.json'),
      ]);
      expect(verified.code).toBe(1);
      expect(verified.text).toContain(says);
    }
  });

  test('--map: a file, minimax, and what shifting gives; --steepness is K of every output', async () => {
    const map = {
      A: [
        [1, 2],
        [3, 4],
      ],
      b: [5, 6],
    };
    await writeFile(file('map.json'), JSON.stringify(map));
    const given = await patched(model, 'given.onnx', '--map', file('map.json'), '--steepness', '7', '--json');
    expect(JSON.parse(given.text).patches).toMatchObject([{ steepness: { least: 7, largest: 7 } }]);
    const { text } = await police(['bounds', file('given.onnx'), '-r', region, '--json']);
    expect(JSON.parse(text)).toMatchObject({ regions: [{ lower: [2, -1], upper: [8, 13] }] });
    const proof = file('shifted.json');
    await police(['enforce', model, '-r', region, '-o', file('shifted.onnx'), '-f', '--certificate', proof]);
    const shift = file('patch-shift.json');
    expect(await patched(model, 'shift.onnx', '--map', 'shift', '--certificate', shift)).toMatchObject({
      code: 0,
    });
    const [one, other] = await Promise.all(
      [proof, shift].map(async name => JSON.parse(await readFile(name, 'utf8')).regions[0]),
    );
    one.b.forEach((b: number, j: number) => {
      expect(other.b[j]).toBeCloseTo(b, 5);
    });
    expect(await patched(model, 'minimax.onnx', '--map', 'minimax')).toMatchObject({ code: 0 });
    const wildShift = await patched(file('wild.onnx'), 'no.onnx', '--map', 'shift');
    expect(wildShift).toMatchObject({ code: 3 });
    expect(wildShift.errors).toContain('--map fit');
  });

  test('--keep: samples outside the shell stay as they are', async () => {
    const rows = Array.from({ length: 50 }, (_, i) => `${1.5 + i / 50},${-1.5 - i / 25}`);
    await writeFile(file('keep.csv'), rows.join('\n'));
    const { text } = await patched(file('wild.onnx'), 'keep.onnx', '--keep', file('keep.csv'), '--json');
    const { kept, harm } = JSON.parse(text);
    expect(kept).toMatchObject({ samples: 50, changed: 0, decisionsKept: 1 });
    expect(harm).toMatchObject({ points: 50, outputsChanged: 0, decisionsChanged: 0 });
  });

  test('around a shifted model, and around a patched one: each proved on its region', async () => {
    await police(['enforce', model, '-r', region, '-o', file('inner.onnx'), '-f']);
    const far = file('far.json');
    await writeFile(far, JSON.stringify({ kind: 'box', lower: [3, 3], upper: [4, 4] }));
    const outer = [
      'enforce',
      file('inner.onnx'),
      '-r',
      far,
      '--method',
      'patch',
      '-o',
      file('outer.onnx'),
      '-f',
    ];
    expect(await police([...outer, '--steepness', '1000'])).toMatchObject({ code: 0 });
    // The region of the shift is far away for the patch: f is left there, and is affine.
    expect(await police(['verify', file('outer.onnx'), '-r', region, '-r', far])).toMatchObject({ code: 0 });
    const twice = await police([
      ...['enforce', file('wild-patched.onnx'), '-r', far, '--method', 'patch'],
      ...['-o', file('twice.onnx'), '-f'],
    ]);
    expect(twice).toMatchObject({ code: 0 });
    expect(twice.errors).toContain('patched before');
    expect(
      readModel(await readFile(file('twice.onnx'))).network.nodes.filter(n => n.kind === 'clamp'),
    ).toHaveLength(2);
    const shifted = await police(['enforce', file('patched.onnx'), '-r', far, '-o', file('s.onnx'), '-f']);
    expect(shifted.code).toBe(3);
    expect(shifted.errors).toContain('Patch last');
  });

  test('sweeps: a job of another steepness is another job', async () => {
    await mkdir(file('models'), { recursive: true });
    await copyFile(model, file('models/a.onnx'));
    await copyFile(file('wild.onnx'), file('models/b.onnx'));
    const sweep = (...more: string[]) =>
      police([
        ...['enforce', file('models/a.onnx'), file('models/b.onnx'), '-r', region, '--method', 'patch'],
        ...['-o', file('out/'), '--json', ...more],
      ]);
    expect(JSON.parse((await sweep()).text)).toEqual({ done: 2, skipped: 0, failed: 0 });
    expect(JSON.parse((await sweep()).text)).toEqual({ done: 0, skipped: 2, failed: 0 });
    expect(JSON.parse((await sweep('--steepness', '3')).text)).toEqual({ done: 2, skipped: 0, failed: 0 });
    expect(await police(['verify', file('out/b.square.onnx'), '-r', region, '-q'])).toMatchObject({
      code: 0,
    });
  });

  test('data beside the model: shared in its folder, beside what is written elsewhere, or inside', async () => {
    const w = { dims: [2, 256], data: Array.from({ length: 512 }, (_, i) => Math.fround(Math.sin(i))) };
    const big = buildModel({
      input: ['n', 2],
      nodes: [
        ['MatMul', ['x', 'w'], ['h']],
        ['Sin', ['h'], ['y']],
      ],
      constants: { w },
    });
    const { bytes, data } = withDataOutside(big, 'big.data');
    await mkdir(file('beside'), { recursive: true });
    const from = file('beside/big.onnx');
    await writeFile(from, bytes);
    await writeFile(file('beside/big.data'), data);
    for (const [to, flags, names] of [
      ['beside/near.onnx', [], ['big.data', 'big.onnx', 'near.onnx']],
      ['away/far.onnx', [], ['far.onnx', 'far.onnx.data']],
      ['inside/one.onnx', ['--inline'], ['one.onnx']],
    ] as const) {
      const folderOf = file(dirname(to));
      await mkdir(folderOf, { recursive: true });
      expect(await patched(from, to, '--json', ...flags)).toMatchObject({ code: 0 });
      expect((await readdir(folderOf)).sort()).toEqual(names);
      expect(await police(['verify', file(to), '-r', region, '--run'])).toMatchObject({ code: 0 });
    }
    const piped = await police(['enforce', from, '-r', region, '--method', 'patch', '-o', '-']);
    expect(piped).toMatchObject({ code: 2 });
    expect(piped.errors).toContain('--inline');
  });

  test('instances: each of its own method, map and domain, from files beside the table', async () => {
    const map = {
      A: [
        [1, 2],
        [3, 4],
      ],
      b: [5, 6],
    };
    await mkdir(file('table'), { recursive: true });
    await writeFile(file('table/map.json'), JSON.stringify(map));
    await writeFile(file('table/domain.json'), await readFile(region));
    const rows = [
      'model,property,name,method,map,domain',
      `${model},${region},shift,,true,domain.json`,
      `${model},${region},patch,patch,map.json,domain.json`,
    ];
    await writeFile(file('table/list.csv'), rows.join('\n'));
    const all = ['enforce', '--instances', file('table/list.csv'), '-o', `${file('of')}/`, '--json'];
    expect(JSON.parse((await police(all)).text)).toEqual({ done: 2, skipped: 0, failed: 0 });
    expect(JSON.parse((await police(all)).text)).toEqual({ done: 0, skipped: 2, failed: 0 });
    const proof = JSON.parse(await readFile(file('of/patch.certificate.json'), 'utf8'));
    proof.regions[0].b.forEach((b: number, j: number) => {
      expect(b).toBeCloseTo(map.b[j], 6);
    });
    await writeFile(file('table/map.json'), JSON.stringify({ ...map, b: [5, 7] }));
    expect(JSON.parse((await police(all)).text)).toEqual({ done: 1, skipped: 1, failed: 0 });
  });

  test('options of the other method are refused', async () => {
    for (const [flags, told] of [
      [['--policy', 'majority'], '--policy'],
      [['--target', file('map.json')], '--target'],
    ] as const) {
      const refused = await patched(model, 'no.onnx', ...flags);
      expect(refused).toMatchObject({ code: 2 });
      expect(refused.errors).toContain(told);
    }
    const shift = await police(['enforce', model, '-r', region, '-o', file('no.onnx'), '--steepness', '3']);
    expect(shift).toMatchObject({ code: 2 });
    expect(shift.errors).toContain('--method patch');
  });
});

describe('what was changed is said', () => {
  test('shifting: a warning from one decision in a hundred on, with what is not in force', async () => {
    await writeFile(file('domain.json'), JSON.stringify({ kind: 'box', lower: [-3, -3], upper: [3, 3] }));
    const done = await police([
      'enforce',
      model,
      '-r',
      region,
      '-o',
      file('h.onnx'),
      '-f',
      '--domain',
      file('domain.json'),
    ]);
    expect(done.code).toBe(0);
    const share = Number(
      /On 2000 points of the domain: another decision on \d+ \(([\d.]+)%\)/.exec(done.text)![1],
    );
    expect(share).toBeGreaterThan(0);
    expect(done.text.includes('--method patch')).toBe(share >= 1);
    expect(done.errors.includes('would keep more')).toBe(share >= 1);
    expect(done.errors).not.toContain('--policy minimal');
  });

  test('counts are those of the two models', async () => {
    await writeFile(file('few.csv'), '0,0\n-1,0.5\n2,-3\n');
    const { text } = await police([
      ...['enforce', model, '-r', region, '-o', file('h.onnx'), '-f', '--json', '--data', file('few.csv')],
    ]);
    const { harm, drift } = JSON.parse(text);
    expect(harm.largestChange).toBe(drift.largestDrift);
    expect(harm.points).toBe(3);
    expect(harm.decisionsChanged).toBe(Math.round(3 * (1 - drift.decisionAgreement)));
  });

  test('a model without decisions is not judged', async () => {
    const one = buildModel({
      input: [1, 2],
      nodes: [
        ['MatMul', ['x', 'w'], ['h']],
        ['Relu', ['h'], ['y']],
      ],
      constants: { w: { dims: [2, 1], data: [1, 1] } },
    });
    await writeFile(file('one.onnx'), one);
    const done = await police(['enforce', file('one.onnx'), '-r', region, '-o', file('o.onnx'), '-f']);
    expect(done.text).toContain('one output makes no decision');
  });
});
