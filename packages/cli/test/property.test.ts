import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chain, dense, forward, matrixFromRows, relu } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { readModel } from '@police/onnx-import';
import { seededRng } from '@police/testing/helpers';
import { describe, expect, test } from 'vitest';
import { plain } from '../src/property/assignment.js';
import { readProperty } from '../src/property/property.js';
import { police, smallFiles, smallNetwork, temporaryFolder } from './helpers.js';

const folder = await temporaryFolder();
const { model } = await smallFiles(folder);
const file = (name: string) => join(folder, name);

const box = (x: string, y: string) => `(assert (and (>= ${x} -1) (<= ${x} 1) (>= ${y} -1) (<= ${y} 1)))`;

async function version1(name: string, ...assertions: string[]): Promise<string> {
  const declared = ['X_0', 'X_1', 'Y_0', 'Y_1'].map(each => `(declare-const ${each} Real)`);
  const path = file(name);
  await writeFile(path, [...declared, box('X_0', 'X_1'), ...assertions].join('\n'));
  return path;
}

async function version2(name: string, type: string, ...assertions: string[]): Promise<string> {
  const path = file(name);
  await writeFile(
    path,
    `(vnnlib-version <2.0>)
(declare-network f (declare-input X ${type} [1,2]) (declare-output Y ${type} [1,2]))
${box('X[0,0]', 'X[0,1]')}
${assertions.join('\n')}`,
  );
  return path;
}

