// A patch put after the output of any model, whatever its operators: read again, proved, and run.
import { create } from '@bufbuild/protobuf';
import {
  box,
  certify,
  convexHull,
  forward,
  matrix,
  type Network,
  opaqueNetwork,
  patchFunction,
  patchProbes,
  type Region,
  vPolytope,
} from '@police/core';
import { appendPatch, readEnds, readModel } from '@police/onnx-import';
import fc from 'fast-check';
import { ModelProtoSchema } from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import { randomRows, rowsOf } from './checks.js';
import { buildModel, decode, encode, int64, type TestModel, type TestNode, type TestTensor } from './onnx.js';
import { type Feed, runBatch } from './runtime.js';

const weight = (seed: number, dims: readonly number[]): TestTensor => ({
  dims,
  data: [
    ...randomRows(
      seed,
      1,
      dims.reduce((a, b) => a * b, 1),
    ).data,
  ],
});

/** A model of operators that core does not read, and the tensor `z` that is guaranteed. */
interface Wild {
  readonly model: TestModel;
  /** One sample's. */
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
  readonly guaranteed: string;
}

type Final = 'none' | 'Softmax' | 'Sigmoid' | 'ArgMax';

interface Plan {
  readonly seed: number;
  readonly opset: number;
  readonly ir: number;
  readonly inner: readonly number[];
  readonly outputs: readonly number[];
  readonly isBatchOpen: boolean;
  readonly hasBatch: boolean;
  readonly final: Final;
  readonly dtype: 'float32' | 'float64';
}

/** sin(W x) · tanh(V x) + relu(U x): several paths, a product of two, and a sine. */
function wildModel({ seed, opset, ir, inner, outputs, isBatchOpen, hasBatch, final, dtype }: Plan): Wild {
  const size = inner.reduce((a, b) => a * b, 1);
  const count = outputs.reduce((a, b) => a * b, 1);
  const inputShape = hasBatch ? [1, ...inner] : inner;
  const outputShape = hasBatch ? [1, ...outputs] : outputs;
  const nodes: TestNode[] = [
    ['Reshape', ['x', 'rows'], ['flat']],
    ...['sin', 'tanh', 'relu'].map((path): TestNode => ['MatMul', ['flat', path], [`${path}.h`]]),
    ['Sin', ['sin.h'], ['s']],
    ['Tanh', ['tanh.h'], ['t']],
    ['Relu', ['relu.h'], ['r']],
    ['Mul', ['s', 't'], ['product']],
    ['Add', ['product', 'r'], ['patch.centre']],
    ['Reshape', ['patch.centre', 'shape'], [final === 'none' ? 'y' : 'z']],
    ...(final === 'none'
      ? []
      : [[final, ['z'], ['y'], final === 'Sigmoid' ? {} : { axis: outputShape.length - 1 }] as TestNode]),
  ];
  const constants = {
    rows: int64(-1, size),
    shape: int64(...(hasBatch ? [-1, ...outputs] : outputs)),
    ...Object.fromEntries(
      ['sin', 'tanh', 'relu'].map((path, i) => [path, { ...weight(seed + i, [size, count]), dtype }]),
    ),
  };
  const input = hasBatch && isBatchOpen ? ['n', ...inner] : inputShape;
  const outputType = final === 'ArgMax' ? { outputType: 7 } : {};
  return {
    model: { opset, ir, input, dtype, nodes, constants, ...outputType },
    inputShape,
    outputShape,
    guaranteed: final === 'none' ? 'y' : 'z',
  };
}

const plans: fc.Arbitrary<Plan> = fc.record({
  seed: fc.integer({ min: 1, max: 1e6 }),
  opset: fc.constantFrom(8, 9, 12, 13, 17, 20),
  ir: fc.constantFrom(3, 4, 8),
  inner: fc.constantFrom([3], [2, 2], [1, 2, 3], [1, 1, 5]),
  outputs: fc.constantFrom([1], [4], [2, 3], [2, 1, 2]),
  isBatchOpen: fc.boolean(),
  hasBatch: fc.boolean(),
  final: fc.constantFrom<Final>('none', 'Softmax', 'Sigmoid', 'ArgMax'),
  dtype: fc.constantFrom('float32' as const, 'float64' as const),
});

