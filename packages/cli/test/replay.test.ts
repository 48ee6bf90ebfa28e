import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  box,
  type Certified,
  certify,
  chain,
  dense,
  enforce,
  forward,
  freeze,
  matrix,
  type Network,
  relu,
  vPolytope,
} from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { readModel } from '@police/onnx-import';
import { describe, expect, test } from 'vitest';
import { buildModel, type TestNode, type TestTensor } from '../../onnx-import/test/onnx.js';
import { replay } from '../src/replay.js';
import { repeatable } from '../src/replay-points.js';
import { loadRuntime, startRuntime } from '../src/runtime.js';
import { police, smallFiles, smallNetwork, temporaryFolder } from './helpers.js';

const folder = await temporaryFolder();
const { model, region } = await smallFiles(folder);

const regions = [
  box([-1, -1], [1, 1]),
  vPolytope([
    [3, 3],
    [4, 3],
    [3, 4],
  ]),
];
const frozen = freeze(enforce(smallNetwork, regions).network, regions).network;

function provedOn(net: Network, on = regions): Certified {
  const proof = certify(net, on);
  if (!proof.certified) throw new Error('the test needs a proof');
  return proof;
}

/** A runtime that computes a network in float64, changed by `change`. */
const fake = (net: Network, change: (values: Float64Array, x: Float64Array) => void = () => {}) => ({
  run: async (x: Float64Array) => {
    const { data } = forward(net, matrix(1, x.length, x.slice()));
    change(data, x);
    return data;
  },
  release: async () => {},
});

/** 6 → 4 → 200,000: so wide that A is not made. */
const wide = (() => {
  const random = repeatable(5);
  const rows = (m: number, n: number) =>
    Array.from({ length: m }, () => Float64Array.from({ length: n }, () => Math.fround(random() - 0.5)));
  return chain(6, [dense(rows(4, 6), [1, 0, 0.5, 0]), relu(), dense(rows(200_000, 4))]);
})();

describe('replay', () => {
  test('finds nothing in a runtime that computes the network', async () => {
    const { regions: proofs } = provedOn(frozen);
    expect(await replay({ network: frozen }, fake(frozen), regions, proofs, 50)).toBeUndefined();
  });

  test('finds what is off by more than the bound, NaN, and what bends, on the region where it is', async () => {
    const { regions: proofs } = provedOn(frozen);
    const found = (change: (values: Float64Array, x: Float64Array) => void) =>
      replay({ network: frozen }, fake(frozen, change), regions, proofs, 50);
    const off = 4 * Math.max(...proofs.flatMap(({ inferenceError }) => Array.from(inferenceError)));
    expect(
      await found(values => {
        values[1] += off;
      }),
    ).toMatchObject({ region: 0, output: 1 });
    expect(
      await found(values => {
        values[0] = Number.NaN;
      }),
    ).toMatchObject({ region: 0, output: 0 });
    expect(
      await found((values, x) => {
        if (x[0] > 2) values[0] -= off;
      }),
    ).toMatchObject({ region: 1, output: 0 });
    // Near one corner only.
    expect(
      await found((values, x) => {
        values[1] += Math.max(0, x[0] + x[1] - 1.8);
      }),
    ).toMatchObject({ region: 0 });
  });

  test('knows wide models by combinations of their values, without A', async () => {
    const on = [
      vPolytope(
        Array.from({ length: 5 }, (_, i) => Array.from({ length: 6 }, (__, k) => Math.sin(6 * i + k))),
      ),
    ];
    const net = freeze(enforce(wide, on).network, on).network;
    const { regions: proofs } = provedOn(net, on);
    const guarded = proofs.map(({ inferenceError, outputReach, outputFrame }) => ({
      inferenceError,
      outputReach,
      outputFrame,
      get map(): never {
        throw new Error('A is made');
      },
      get mapError(): never {
        throw new Error('A is made');
      },
    }));
    expect(await replay({ network: net }, fake(net), on, guarded, 12)).toBeUndefined();
    const bent = fake(net, (values, x) => {
      values[7] += 0.1 * x[0] ** 2;
    });
    expect(await replay({ network: net }, bent, on, guarded, 12)).toMatchObject({ output: 7 });
  });
});

