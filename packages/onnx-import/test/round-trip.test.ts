import { box, certify, enforce, forward, freeze, type Network, network, operators, relu } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { readModel } from '@police/onnx-import';
import { largestDifference, randomNetwork, seededRng } from '@police/testing/helpers';
import { expect, test } from 'vitest';
import { entries, expectPoliced, randomRows } from './checks.js';
import { buildModel, type TestModel, type TestTensor } from './onnx.js';

const regions = [box([-1, -1, -1], [1, 1, 1])];

/** What is exported is read as the same function, and is as affine. */
function expectSameNetwork(net: Network, certified = regions): void {
  const { network: again } = readModel(exportOnnx(net));
  const x = randomRows(3, 20, net.inputSize);
  expect(largestDifference(forward(again, x).data, forward(net, x).data)).toBeLessThan(2 ** -45);
  expect(certify(again, certified)).toMatchObject({ certified: true });
}

test.each(['relu', 'leakyRelu', 'prelu', 'abs', 'relu6', 'hardTanh', 'clip', 'hardSigmoid'] as const)(
  'exported and read: %s',
  kind => {
    expectSameNetwork(freeze(randomNetwork(seededRng(1), [3, 8, 8, 2], kind), regions).network);
  },
);

test('exported and read: a convolution with shifts of its own at every position', () => {
  const inShape = [1, 1, 3] as const;
  const net = network([
    { kind: 'input', name: 'input', size: 3 },
    {
      kind: 'affine',
      name: 'conv',
      input: 'input',
      operator: operators.conv({
        inShape,
        weight: [1, 0.5, 2, -1],
        weightShape: [2, 1, 1, 2],
        bias: [0.25, -0.5],
      }),
    },
    {
      kind: 'activation',
      name: 'relu',
      input: 'conv',
      activation: relu(),
      shift: Float64Array.of(2, 3, 4, 5),
    },
  ]);
  expectSameNetwork(freeze(net, regions).network);
});

const random = (seed: number, ...dims: number[]): TestTensor => ({
  dims,
  data: Array.from(randomRows(seed, 1, entries(dims), 1).data),
});
const above = (least: number, { dims, data }: TestTensor): TestTensor => ({
  dims,
  data: data.map(v => Math.fround(Math.abs(v) + least)),
});

/** Models with operators whose coefficients the file implies, and layouts that are not core's. */
const models: Readonly<Record<string, TestModel>> = {
  'MatMul, Relu, Div': {
    input: ['N', 3],
    nodes: [
      ['MatMul', ['x', 'a'], ['h']],
      ['Relu', ['h'], ['r']],
      ['Div', ['r', 'c'], ['y']],
    ],
    constants: { a: random(1, 3, 5), c: above(0.25, random(2, 5)) },
  },
  'a convolution with the channels last, normalised': {
    input: ['N', 3, 4, 2],
    nodes: [
      ['Transpose', ['x'], ['first'], { perm: [0, 3, 1, 2] }],
      ['Conv', ['first', 'w'], ['h']],
      ['Transpose', ['h'], ['last'], { perm: [0, 2, 3, 1] }],
      ['Relu', ['last'], ['r']],
      ['Transpose', ['r'], ['back'], { perm: [0, 3, 1, 2] }],
      ['BatchNormalization', ['back', 's', 'b', 'm', 'v'], ['n']],
      ['Relu', ['n'], ['y']],
    ],
    constants: {
      w: random(1, 3, 2, 2, 2),
      s: random(2, 3),
      b: random(3, 3),
      m: random(4, 3),
      v: above(0.5, random(5, 3)),
    },
  },
  'rows times a matrix, between activations': {
    input: ['N', 3, 4],
    nodes: [
      ['MatMul', ['x', 'a'], ['h']],
      ['Relu', ['h'], ['r']],
      ['Transpose', ['r'], ['t'], { perm: [0, 2, 1] }],
      ['MatMul', ['t', 'c'], ['g']],
      ['Relu', ['g'], ['y']],
    ],
    constants: { a: random(1, 4, 2), c: random(2, 3, 2) },
  },
  'Gemm of two times C, and a maximum with constants': {
    input: [1, 3],
    nodes: [
      ['Gemm', ['x', 'a', 'c'], ['h'], { beta: { float: 2 } }],
      ['Relu', ['h'], ['r']],
      ['Max', ['r', 'd'], ['y']],
    ],
    constants: { a: random(1, 3, 4), c: random(2, 4), d: above(0.125, random(3, 4)) },
  },
};

test.each(Object.keys(models))('read, enforced, exported, run and read: %s', async name => {
  const bytes = buildModel(models[name]);
  const net = readModel(bytes).network;
  const here = [box(new Float64Array(net.inputSize).fill(-1), new Float64Array(net.inputSize).fill(1))];
  const { edits } = await expectPoliced(bytes, here);
  expect(edits.length, 'the model bends on the region').toBeGreaterThan(0);
  expectSameNetwork(freeze(enforce(net, here).network, here).network, here);
});
