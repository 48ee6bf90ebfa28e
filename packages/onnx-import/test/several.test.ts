import { create } from '@bufbuild/protobuf';
import { ball, box, certify, enforce, forward, freeze, type Matrix } from '@police/core';
import { type ImportedModel, type ReadOptions, readModel, writeBack } from '@police/onnx-import';
import { float32ErrorBound } from '@police/testing/float32-error';
import { ValueInfoProtoSchema } from 'onnx-buf';
import * as ort from 'onnxruntime-web';
import { describe, expect, test } from 'vitest';
import { entries, randomRows, rowsOf } from './checks.js';
import { buildModel, decode, encode, scalar, type TestNode, type TestTensor } from './onnx.js';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

const weights = (rows: number, cols: number, seed: number): TestTensor => ({
  dims: [rows, cols],
  data: Array.from({ length: rows * cols }, (_, i) => Math.fround(Math.sin(5 * i + seed))),
});

const nodes: TestNode[] = [
  ['Gemm', ['x', 'w', 'b'], ['h']],
  ['Relu', ['h'], ['r']],
  ['MatMul', ['r', 'v'], ['m']],
  ['Add', ['m', 'c'], ['logits']],
  ['Softmax', ['logits'], ['p'], { axis: 1 }],
  ['ArgMax', ['logits'], ['k'], { axis: 1 }],
  ['MatMul', ['r', 'u'], ['value']],
  ['LeakyRelu', ['m'], ['leaky']],
];
const constants = {
  w: weights(3, 4, 1),
  b: { dims: [4], data: [0.5, -0.25, 0.125, 1] },
  v: weights(4, 3, 2),
  c: { dims: [3], data: [0.5, 0.25, -1] },
  u: weights(4, 1, 3),
};
const modelOf = (...outputs: string[]) => buildModel({ input: [1, 3], nodes, constants, outputs });

/** What ONNX Runtime computes for the guaranteed tensors of every row, joined; those inside are made outputs. */
async function run(bytes: Uint8Array, model: ImportedModel, x: Matrix): Promise<Float64Array> {
  const proto = decode(bytes);
  for (const { tensor, isOutput } of model.guaranteed) {
    if (!isOutput) proto.graph!.output.push({ ...proto.graph!.output[0], name: tensor });
  }
  // The runtime infers them.
  for (const output of proto.graph!.output) delete output.type;
  const session = await ort.InferenceSession.create(encode(proto), { executionProviders: ['wasm'] });
  const held = model.fixed.map(({ name, dtype, shape, data }) => [
    name,
    dtype === 'int64'
      ? new ort.Tensor('int64', BigInt64Array.from(data, BigInt), shape)
      : new ort.Tensor('float32', Float32Array.from(data), shape),
  ]);
  const results: number[] = [];
  for (const row of rowsOf(x)) {
    const feeds = {
      ...Object.fromEntries(held),
      [model.inputName]: new ort.Tensor('float32', Float32Array.from(row), model.inputShape),
    };
    const out = await session.run(feeds);
    for (const { tensor } of model.guaranteed) results.push(...(out[tensor].data as Float32Array));
  }
  await session.release();
  return Float64Array.from(results);
}

/** Laws: what is read is what runs; policed and written back, it is certified, and what runs is that. */
async function expectReadAndPoliced(bytes: Uint8Array, options: ReadOptions = {}): Promise<ImportedModel> {
  const model = readModel(bytes, options);
  const x = randomRows(3, 4, entries(model.inputShape));
  const within = async (file: Uint8Array, read: ImportedModel) => {
    const expected = forward(read.network, x).data;
    const bound = float32ErrorBound(read.network, x).data;
    const actual = await run(file, read, x);
    expect(actual.length).toBe(expected.length);
    expected.forEach((y, i) => {
      expect(Math.abs(actual[i] - y)).toBeLessThanOrEqual(bound[i]);
    });
  };
  await within(bytes, model);
  const { inputSize } = model.network;
  const regions = [ball(new Float64Array(inputSize).fill(0.1), 0.5)];
  const frozen = freeze(enforce(model.network, regions).network, regions).network;
  const written = writeBack(model, frozen);
  const again = readModel(written.bytes, options);
  expect(certify(again.network, regions).certified).toBe(true);
  expect(forward(again.network, x).data).toEqual(forward(frozen, x).data);
  await within(written.bytes, again);
  return model;
}