describe('verify --property', () => {
  test('the first line is the answer, then comes the assignment', async () => {
    // On the square output 1 is at most 3.125.
    const unsafe = await version1('sat.vnnlib', '(assert (>= Y_1 3))');
    const done = await police(['verify', model, '--property', unsafe]);
    expect(done).toMatchObject({ code: 0, errors: '' });
    const [answer, ...lines] = done.text.trimEnd().split('\n');
    expect(answer).toBe('sat');
    const pairs = [...lines.join('\n').matchAll(/\(([XY]_\d) (-?[\d.]+)\)/g)].map(([, name, value]) => [
      name,
      Number(value),
    ]);
    expect(pairs.map(([name]) => name)).toEqual(['X_0', 'X_1', 'Y_0', 'Y_1']);
    const x = [pairs[0][1], pairs[1][1]] as number[];
    expect(x.every(value => Math.abs(value) <= 1)).toBe(true);
    expect(pairs[3][1]).toBeGreaterThanOrEqual(3);
    expect(forward(smallNetwork, matrixFromRows([x])).data[1]).toBeCloseTo(pairs[3][1] as number, 5);

    const safe = await version1('unsat.vnnlib', '(assert (or (>= Y_1 3.5) (<= Y_1 -0.5)))');
    expect(await police(['verify', model, '--property', safe])).toMatchObject({ code: 0, text: 'unsat\n' });
  });

  test('as JSON, with what each alternative came to', async () => {
    const property = await version1(
      'json.vnnlib',
      '(assert (or (>= Y_1 3.5) (and (>= Y_1 1.5) (<= Y_0 X_1))))',
    );
    const { text, code } = await police(['verify', model, '--property', property, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(text)).toMatchObject({
      answer: 'sat',
      arithmetic: 'exact',
      confirmed: true,
      cases: [{ affine: false, conjuncts: [{ answer: 'unsat', by: 'bounds' }, { answer: 'sat' }] }],
    });
  });

  test('empty alternatives drop out, unbounded inputs are named, other sizes refused', async () => {
    const empty = await version1(
      'empty.vnnlib',
      '(assert (or (and (>= X_0 5) (<= Y_0 100)) (and (<= X_0 0) (>= Y_1 100))))',
    );
    expect(await police(['verify', model, '--property', empty])).toMatchObject({ text: 'unsat\n' });
    await writeFile(
      file('unbounded.vnnlib'),
      '(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)(declare-const Y_1 Real)(assert (<= X_0 1))(assert (>= Y_0 0))',
    );
    const unbounded = await police(['verify', model, '--property', file('unbounded.vnnlib')]);
    expect(unbounded).toMatchObject({ code: 2 });
    expect(unbounded.errors).toContain('X_0, X_1');
    await writeFile(
      file('size.vnnlib'),
      '(declare-const X_0 Real)(declare-const Y_0 Real)(assert (<= 0 X_0 1))(assert (>= Y_0 0))',
    );
    expect((await police(['verify', model, '--property', file('size.vnnlib')])).errors).toContain('2 inputs');
  });

  test('a tail is not asked about', async () => {
    const tailed = file('tailed.onnx');
    await writeFile(tailed, exportOnnx(smallNetwork, { softmax: true } as never));
    const { tail } = readModel(await readFile(tailed));
    if (tail.length === 0) return;
    const property = await version1('tail.vnnlib', '(assert (>= Y_1 1.8))');
    expect(await police(['verify', tailed, '--property', property])).toMatchObject({ code: 3 });
  });
});

describe('verify query.vnnlib --network', () => {
  test('answers as the standard has it, of floats and of reals', async () => {
    for (const type of ['float32', 'Real']) {
      const query = await version2(`v2-${type}.vnnlib`, type, '(assert (>= Y[0,1] 1.8))');
      const { text, code } = await police(['verify', query, '--network', `f=${model}`, '--timeout', '60']);
      expect(code).toBe(0);
      const lines = text.trimEnd().split('\n');
      expect([lines[0], lines[1], lines[4]]).toEqual(['sat', `X ${type} [1,2]`, `Y ${type} [1,2]`]);
      expect(lines).toHaveLength(7);
      if (type === 'float32')
        for (const i of [2, 3]) expect(Math.fround(Number(lines[i]))).toBe(Number(lines[i]));
    }
  });

  test('writes the assignment as tensors', async () => {
    const query = await version2('tensors.vnnlib', 'float32', '(assert (>= Y[0,1] 1.8))');
    const out = file('assignment');
    const { text } = await police([
      'verify',
      query,
      '--network',
      `f=${model}`,
      '--serialise-assignments',
      out,
    ]);
    expect(text).toBe('sat\n');
    const bytes = await readFile(join(out, 'X.pb'));
    // dims 1 and 2, data_type 1 (float), name X, 8 bytes of raw data.
    expect([...bytes.subarray(0, 11)]).toEqual([0x08, 1, 0x08, 2, 0x10, 1, 0x42, 1, 0x58, 0x4a, 8]);
    expect(bytes.length).toBe(19);
    for (const at of [11, 15]) expect(Math.abs(bytes.readFloatLE(at))).toBeLessThanOrEqual(1);
    expect(existsSync(join(out, 'Y.pb'))).toBe(true);
  });

  test('times out, and refuses networks that are not those of the query', async () => {
    const query = await version2('networks.vnnlib', 'float32', '(assert (>= Y[0,1] 1.8))');
    for (const given of [[`g=${model}`], [`f=${model}`, `g=${model}`], ['f']]) {
      const { code, errors } = await police(['verify', query, ...given.flatMap(each => ['--network', each])]);
      expect(code).toBe(2);
      expect(errors).toContain('--network');
    }
    const half = await version2('half.vnnlib', 'float16', '(assert (>= Y[0,1] 1.8))');
    expect(await police(['verify', half, '--network', `f=${model}`])).toMatchObject({ code: 3 });
  });

  test('tells what it can do', async () => {
    expect(await police(['--name'])).toMatchObject({ code: 0, text: 'POLICE\n' });
    expect(await police(['supports', '--vnnlib-versions'])).toMatchObject({ code: 0, text: '1.0\n2.0\n' });
    const all = (await police(['capabilities'])).text;
    expect(all).toContain('onnx-operators:\n  Abs\n');
    expect(all).toContain('serialise-assignments:\n  true\n');
  });
});

describe('enforce --region property', () => {
  /** y₀ = |x₀| in pieces: 0 nowhere below 0; made affine on [−1, 1] it must leave something. */
  const bent = chain(2, [
    dense(
      [
        [1, 0],
        [-1, 0],
        [0, 1],
      ],
      [0, 0, 5],
    ),
    relu(),
    dense(
      [
        [1, 1, 0],
        [0, 0, 1],
      ],
      [0, 0],
    ),
  ]);

  test('says what became of a property, and writes nothing where one that held does not any more', async () => {
    const input = file('bent.onnx');
    await writeFile(input, exportOnnx(bent));
    const out = file('bent-affine.onnx');
    const holds = await version1('holds.vnnlib', '(assert (<= Y_1 -10))');
    const done = await police(['enforce', input, '-r', holds, '-o', out, '--report', file('report.json')]);
    expect(done).toMatchObject({ code: 0 });
    expect(done.text).toContain(`Property ${holds}: proved before, proved after.`);
    expect(JSON.parse(await readFile(file('report.json'), 'utf8'))).toMatchObject({
      properties: [{ before: 'unsat', after: 'unsat' }],
    });
    // |x₀| is at most 1; once affine by shifts, x₀ + x₀ + 2 or the like is not.
    const breaks = await version1('breaks.vnnlib', '(assert (>= Y_0 1.5))');
    const broken = file('broken.onnx');
    const refused = await police(['enforce', input, '-r', breaks, '-o', broken]);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.errors).toContain('violated after');
    expect(refused.errors).toContain('police repair');
    expect(existsSync(broken)).toBe(false);
    const allowed = await police(['enforce', input, '-r', breaks, '-o', broken, '--allow-violation']);
    expect(allowed).toMatchObject({ code: 0 });
    expect(allowed.text).toContain('violated after');
    // A patch fits the map to the model, and keeps it.
    const kept = await police(['enforce', input, '-r', breaks, '-o', file('kept.onnx'), '--method', 'patch']);
    expect(kept).toMatchObject({ code: 0 });
    expect(kept.text).toContain(`Property ${breaks}: proved before, proved after.`);
    expect(existsSync(broken)).toBe(true);
  });
});

