import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chain, dense, relu } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../src/json.js';
import { Memory } from '../src/memory.js';
import { assertRegionSize, regionBytes } from '../src/region-bytes.js';
import { readVnnlib } from '../src/vnnlib.js';
import { police, smallFiles, square, temporaryFolder } from './helpers.js';

const folder = await mkdtemp(join(await temporaryFolder(), 's-'));
const { model, region } = await smallFiles(folder);
const file = async (name: string, content: string) => {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
};

describe('JSON', () => {
  test.each([
    ['{"a": 1, "a": 2}', "j:1:10: expected each key once, got 'a' again"],
    ['{"a": {"b": 1,\n "\\u0062": 2}}', "j:2:2: expected each key once, got 'b' again"],
    ['['.repeat(100_000), 'j:1:1001: expected at most 1000 arrays and objects in one another'],
    ['{"a":'.repeat(100_000), 'j:1:5001: expected at most 1000 arrays'],
    ['[1, 2', 'j: expected JSON'],
    ['"open', 'j: expected JSON'],
    ['', 'j: expected JSON'],
  ])('%.30s is refused', (text, message) => {
    expect(() => parseJson(text, 'j')).toThrow(expect.objectContaining({ name: 'PoliceError' }));
    expect(() => parseJson(text, 'j')).toThrow(message);
  });

  test('keys are of one object each; strings that look like keys or braces are none', () => {
    const value = [{ a: 1 }, { a: { a: ['a:', '{[', '"a":', '\\'] }, b: '\\"a":' }];
    expect(parseJson(JSON.stringify(value), 'j')).toEqual(value);
  });
});

describe('regions', () => {
  test('are no longer than the memory allows, and that is said before they are read', async () => {
    const long = await file('long.json', JSON.stringify([...Array(2000)].map(() => square)));
    const { code, errors } = await police(['verify', model, '-r', long, '--memory', '1']);
    expect(code).toBe(3);
    expect(errors).toMatch(
      /long.json: expected at most 0.031 MiB of text, got 0.\d+ MiB or more. Allow more: --memory \d+/,
    );
    const piped = await police(
      ['verify', model, '-r', '-', '--memory', '1'],
      JSON.stringify([...Array(2000)].map(() => square)),
    );
    expect(piped).toMatchObject({ code: 3 });
  });

  test('must fit together before any is built', async () => {
    const crossed = { kind: 'box', lower: [1, 1], upper: [0, 0] };
    const listed = (count: number) => JSON.stringify([crossed, ...Array(count).fill(square)]);
    const few = await police(['verify', model, '-r', await file('few.json', listed(5)), '--memory', '2']);
    expect(few.errors).toContain('few.json region 0 region: box coordinate 0');
    const many = await police(['verify', model, '-r', await file('many.json', listed(100)), '--memory', '2']);
    expect(many.errors).toMatch(/many.json region \d+ region: expected regions that take at most 1.0 MiB/);
    const open = '(and (<= (+ X_0 X_1) 1))';
    const boxOf = (i: number) => `(and (<= X_0 1) (>= X_0 -${i}) (<= X_1 1) (>= X_1 0))`;
    const read = (count: number) => () => {
      const cases = [open, ...Array.from({ length: count }, (_, i) => boxOf(i))].join(' ');
      const text = `(declare-const X_0 Real)(declare-const X_1 Real)(assert (or ${cases}))`;
      readVnnlib(text, 'p', { memory: new Memory({ memory: 2 }), size: 2 });
    };
    expect(read(5)).toThrow(expect.objectContaining({ code: 'unbounded-region' }));
    expect(read(100)).toThrow(expect.objectContaining({ code: 'too-large' }));
  });

  test('of many inputs are refused by the size of their frames', async () => {
    const wide = chain(3000, [dense([new Float64Array(3000).fill(1)], [0.5]), relu(), dense([[1]])]);
    const net = await file('wide.onnx', '');
    await writeFile(net, exportOnnx(wide));
    const box = { kind: 'box', lower: Array(3000).fill(0), upper: Array(3000).fill(1) };
    const all = await file('box.json', JSON.stringify(box));
    const refused = await police(['verify', net, '-r', all, '--memory', '200']);
    expect(refused).toMatchObject({ code: 3 });
    expect(refused.errors).toContain(
      'expected regions that take at most 100 MiB, got 137 MiB. Allow more with --memory',
    );
    // Few of its coordinates move: the frame is small.
    const upper = Array.from({ length: 3000 }, (_, i) => (i < 5 ? 1 : 0));
    const thin = await file('thin.json', JSON.stringify({ ...box, upper }));
    const args = ['enforce', net, '-r', thin, '-o', join(folder, 'thin.onnx'), '--memory', '200'];
    expect(await police(args)).toMatchObject({ code: 0 });
  });

  test('claim no less than their frames, and all of them together', () => {
    const axes = (n: number) =>
      Array.from({ length: n }, (_, i) => Array.from({ length: 50 }, (_, k) => (i === k ? 1 : 0)));
    const centre = Array(50).fill(0);
    for (const [json, directions] of [
      [{ kind: 'ball', centre, radius: 1 }, 50],
      [{ kind: 'zonotope', centre, generators: axes(7) }, 7],
      [{ kind: 'vPolytope', vertices: axes(9) }, 9],
      [{ kind: 'scaled', factor: 2, region: { kind: 'ball', centre, radius: 1 } }, 50],
      [{ kind: 'hPolytope', A: axes(3), b: [1, 1, 1] }, 50],
    ] as const) {
      expect(regionBytes(json), json.kind).toBeGreaterThanOrEqual(8 * 50 * (directions + 1));
    }
    const memory = new Memory({ memory: 2 });
    memory.claimRegion(2 ** 19, 'r');
    memory.claimRegion(2 ** 19, 'r');
    expect(() => memory.claimRegion(1, 'r')).toThrow(expect.objectContaining({ code: 'too-large' }));
    expect(memory.left).toBe(2 ** 20);
  });

  test('of many inequalities are worked on where that takes seconds, else refused with an estimate', async () => {
    const circle = Array.from({ length: 3000 }, (_, i) => [Math.cos(i), Math.sin(i)]);
    const polytope = (A: readonly number[][]) =>
      JSON.stringify({ kind: 'hPolytope', A, b: A.map(() => 1e-3) });
    const out = join(folder, 'circle.onnx');
    const enforced = await police([
      'enforce',
      model,
      '-r',
      await file('circle.json', polytope(circle)),
      '-o',
      out,
    ]);
    expect(enforced).toMatchObject({ code: 0 });
    const wide = await file('inputs.onnx', '');
    await writeFile(wide, exportOnnx(chain(500, [dense([new Float64Array(500).fill(1)])])));
    const A = Array.from({ length: 600 }, (_, i) => Array.from({ length: 500 }, (_, k) => Math.cos(i * k)));
    const { code, errors } = await police(['verify', wide, '-r', await file('long-rows.json', polytope(A))]);
    expect(code).toBe(3);
    expect(errors).toContain(
      'take an estimated 60 s at most, got about 1513 s, for 600 constraints on 500 inputs',
    );
    expect(errors).toContain('hull of points');
  });

  test('of another number of inputs are refused before they are built', async () => {
    const A = Array.from({ length: 600 }, (_, i) => Array.from({ length: 500 }, (_, k) => Math.cos(i * k)));
    const region = { kind: 'scaled', factor: 2, region: { kind: 'hPolytope', A, b: A.map(() => 1) } };
    const { code, errors } = await police([
      'verify',
      model,
      '-r',
      await file('other.json', JSON.stringify(region)),
    ]);
    expect(code).toBe(2);
    expect(errors).toContain("other.json region: expected a region of size 2, the model's inputs, got 500");
    const ball = { kind: 'ball', centre: [1], radius: 1 };
    const line = { kind: 'image', region: ball, matrix: [[1], [2]], offset: [0, 0] };
    expect(() => assertRegionSize({ kind: 'scaled', factor: 2, region: line }, 2)).not.toThrow();
    expect(() => assertRegionSize({ kind: 'scaled', factor: 2, region: line }, 1)).toThrow('got 2');
  });

  test('nested deep are refused', async () => {
    const deep =
      '{"kind":"scaled","factor":1,"region":'.repeat(1e5) + JSON.stringify(square) + '}'.repeat(1e5);
    const { code, errors } = await police(['verify', model, '-r', await file('deep.json', deep)]);
    expect(code).toBe(2);
    expect(errors).toContain('at most 1000 arrays and objects in one another');
  });
});