describe('outputs', () => {
  test('several are joined in their order, each tensor once', async () => {
    const model = await expectReadAndPoliced(modelOf('value', 'p', 'k', 'leaky'));
    expect(model.guaranteed).toEqual([
      { tensor: 'value', shape: [1, 1], isOutput: true },
      { tensor: 'logits', shape: [1, 3], isOutput: false },
      { tensor: 'leaky', shape: [1, 3], isOutput: true },
    ]);
    expect(model).toMatchObject({ outputName: 'value, p, k, leaky', guaranteedShape: [7] });
    expect(model.tail).toEqual(["'n4' (Softmax, node 4)", "'n5' (ArgMax, node 5)"]);
  });

  test('some, by name', async () => {
    const bytes = modelOf('value', 'p', 'leaky');
    expect(await expectReadAndPoliced(bytes, { output: 'value' })).toMatchObject({
      guaranteedTensor: 'value',
    });
    const two = await expectReadAndPoliced(bytes, { output: ['leaky', 'value'] });
    expect(two).toMatchObject({ guaranteedTensor: 'leaky, value', guaranteedShape: [4], tail: [] });
  });

  test('a tensor and what is made of it do not share a bias', async () => {
    // The Add after m is not m's bias where m is wanted too.
    const model = await expectReadAndPoliced(modelOf('p'), { at: ['m', 'logits'] });
    expect(model.guaranteedShape).toEqual([6]);
  });

  test('tensors inside, whatever comes after them', async () => {
    expect(await expectReadAndPoliced(modelOf('k'), { at: 'r' })).toMatchObject({
      guaranteed: [{ tensor: 'r', shape: [1, 4], isOutput: false }],
      tail: [],
    });
    expect(() => readModel(modelOf('k'), { at: 'nope' })).toThrow(
      /tensor: expected one that a node computes, such as .*'leaky', got 'nope'/,
    );
  });

  test('one that does not depend on the input is named, with a remedy', () => {
    const bytes = buildModel({
      input: [1, 3],
      nodes: [
        ['Relu', ['x'], ['y']],
        ['Identity', ['c'], ['z']],
      ],
      constants: { c: scalar(1) },
      outputs: ['y', 'z'],
    });
    expect(() => readModel(bytes)).toThrow(
      /output 'z'.*a constant.*readModel\(bytes, \{ output: 'name' \}\)/,
    );
    expect(readModel(bytes, { output: 'y' }).guaranteedShape).toEqual([1, 3]);
  });
});

describe('inputs', () => {
  /** y = relu(W x + V z · s), z and s inputs too. */
  function severalInputs(): Uint8Array {
    const model = decode(
      buildModel({
        input: ['N', 3],
        nodes: [
          ['MatMul', ['x', 'w'], ['a']],
          ['MatMul', ['z', 'v'], ['b']],
          ['Gather', ['scales', 'which'], ['s']],
          ['Mul', ['b', 's'], ['bs']],
          ['Add', ['a', 'bs'], ['h']],
          ['Relu', ['h'], ['r']],
          ['MatMul', ['r', 'u'], ['y']],
        ],
        constants: {
          w: weights(3, 4, 1),
          v: weights(2, 4, 5),
          scales: { dims: [2], data: [0.5, 2] },
          u: weights(4, 1, 3),
        },
      }),
    );
    const declare = (name: string, elemType: number, sizes: number[]) => {
      const dim = sizes.map(size => ({ value: { case: 'dimValue' as const, value: BigInt(size) } }));
      const proto = create(ValueInfoProtoSchema, {
        name,
        type: { value: { case: 'tensorType', value: { elemType, shape: { dim } } } },
      });
      model.graph!.input.push(proto);
    };
    declare('z', 1, [1, 2]);
    declare('which', 7, []);
    return encode(model);
  }
  const whole = { data: [1] };

  test('the others are held at constants', async () => {
    const fix = { z: { shape: [1, 2], data: [0.5, -1] }, which: { shape: [], data: [1] } };
    // Products of constants may be rounded in any order; these are not.
    const model = await expectReadAndPoliced(severalInputs(), { fix: { ...fix, z: { data: [0] } } });
    expect(model.inputName).toBe('x');
    expect(model.fixed).toMatchObject([
      { name: 'z', dtype: 'float32', shape: [1, 2] },
      { name: 'which', dtype: 'int64', shape: [], data: Float64Array.of(1) },
    ]);
    const other = await expectReadAndPoliced(severalInputs(), {
      fix: { x: { data: [0] }, which: { data: [0] } },
    });
    expect(other.inputName).toBe('z');
  });

  test.each<[NonNullable<ReadOptions['fix']>, RegExp]>([
    [{}, /one input that varies, got 3: 'x' \[\?, 3\], 'z' \[1, 2\], 'which' \[\]\. Hold the others/],
    [{ z: whole }, /got 2: 'x' \[\?, 3\], 'which' \[\]/],
    [{ x: whole, z: whole, which: whole }, /got none\. Leave one input free/],
    [{ q: whole }, /fix: expected inputs of the model, of 'x', 'z', 'which', got 'q'/],
    [{ z: { data: [1, 2, 3] }, which: whole }, /fixed input 'z': expected 2 numbers, got 3/],
    [
      { z: { shape: [2, 1], data: [1, 2] }, which: whole },
      /fixed input 'z': expected sizes \[1, 2\], got \[2,1\]/,
    ],
    [{ z: whole, which: { data: [0.5] } }, /fixed input 'which': expected numbers of int64, got 0.5/],
    [{ z: { data: [Number.NaN] }, which: whole }, /fixed input 'z'/],
  ])('%j is refused', (fix, message) => {
    expect(() => readModel(severalInputs(), { fix })).toThrow(message);
  });
});

test('the memory allowed is what counts, not the size of the file', () => {
  const bytes = buildModel({
    input: [1, 3, 240, 320],
    nodes: [
      ['Relu', ['x'], ['r']],
      ['Abs', ['r'], ['y']],
    ],
  });
  expect(readModel(bytes).network.inputSize).toBe(230_400);
  // Three tensors of 230,400 entries.
  expect(() => readModel(bytes, { memory: 2 ** 23 })).toThrow(/at most 8 MiB together.*memory, in bytes/);
  expect(
    certify(readModel(modelOf('p'), { memory: 2 ** 20 }).network, [box([0, 0, 0], [0, 0, 0])]).certified,
  ).toBe(true);
});