interface PatchedWild extends Wild {
  readonly before: Uint8Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly network: Network;
  readonly valueTensor: string;
  readonly dtype: 'float32' | 'float64';
}

const READ = { output: 'y' };

/** Outputs on rows, one sample at a time or as one batch. */
async function outputsOn(
  bytes: Uint8Array,
  rows: readonly ArrayLike<number>[],
  {
    inputShape,
    dtype,
    output,
  }: { inputShape: readonly number[]; dtype: 'float32' | 'float64'; output: string },
): Promise<Float64Array[]> {
  const feeds: Feed[] = rows.map(data => ({ data, dims: inputShape }));
  const open = output === 'y' ? bytes : exposing(bytes, [output]);
  return runBatch(open, feeds, { output, dtype });
}

async function patchWild(plan: Plan, regions: readonly Region[], steepness?: number): Promise<PatchedWild> {
  const wild = wildModel(plan);
  const before = buildModel(wild.model);
  const probes = patchProbes(regions);
  const points = rowsOf(probes.points).map(row => row.map(Math.fround));
  const found = await outputsOn(before, points, { ...wild, dtype: plan.dtype, output: wild.guaranteed });
  const values = matrix(found.length, found[0].length, Float64Array.from(found.flatMap(row => [...row])));
  const { network } = patchFunction(
    opaqueNetwork(probes.points.cols, values.cols),
    probes,
    values,
    steepness === undefined ? {} : { steepness },
  );
  const { bytes, valueTensor } = appendPatch(before, network, { ...READ, outputShape: wild.outputShape });
  return { ...wild, before, bytes, network, valueTensor, dtype: plan.dtype };
}

/** The file with tensors more among its outputs: protobuf merges a second graph into the first. */
function exposing(bytes: Uint8Array, tensors: readonly string[]): Uint8Array<ArrayBuffer> {
  const graph = { output: tensors.map(name => ({ name })) };
  const more = encode(create(ModelProtoSchema, { graph }));
  return Uint8Array.from([...bytes, ...more]);
}

/** Centre and radius of the last clamp, as they are added. */
function boundsOf(bytes: Uint8Array): { centre: string; radius: string } {
  const added = decode(bytes).graph!.node.filter(
    ({ opType, name }) => opType === 'Add' && name.includes('held'),
  );
  const add = added.at(-1)!;
  return { centre: add.input[0], radius: add.input[1] };
}

const region = (size: number) =>
  box(
    new Float64Array(size).fill(-0.25),
    Float64Array.from({ length: size }, (_, k) => 0.25 + 0.1 * k),
  );

/** One unit in the last place of float32, with room for a second rounding. */
const NEAR = 2 ** -22;

async function expectLaws(wild: PatchedWild, on: Region, seed: number): Promise<void> {
  const { bytes, valueTensor, inputShape, dtype } = wild;
  const { centre, radius } = boundsOf(bytes);
  const inside = Array.from({ length: 20 }, (_, i) => on.sample(seeded(seed + i)).map(Math.fround));
  const outside = rowsOf(randomRows(seed, 40, on.size, 3));
  const rows = [...inside, ...outside];
  const at = (output: string) => outputsOn(bytes, rows, { inputShape, dtype, output });
  const [y, a, r, f] = [await at(wild.guaranteed), await at(centre), await at(radius), await at(valueTensor)];
  const original = await outputsOn(wild.before, rows, { inputShape, dtype, output: wild.guaranteed });
  let untouched = 0;
  rows.forEach((x, i) => {
    expect(f[i]).toEqual(original[i]);
    if (i < inside.length && on.contains(x)) expect(y[i], `at ${x}`).toEqual(a[i]);
    y[i].forEach((out, j) => {
      const [value, mid, far] = [f[i][j], a[i][j], r[i][j]];
      expect(out >= Math.min(value, mid) && out <= Math.max(value, mid)).toBe(true);
      const room = NEAR * (Math.abs(mid) + far);
      if (Math.abs(value - mid) + room <= far) {
        expect(out).toBe(value);
        untouched++;
      }
    });
  });
  expect(untouched).toBeGreaterThan(0);
}