describe('certificates', () => {
  test('with a key twice, another region, or nested deep are refused', async () => {
    const [out, proof] = [join(folder, 'c.onnx'), join(folder, 'c.json')];
    await police(['enforce', model, '-r', region, '-o', out, '--certificate', proof]);
    const verify = async (certificate: string) =>
      police(['verify', out, '-r', region, '--certificate', certificate]);
    const text = await import('node:fs/promises').then(fs => fs.readFile(proof, 'utf8'));
    expect(await verify(proof)).toMatchObject({ code: 0 });
    const twice = await verify(await file('twice.json', text.replace('{', '{"version":2,')));
    expect(twice).toMatchObject({ code: 2 });
    expect(twice.errors).toContain("each key once, got 'version' again");
    expect(await verify(await file('deepc.json', '['.repeat(1e5)))).toMatchObject({ code: 2 });
    const proto = await verify(await file('proto.json', text.replace('{', '{"__proto__":{"version":1},')));
    expect(proto).toMatchObject({ code: 1 });
  });
});

test('bounds of maps beyond the memory are refused before any is made', async () => {
  const rows = Array.from({ length: 120 }, (_, i) =>
    Float64Array.from({ length: 120 }, (_, k) => (i === k ? 1 : 0)),
  );
  const net = join(folder, 'square.onnx');
  await writeFile(net, exportOnnx(chain(120, [dense(rows)])));
  const zeros = Array(120).fill(0);
  const point = await file('point.json', JSON.stringify({ kind: 'box', lower: zeros, upper: zeros }));
  const { code, errors } = await police(['bounds', net, '-r', point, '--memory', '1']);
  expect(code).toBe(3);
  expect(errors).toContain('maps and points, outputs × inputs × regions, of at most');
  expect(await police(['bounds', net, '-r', point, '--memory', '3', '-q'])).toMatchObject({ code: 0 });
});
