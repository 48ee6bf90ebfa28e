import { box, certify, forward, freeze, type Network, network, operators, relu } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { readModel } from '@police/onnx-import';
import { largestDifference, randomNetwork, seededRng } from '@police/testing/helpers';
import { expect, test } from 'vitest';
import { randomRows } from './checks.js';

const regions = [box([-1, -1, -1], [1, 1, 1])];

/** What is exported is read as the same function, and is as affine. */
function expectSameNetwork(net: Network): void {
  const { network: again } = readModel(exportOnnx(net));
  const x = randomRows(3, 20, net.inputSize);
  expect(largestDifference(forward(again, x).data, forward(net, x).data)).toBeLessThan(2 ** -45);
  expect(
    certify(
      again,
      regions.filter(({ size }) => size === net.inputSize),
    ).certified,
  ).toBe(true);
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