const seeded = (seed: number) => {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
};

/** Law: what was there keeps its bytes, but for the name of the tensor before the patch. */
function expectKept({ before, bytes, guaranteed, valueTensor }: PatchedWild): void {
  const [old, now] = [decode(before), decode(bytes)];
  const nodes = (model: typeof old) =>
    model.graph!.node.slice(0, now.graph!.node.length).filter(({ name }) => /^n\d+$/.test(name));
  const renamed = nodes(old).map(node => ({
    ...node,
    output: node.output.map(name => (name === guaranteed ? valueTensor : name)),
  }));
  expect(nodes(now)).toEqual(renamed);
  expect(now.graph!.initializer.slice(0, old.graph!.initializer.length)).toEqual(old.graph!.initializer);
  expect({ ...now, graph: { ...now.graph, node: [], initializer: [], input: [] } }).toEqual({
    ...old,
    graph: { ...old.graph, node: [], initializer: [], input: [] },
  });
  const names = now.graph!.node.flatMap(({ output }) => output);
  expect(new Set(names).size).toBe(names.length);
}

/** Law: rows in one batch are what they are alone, up to the order of sums. */
async function expectBatches(wild: PatchedWild, seed: number): Promise<void> {
  const { bytes, inputShape, dtype, guaranteed: output } = wild;
  const size = inputShape.reduce((a, b) => a * b, 1);
  const count = 2 + (seed % 4);
  const rows = randomRows(seed, count, size, 1);
  const alone = await outputsOn(bytes, rowsOf(rows), { inputShape, dtype, output });
  const [together] = await outputsOn(bytes, [rows.data], {
    inputShape: [count, ...inputShape.slice(1)],
    dtype,
    output,
  });
  const expected = alone.flatMap(row => [...row]);
  expect(together.length).toBe(expected.length);
  expected.forEach((y, i) => {
    expect(Math.abs(together[i] - y)).toBeLessThan(ORDER * (1 + Math.abs(y)));
  });
}

/** Sums of at most six products of numbers below 8 in float32, then twice as many slopes of up to 100. */
const ORDER = 1e-3;