describe('verify --run', () => {
  test('says that the runtime computes what was proved, and where it does not', async () => {
    const out = join(folder, 'out.onnx');
    const done = await police(['enforce', model, '-r', region, '-o', out, '--json']);
    expect(JSON.parse(done.text)).toMatchObject({ run: { samples: 16 } });
    const run = await police(['verify', out, '-r', region, '--run', '--samples', '20']);
    expect(run).toMatchObject({ code: 0 });
    expect(run.text).toContain('Run in ONNX Runtime at 20 points of each region: within the bound.');
    const { text } = await police(['verify', out, '-r', region, '--run', '--json']);
    expect(JSON.parse(text)).toMatchObject({ certified: true, run: { samples: 100 } });
    const quiet = await police(['enforce', model, '-r', region, '-o', out, '--json', '--no-run', '-f']);
    expect(JSON.parse(quiet.text).run).toBeUndefined();
  });

  test('runs the tensor before a final softmax, of a file that has only the softmax as output', async () => {
    const net = freeze(enforce(smallNetwork, regions).network, regions).network;
    const path = join(folder, 'softmax.onnx');
    await writeFile(path, exportOnnx(net, { final: 'softmax' }));
    const imported = readModel(await readFile(path));
    expect(imported.tail).toHaveLength(1);
    expect(imported.tail[0]).toContain('Softmax');
    const ort = (await loadRuntime())!;
    const runtime = await startRuntime(ort, await readFile(path), imported);
    try {
      const { regions: proofs } = provedOn(imported.network);
      expect(await replay(imported, runtime, regions, proofs, 30)).toBeUndefined();
    } finally {
      await runtime.release();
    }
    expect(await police(['verify', path, '-r', region, '--run'])).toMatchObject({ code: 0 });
  });

  // Biases in float32, a product in float16 before them; or only the input in float16.
  test.each<[string, TestNode[]]>([
    [
      'that computes in float16',
      [
        ['Mul', ['x', 'c'], ['h']],
        ['Cast', ['h'], ['d'], { to: 1 }],
      ],
    ],
    ['with an input in float16', [['Cast', ['x'], ['d'], { to: 1 }]]],
  ])('of a model %s nothing is claimed that does not hold', async (what, before) => {
    const c: TestTensor = { dims: [2], data: [0.333251953125, 1.7001953125], dtype: 'float16' };
    const weights = { w: { dims: [2, 2], data: [1, 2, 3, 4] }, b: { dims: [2], data: [20, 30] } };
    const nodes: TestNode[] = [...before, ['Gemm', ['d', 'w', 'b'], ['g']], ['Relu', ['g'], ['y']]];
    const path = join(folder, 'half.onnx');
    const half = {
      dtype: 'float16',
      outputType: 1,
      input: [1, 2],
      nodes,
      constants: { c, ...weights },
    } as const;
    await writeFile(path, buildModel(half));
    const isHalf = what.includes('computes');
    const sentence = 'No bound is given for inference in float16';
    const verified = await police(['verify', path, '-r', region]);
    expect(verified.code).toBe(0);
    expect(verified.text.includes(sentence)).toBe(isHalf);
    const told = JSON.parse((await police(['verify', path, '-r', region, '--json'])).text);
    expect(told.inferenceError).toEqual([isHalf ? null : expect.any(Number)]);
    const out = join(folder, 'half-out.onnx');
    const enforced = await police(['enforce', path, '-r', region, '-o', out, '-f']);
    expect(enforced.code).toBe(0);
    expect(enforced.text.includes(sentence)).toBe(isHalf);
    const run = await police(['verify', path, '-r', region, '--run']);
    expect(run.code).toBe(3);
    expect(run.errors).toContain(
      isHalf ? 'for whose inference a bound is given, got float16' : 'an input in float16',
    );
  });

  test('an overflow in float32 is found, whatever format the biases are in', async () => {
    const [big, small] = [1e30, 1e-30].map((x): TestTensor => ({ dims: [], data: [x], dtype: 'float32' }));
    const w: TestTensor = { dims: [2, 2], data: [1, 2, 3, 4], dtype: 'float64' };
    const nodes: TestNode[] = [
      ...['a', 'b', 'c', 'd'].map(
        (to, i): TestNode => ['Mul', [i === 0 ? 'x' : 'abc'[i - 1], i < 2 ? 'big' : 'small'], [to]],
      ),
      ['Cast', ['d'], ['e'], { to: 11 }],
      ['Gemm', ['e', 'w'], ['y']],
    ];
    const path = join(folder, 'overflow.onnx');
    const constants = { big, small, w };
    await writeFile(path, buildModel({ outputType: 11, input: [1, 2], nodes, constants }));
    const { code, text } = await police(['verify', path, '-r', region]);
    expect(code).toBe(1);
    expect(text).toContain('a float32 number may overflow');
  });

  test('a file that the runtime does not take is unsupported', async () => {
    const ort = (await loadRuntime())!;
    const imported = readModel(await readFile(model));
    await expect(startRuntime(ort, Uint8Array.of(1, 2, 3), imported)).rejects.toMatchObject({
      code: 'unsupported-layer',
      where: 'onnxruntime-web',
    });
  });
});
