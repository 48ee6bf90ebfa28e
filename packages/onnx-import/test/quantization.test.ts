import { box, forward, matrix } from '@police/core';
import { readModel } from '@police/onnx-import';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectPoliced, expectSameForward } from './checks.js';
import { buildModel, scalar, type TestNode, type TestTensor } from './onnx.js';
import { runBatch } from './runtime.js';

/** Weights as quantisers store them: int8 with a scale for each output, biases int32. */
const constants: Record<string, TestTensor> = {
  q: { dims: [4, 3], data: [12, -128, 127, 3, 0, -7, 50, 64, -64, 1, 2, -3], dtype: 'int8' },
  scales: { dims: [4], data: [0.01, 0.02, 0.5, 0.25].map(Math.fround) },
  zeros: { dims: [4], data: [0, 1, -2, 3], dtype: 'int8' },
  qb: { dims: [4], data: [100, -5, 7, 0], dtype: 'int32' },
  sb: scalar(Math.fround(0.001)),
};
const nodes: TestNode[] = [
  ['DequantizeLinear', ['q', 'scales', 'zeros'], ['w'], { axis: 0 }],
  ['DequantizeLinear', ['qb', 'sb'], ['b']],
  ['Gemm', ['x', 'w', 'b'], ['h'], { transB: 1 }],
  ['Relu', ['h'], ['r']],
  ['ReduceSum', ['r'], ['y']],
];

test('quantised weights are read, and a shift gets a bias of its own', async () => {
  const bytes = buildModel({ input: [1, 3], nodes, constants });
  await expectSameForward(bytes);
  const { edits } = await expectPoliced(bytes, [box([-1, -1, -1], [1, 1, 1])]);
  expect(edits).toMatchObject([{ kind: 'own-bias' }]);
});

test('rounding to even, saturation and division are the runtime’s, to the bit', async () => {
  const float = fc.float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(float, { minLength: 6, maxLength: 6 }),
      fc.float({ min: Math.fround(0.01), max: 8, noNaN: true }),
      fc.constantFrom('int8' as const, 'uint8' as const),
      fc.integer({ min: 0, max: 100 }),
      async (values, scale, dtype, zero) => {
        const bytes = buildModel({
          input: [6],
          nodes: [
            ['QuantizeLinear', ['c', 's', 'z'], ['q']],
            ['DequantizeLinear', ['q', 's', 'z'], ['d']],
            ['Add', ['x', 'd'], ['y']],
          ],
          constants: {
            // Halves of the scale too, which round to even.
            c: {
              dims: [6],
              data: values.map((v, i) => (i % 2 === 0 ? v : Math.fround(Math.round(v) * scale * 0.5))),
            },
            s: scalar(scale),
            z: { dims: [], data: [zero], dtype },
          },
        });
        const { network } = readModel(bytes);
        const [run] = await runBatch(bytes, [{ data: new Float64Array(6), dims: [6] }]);
        expect(Array.from(forward(network, matrix(1, 6)).data)).toEqual(Array.from(run));
      },
    ),
    { numRuns: 40 },
  );
});

describe('refused', () => {
  test.each<[string, TestNode[], Record<string, TestTensor>, RegExp]>([
    [
      'activations',
      [
        ['QuantizeLinear', ['x', 's'], ['q']],
        ['DequantizeLinear', ['q', 's'], ['y']],
      ],
      { s: scalar(0.1) },
      /QuantizeLinear.*a constant, got a tensor that depends on the network’s input.*Quantise weights only/,
    ],
    [
      'scales that fit no axis',
      [
        ['DequantizeLinear', ['q', 'scales'], ['w'], { axis: 1 }],
        ['Add', ['x', 'w'], ['y']],
      ],
      constants,
      /one scale, and zero point, for each of 3 entries of axis 1, got scales \[4\]/,
    ],
    [
      'blocks',
      [
        ['DequantizeLinear', ['q', 'scales'], ['w'], { axis: 0, block_size: 2 }],
        ['Add', ['x', 'w'], ['y']],
      ],
      constants,
      /blocks/,
    ],
  ])('%s', (_name, some, own, message) => {
    expect(() => readModel(buildModel({ input: [1, 3], nodes: some, constants: own }))).toThrow(message);
  });
});