describe('appendPatch', () => {
  test('any rank, batch, operator set and final operator: proved, affine on the region, untouched outside', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async plan => {
        const on = region(plan.inner.reduce((a, b) => a * b, 1));
        const wild = await patchWild(plan, [on]);
        const read = readModel(wild.bytes, READ);
        expect(read.unread).toHaveLength(1);
        expect(read.guaranteedTensor).toBe(wild.guaranteed);
        expect(certify(read.network, [on]).certified).toBe(true);
        expectKept(wild);
        await expectLaws(wild, on, plan.seed);
        if (plan.hasBatch && plan.isBatchOpen) await expectBatches(wild, plan.seed);
      }),
      { numRuns: 40, seed: 17 },
    );
  }, 120_000);

  test('on flat regions too, in any place: as read again', async () => {
    const number = fc.integer({ min: -128, max: 128 }).map(n => n / 64);
    await fc.assert(
      fc.asyncProperty(plans, fc.array(number, { minLength: 64, maxLength: 64 }), async (plan, numbers) => {
        const size = plan.inner.reduce((a, b) => a * b, 1);
        const corner = (i: number) => Array.from({ length: size }, (_, k) => numbers[(i * size + k) % 64]);
        const flat = vPolytope([corner(0), corner(1), corner(2)]);
        fc.pre(flat.frame.rows === 3);
        const wild = await patchWild(plan, [flat]);
        expect(certify(readModel(wild.bytes, READ).network, [flat]).certified).toBe(true);
      }),
      { numRuns: 8, seed: 21 },
    );
  }, 120_000);

  test('a facet that was moved inwards by a hundredth of a radius is not certified any more', async () => {
    await fc.assert(
      fc.asyncProperty(plans, fc.nat(), async (plan, which) => {
        const size = plan.inner.reduce((a, b) => a * b, 1);
        const on = region(size);
        const wild = await patchWild(plan, [on]);
        expect(certify(readModel(wild.bytes, READ).network, [on]).certified).toBe(true);
        // Its data are the file's: what is moved there is moved here.
        const model = decode(wild.bytes);
        const facets = model.graph!.initializer.find(({ name }) => name.includes('facets.bias'))!;
        const view = new DataView(facets.rawData.buffer, facets.rawData.byteOffset);
        const at = which % (2 * size);
        if (plan.dtype === 'float64') view.setFloat64(8 * at, view.getFloat64(8 * at, true) + 0.01, true);
        else view.setFloat32(4 * at, view.getFloat32(4 * at, true) + 0.01, true);
        expect(certify(readModel(encode(model), READ).network, [on])).toMatchObject({ certified: false });
      }),
      { numRuns: 20, seed: 18 },
    );
  }, 120_000);

  test('any number of a patch moved: not certified, or certified as what it is now', async () => {
    await fc.assert(
      fc.asyncProperty(
        plans,
        fc.nat(),
        fc.nat(),
        fc.double({ min: -2, max: 2, noNaN: true }),
        async (plan, w, i, by) => {
          const on = region(plan.inner.reduce((a, b) => a * b, 1));
          const wild = await patchWild(plan, [on]);
          const model = decode(wild.bytes);
          const added = model.graph!.initializer.filter(
            ({ name }) => name.startsWith('patch.') && name !== 'patch.centre',
          );
          const tensor = added[w % added.length];
          const bytesEach = plan.dtype === 'float64' ? 8 : 4;
          if (tensor.dataType === 7) return;
          const view = new DataView(tensor.rawData.buffer, tensor.rawData.byteOffset);
          const at = bytesEach * (i % (tensor.rawData.length / bytesEach));
          if (bytesEach === 8) view.setFloat64(at, view.getFloat64(at, true) + Math.fround(by), true);
          else view.setFloat32(at, view.getFloat32(at, true) + by, true);
          const moved = { ...wild, bytes: encode(model) };
          const proof = certify(readModel(moved.bytes, READ).network, [on]);
          if (!proof.certified) return;
          const { map, mapError, inferenceError } = proof.regions[0];
          const points = Array.from({ length: 10 }, (_, k) =>
            on.sample(seeded(k + 1)).map(Math.fround),
          ).filter(x => on.contains(x));
          const { inputShape, dtype, guaranteed: output } = wild;
          const y = await outputsOn(moved.bytes, points, { inputShape, dtype, output });
          points.forEach((x, k) => {
            y[k].forEach((value, j) => {
              const row = map.A.data.subarray(j * map.A.cols, (j + 1) * map.A.cols);
              const wanted = row.reduce((sum, a, n) => sum + a * x[n], map.b[j]);
              const allowed = mapError[j] + inferenceError[j] + 1e-12 * (1 + Math.abs(wanted));
              expect(Math.abs(value - wanted)).toBeLessThanOrEqual(allowed);
            });
          });
        },
      ),
      { numRuns: 40, seed: 19 },
    );
  }, 120_000);

  test('two regions, and a second patch on a file that has one', async () => {
    const plan: Plan = {
      seed: 5,
      opset: 13,
      ir: 8,
      inner: [3],
      outputs: [4],
      isBatchOpen: true,
      hasBatch: true,
      final: 'Softmax',
      dtype: 'float32',
    };
    const [near, far] = [box([-0.5, -0.5, -0.5], [0, 0, 0]), box([2, 2, 2], [2.5, 2.5, 2.5])];
    const both = await patchWild(plan, [near, far]);
    expect(certify(readModel(both.bytes, READ).network, [near, far]).certified).toBe(true);

    const once = await patchWild(plan, [near]);
    const probes = patchProbes([far]);
    const found = await outputsOn(once.bytes, rowsOf(probes.points), { ...once, output: 'z' });
    const values = matrix(found.length, 4, Float64Array.from(found.flatMap(row => [...row])));
    const { network } = patchFunction(opaqueNetwork(3, 4), probes, values, { steepness: 100 });
    const twice = appendPatch(once.bytes, network, { ...READ, outputShape: [1, 4] });
    const read = readModel(twice.bytes, READ);
    expect(read.unread).toEqual([once.valueTensor]);
    expect(read.network.nodes.filter(({ kind }) => kind === 'clamp')).toHaveLength(2);
    expect(certify(read.network, [far]).certified).toBe(true);
  });

  test('a patch around what core reads: forward is the runtime’s, and both are proved', async () => {
    const model: TestModel = {
      input: ['n', 2],
      nodes: [
        ['Gemm', ['x', 'w', 'b'], ['h']],
        ['Relu', ['h'], ['r']],
        ['Gemm', ['r', 'v'], ['y']],
      ],
      constants: { w: weight(1, [2, 5]), b: weight(2, [5]), v: weight(3, [5, 2]) },
    };
    const before = buildModel(model);
    const on = convexHull([
      [0, 0],
      [1, 0],
      [0, 1],
    ]);
    const probes = patchProbes([on]);
    const { network } = patchFunction(
      opaqueNetwork(2, 2),
      probes,
      forward(readModel(before).network, probes.points),
    );
    const read = readModel(appendPatch(before, network, { outputShape: [1, 2] }).bytes);
    expect(read.unread).toEqual([]);
    expect(certify(read.network, [on]).certified).toBe(true);
    const x = randomRows(3, 50, 2);
    const found = await runBatch(read.source.bytes, [{ data: x.data, dims: [50, 2] }]);
    const expected = forward(read.network, x).data;
    found[0].forEach((y, i) => {
      expect(Math.abs(y - expected[i])).toBeLessThan(ORDER);
    });
  });

  test('what cannot be patched is refused by name', () => {
    const { model } = wildModel({
      seed: 1,
      opset: 13,
      ir: 8,
      inner: [3],
      outputs: [4],
      isBatchOpen: true,
      hasBatch: true,
      final: 'none',
      dtype: 'float32',
    });
    const bytes = buildModel(model);
    const probes = patchProbes([region(3)]);
    const { network } = patchFunction(opaqueNetwork(3, 4), probes, matrix(probes.points.rows, 4));
    const told = (patched: Uint8Array, options: object) => () => appendPatch(patched, network, options);
    expect(told(bytes, {})).toThrow(/'y'.*sizes/);
    expect(told(bytes, { outputShape: [1, 5] })).toThrow(/'y'.*4 entries/);
    expect(told(bytes, { inputShape: [1, 4], outputShape: [1, 4] })).toThrow(/x/);
    expect(told(buildModel({ ...model, opset: 7 }), { outputShape: [1, 4] })).toThrow(/operator set 8/);
    expect(readEnds(bytes)).toMatchObject({ inputName: 'x', inputShape: [1, 3], outputName: 'y' });
    // Where a way to the output goes around the patch, it proves nothing.
    const around = decode(appendPatch(bytes, network, { outputShape: [1, 4] }).bytes);
    const last = around.graph!.node.at(-1)!;
    const value = around.graph!.node.find(({ opType }) => opType === 'Min')!.input[0];
    last.output = ['held'];
    around.graph!.node.push({ ...last, name: 'mean', opType: 'Add', input: ['held', value], output: ['y'] });
    expect(() => readModel(encode(around))).toThrow(/Sin/);
  });
});