describe('points of properties', () => {
  test('lie between the bounds as they are written, in the format, strict ones excluded', () => {
    const text = `(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)
      (assert (and (> X_0 0.25) (< X_0 0.5) (>= X_1 0.45) (<= X_1 0.45) (<= (+ X_0 X_1) 0.96)))(assert (>= Y_0 0))`;
    const { cases } = readProperty(text, 'p', { inputs: 2, outputs: 1 });
    const [{ region, place }] = cases;
    const rng = seededRng(1);
    for (let i = 0; i < 50; i++) {
      const x = place!(region.sample(rng));
      expect(x![0]).toBeGreaterThan(0.25);
      expect(x![0]).toBeLessThan(0.5);
      expect(x![1]).toBe(0.45);
    }
    const [end] = place!(Float64Array.of(0.5, 0.45))!;
    expect(end).toBeLessThan(0.5);
  });

  test('numbers are written without exponents', () => {
    expect([0.1, 1e-7, -2.5e-10, 1e21, 1.25e22, -3].map(plain)).toEqual([
      '0.1',
      '0.0000001',
      '-0.00000000025',
      '1000000000000000000000',
      '12500000000000000000000',
      '-3',
    ]);
  });
});

test('several networks are asked side by side', async () => {
  // y = x₀ − relu(x₁): rises with x₀, falls with x₁.
  const net = chain(2, [
    dense(
      [
        [1, 0],
        [0, 1],
      ],
      [5, 0],
    ),
    relu(),
    dense([[1, -1]], [-5]),
  ]);
  await writeFile(file('mono.onnx'), exportOnnx(net));
  await writeFile(file('other.onnx'), exportOnnx(chain(2, [dense([[1, 1]])])));
  const query = async (name: string, k: number, kind = 'equal-to f') => {
    await writeFile(
      file(name),
      `(vnnlib-version <2.0>)
(declare-network f (declare-input A float32 [2]) (declare-output B float32 [1]))
(declare-network g (${kind}) (declare-input C float32 [2]) (declare-output D float32 [1]))
(assert (and (>= A[0] -1.0) (<= A[0] 1.0) (>= A[1] -1.0) (<= A[1] 1.0) (>= C[0] -1.0) (<= C[0] 1.0) (>= C[1] -1.0) (<= C[1] 1.0)))
(assert (and (<= A[${k}] C[${k}]) (== A[${1 - k}] C[${1 - k}]) (>= B[0] (+ D[0] 0.25))))`,
    );
    return file(name);
  };
  // Larger x₀, smaller y: nowhere. Larger x₁, smaller y: somewhere.
  const rising = await police([
    'verify',
    await query('rising.vnnlib', 0),
    '--network',
    `f=${file('mono.onnx')}`,
  ]);
  expect(rising).toMatchObject({ code: 0 });
  expect(rising.text).not.toMatch(/^sat/);
  const falling = await police([
    'verify',
    await query('falling.vnnlib', 1),
    '--network',
    `f=${file('mono.onnx')}`,
  ]);
  const lines = falling.text.trimEnd().split('\n');
  expect(lines[0]).toBe('sat');
  expect(lines.filter(line => / /.test(line))).toEqual([
    'A float32 [2]',
    'B float32 [1]',
    'C float32 [2]',
    'D float32 [1]',
  ]);
  const [a1, b, c1, d] = [3, 5, 8, 10].map(i => Number(lines[i]));
  expect(a1).toBeLessThanOrEqual(c1);
  expect(b).toBeGreaterThanOrEqual(d + 0.25);
  const unlike = await police([
    ...['verify', await query('unlike.vnnlib', 1, 'isomorphic-to f')],
    ...['--network', `f=${file('mono.onnx')}`, '--network', `g=${file('other.onnx')}`],
  ]);
  expect(unlike).toMatchObject({ code: 2 });
  expect(unlike.errors).toContain('same layers');
  const missing = await police(['verify', file('falling.vnnlib'), '--network', `g=${file('mono.onnx')}`]);
  expect(missing.errors).toContain('f=model.onnx');
});

test('the query of docs/command.md is answered', async () => {
  const page = await readFile(new URL('../../../docs/command.md', import.meta.url), 'utf8');
  const [, query] = /```lisp\n(\(vnnlib-version.*?)```/s.exec(page)!;
  await writeFile(file('readme.vnnlib'), query);
  const identity = Array.from({ length: 5 }, (_, i) => Array.from({ length: 5 }, (_, k) => Number(i === k)));
  // y = x + (0, …, 1, −1, −2): y₀ is above y₁ and y₂ everywhere.
  const five = chain(5, [dense(identity, [5, 1, 0, -1, -2]), relu(), dense(identity)]);
  await writeFile(file('five.onnx'), exportOnnx(five));
  const { text, code } = await police([
    'verify',
    file('readme.vnnlib'),
    '--network',
    `f=${file('five.onnx')}`,
  ]);
  expect(code).toBe(0);
  const lines = text.trimEnd().split('\n');
  expect([lines[0], lines[1], lines[7]]).toEqual(['sat', 'X float32 [1,5]', 'Y float32 [1,5]']);
  const x = lines.slice(2, 7).map(Number);
  expect(x[1]).toBeLessThanOrEqual(2 * x[2]);
});
