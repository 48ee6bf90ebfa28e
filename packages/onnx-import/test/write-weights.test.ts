import { forward } from '@police/core';
import { readModel, writeBack } from '@police/onnx-import';
import { describe, expect, test } from 'vitest';
import { rawBytes } from '../src/tensor.js';
import { entries, expectSameForward, randomRows } from './checks.js';
import { buildModel, decode, type TestModel, type TestTensor } from './onnx.js';

function random(seed: number, ...dims: number[]): TestTensor {
  return { dims, data: Array.from(randomRows(seed, 1, entries(dims), 1).data) };
}

/** The model with other numbers of some constants. */
function withOther(model: TestModel, names: readonly string[]): TestModel {
  const constants = { ...model.constants };
  names.forEach((name, i) => {
    constants[name] = random(100 + i, ...constants[name].dims);
  });
  return { ...model, constants };
}

const gemm = (attributes: Record<string, number>, input: number[], W: number[]): TestModel => ({
  input,
  nodes: [
    ['Gemm', ['x', 'W', 'b'], ['h'], attributes],
    ['Relu', ['h'], ['y']],
  ],
  constants: { W: random(1, ...W), b: random(2, 4) },
});

/** A decoded file whose constants are told as bytes, in whichever of the two forms the file has them. */
function inRawForm(bytes: Uint8Array) {
  const model = decode(bytes);
  for (const tensor of model.graph!.initializer) {
    if (tensor.floatData.length === 0) continue;
    tensor.rawData = rawBytes(Float64Array.from(tensor.floatData), 'float32');
    tensor.floatData = [];
  }
  return model;
}

/** Every place and order in which weights are stored. */
const LAYOUTS: readonly [string, TestModel, string[]][] = [
  [
    'the right factor of MatMul, a bias after it',
    {
      input: ['N', 3],
      nodes: [
        ['MatMul', ['x', 'W'], ['p']],
        ['Add', ['p', 'b'], ['h']],
        ['Relu', ['h'], ['y']],
      ],
      constants: { W: random(1, 3, 4), b: random(2, 4) },
    },
    ['W', 'b'],
  ],
  [
    'a vector as right factor',
    { input: [1, 3], nodes: [['MatMul', ['x', 'W'], ['y']]], constants: { W: random(1, 3) } },
    ['W'],
  ],
  [
    'the left factor of MatMul',
    { input: [3, 1], nodes: [['MatMul', ['W', 'x'], ['y']]], constants: { W: random(1, 4, 3) } },
    ['W'],
  ],
  [
    'the left factor of MatMul, several columns',
    { input: [3, 5], nodes: [['MatMul', ['W', 'x'], ['y']]], constants: { W: random(1, 4, 3) } },
    ['W'],
  ],
  [
    'a right factor that several rows share',
    { input: [5, 3], nodes: [['MatMul', ['x', 'W'], ['y']]], constants: { W: random(1, 3, 4) } },
    ['W'],
  ],
  ['Gemm', gemm({}, [1, 3], [3, 4]), ['W', 'b']],
  ['Gemm, transB', gemm({ transB: 1 }, [1, 3], [4, 3]), ['W']],
  ['Gemm, transA', gemm({ transA: 1 }, [3, 1], [3, 4]), ['W']],
  [
    'the left factor of Gemm',
    { input: [3, 2], nodes: [['Gemm', ['W', 'x'], ['y']]], constants: { W: random(1, 4, 3) } },
    ['W'],
  ],
  [
    'the left factor of Gemm, transA and transB',
    {
      input: [2, 3],
      nodes: [['Gemm', ['W', 'x'], ['y'], { transA: 1, transB: 1 }]],
      constants: { W: random(1, 3, 4) },
    },
    ['W'],
  ],
  [
    'a convolution',
    {
      input: [1, 2, 5, 5],
      nodes: [['Conv', ['x', 'W', 'b'], ['y'], { kernel_shape: [3, 3] }]],
      constants: { W: random(1, 3, 2, 3, 3), b: random(2, 3) },
    },
    ['W', 'b'],
  ],
  [
    'a transposed convolution',
    {
      input: [1, 2, 4],
      nodes: [['ConvTranspose', ['x', 'W'], ['y'], { kernel_shape: [3] }]],
      constants: { W: random(1, 2, 3, 3) },
    },
    ['W'],
  ],
];

describe('other weights go into the very constants that held the old ones:', () => {
  test.each(LAYOUTS)('%s', async (_name, model, names) => {
    const bytes = buildModel(model);
    const other = buildModel(withOther(model, names));
    const read = readModel(bytes);
    const { network } = readModel(other);
    const written = writeBack(read, network);
    // The file is the one that was built with these weights from the start.
    expect(inRawForm(written.bytes)).toEqual(inRawForm(other));
    expect(written.edits.map(({ tensor }) => tensor).sort()).toEqual([...names].sort());
    expect(written.edits.filter(({ kind }) => kind === 'weights').length).toBe(1);
    await expectSameForward(written.bytes);
  });

  test('nothing is written where nothing changed', () => {
    const bytes = buildModel(LAYOUTS[0][1]);
    const read = readModel(bytes);
    expect(writeBack(read, readModel(bytes).network)).toMatchObject({ bytes, edits: [] });
  });
});

test('weights that two nodes read: each gets its own, and the shared constant stays', async () => {
  const nodes = (first: string, second: string): TestModel['nodes'] => [
    ['MatMul', ['x', first], ['h']],
    ['Relu', ['h'], ['r']],
    ['MatMul', ['r', second], ['y']],
  ];
  const shared: TestModel = {
    input: [1, 3],
    nodes: nodes('W', 'W'),
    constants: { W: random(1, 3, 3) },
  };
  const apart: TestModel = {
    ...shared,
    nodes: nodes('A', 'B'),
    constants: { A: random(2, 3, 3), B: random(3, 3, 3) },
  };
  const { network } = readModel(buildModel(apart));
  const { bytes, edits } = writeBack(readModel(buildModel(shared)), network);
  expect(edits.map(({ kind }) => kind)).toEqual(['own-weights', 'own-weights']);
  const now = await expectSameForward(bytes);
  const x = randomRows(7, 5, 3);
  expect(forward(now.network, x).data).toEqual(forward(network, x).data);
  expect(decode(bytes).graph!.initializer.map(({ name }) => name)).toContain('W');
});

test('weights that the format does not hold are refused', () => {
  const model = LAYOUTS[0][1];
  const finer = { ...model.constants!.W, data: model.constants!.W.data.map(w => w + 2 ** -40) };
  const { network } = readModel(
    buildModel({
      ...model,
      dtype: 'float64',
      constants: {
        W: { ...finer, dtype: 'float64' },
        b: { ...model.constants!.b, dtype: 'float64' },
      },
    }),
  );
  expect(() => writeBack(readModel(buildModel(model)), network)).toThrowError(/float32/);
});

test('the factors of an elementwise product stay refused', () => {
  const scaled: TestModel = {
    input: [1, 3],
    nodes: [['Mul', ['x', 'c'], ['y']]],
    constants: { c: random(1, 3) },
  };
  const { network } = readModel(buildModel(withOther(scaled, ['c'])));
  expect(() => writeBack(readModel(buildModel(scaled)), network)).toThrowError(/weights/);
});
