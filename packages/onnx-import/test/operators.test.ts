import { box } from '@police/core';
import { describe, test } from 'vitest';
import { entries, expectPoliced, expectSameForward, randomRows } from './checks.js';
import { buildModel, int64, scalar, type TestModel, type TestNode, type TestTensor } from './onnx.js';

/** A constant of random float32 values. */
function random(seed: number, ...dims: number[]): TestTensor {
  return { dims, data: Array.from(randomRows(seed, 1, entries(dims), 1).data) };
}

const positive = (tensor: TestTensor): TestTensor => ({
  ...tensor,
  data: tensor.data.map(v => Math.fround(Math.abs(v) + 0.5)),
});

type Case = readonly [string, TestModel & { readonly scale?: number }];

/** One node `x → y`. */
const one = (
  title: string,
  input: readonly (number | string)[],
  node: readonly [string, readonly string[], TestNode[3]?],
  rest: Partial<TestModel> & { scale?: number } = {},
): Case => [title, { input, nodes: [[node[0], node[1], ['y'], node[2] ?? {}]], ...rest }];

const c = (data: TestTensor): Record<string, TestTensor> => ({ c: data });

const linear: Case[] = [
  one('MatMul, constant right', ['N', 4], ['MatMul', ['x', 'c']], { constants: c(random(1, 4, 3)) }),
  one('MatMul, constant left', [4, 1], ['MatMul', ['c', 'x']], { constants: c(random(1, 3, 4)) }),
  one('MatMul, constant left, columns', [4, 3], ['MatMul', ['c', 'x']], { constants: c(random(1, 2, 4)) }),
  one('MatMul, rows', [1, 3, 4], ['MatMul', ['x', 'c']], { constants: c(random(1, 4, 2)) }),
  one('MatMul, vectors', [4], ['MatMul', ['x', 'c']], { constants: c(random(1, 4, 2)) }),
  one('MatMul, constant vector', [3, 4], ['MatMul', ['x', 'c']], { constants: c(random(1, 4)) }),
  one('MatMul, constant vector left', [4, 3], ['MatMul', ['c', 'x']], { constants: c(random(1, 4)) }),
  one('MatMul, deep constant', [2, 4], ['MatMul', ['x', 'c']], { constants: c(random(1, 1, 1, 4, 3)) }),
  one('Gemm without C', ['N', 4], ['Gemm', ['x', 'c'], { transB: 1 }], { constants: c(random(1, 3, 4)) }),
  one('Gemm, old', [1, 4], ['Gemm', ['x', 'c', 'b']], {
    opset: 9,
    ir: 3,
    constants: { c: random(1, 4, 3), b: random(2, 3) },
  }),
  one(
    'Gemm, rows, transposed A, alpha and beta',
    [4, 2],
    ['Gemm', ['x', 'c', 'b'], { transA: 1, alpha: { float: 0.5 }, beta: { float: 2 } }],
    {
      constants: { c: random(1, 4, 3), b: random(2, 1, 3) },
    },
  ),
  one('Gemm, rows', [3, 4], ['Gemm', ['x', 'c', 'b']], {
    constants: { c: random(1, 4, 2), b: random(2, 2) },
  }),
  one('Gemm, C a column', [3, 4], ['Gemm', ['x', 'c', 'b']], {
    constants: { c: random(1, 4, 2), b: random(2, 3, 1) },
  }),
  one('Gemm, C a number', [1, 4], ['Gemm', ['x', 'c', 'b']], {
    constants: { c: random(1, 4, 2), b: scalar(0.25) },
  }),
  one('Gemm, constant A', [4, 2], ['Gemm', ['c', 'x', 'b'], { transA: 1 }], {
    constants: { c: random(1, 4, 3), b: random(2, 3, 2) },
  }),
  [
    'Gemm, C from the input',
    {
      input: [1, 3],
      nodes: [['Gemm', ['x', 'c', 'x'], ['y'], { beta: { float: 0.5 } }]],
      constants: c(random(1, 3, 3)),
    },
  ],
  one('Gemm, beta 0', [1, 4], ['Gemm', ['x', 'c', 'b'], { beta: { float: 0 } }], {
    constants: { c: random(1, 4, 2), b: random(2, 2) },
  }),
  one(
    'BatchNormalization',
    ['N', 3, 2, 2],
    ['BatchNormalization', ['x', 's', 'b', 'm', 'v'], { epsilon: { float: 0.01 } }],
    {
      opset: 15,
      constants: { s: random(1, 3), b: random(2, 3), m: random(3, 3), v: positive(random(4, 3)) },
    },
  ),
  one('BatchNormalization of a row', ['N', 3], ['BatchNormalization', ['x', 's', 'b', 'm', 'v']], {
    opset: 9,
    constants: { s: random(1, 3), b: random(2, 3), m: random(3, 3), v: positive(random(4, 3)) },
  }),
];

const elementwise: Case[] = [
  one('Add', ['N', 2, 3], ['Add', ['x', 'c']], { constants: c(random(1, 3)) }),
  one('Add, constant first, broadcasting x', [1, 3], ['Add', ['c', 'x']], { constants: c(random(1, 2, 3)) }),
  one('Add of x and x', [1, 3], ['Add', ['x', 'x']]),
  one('Sub', [1, 3], ['Sub', ['x', 'c']], { constants: c(random(1, 1, 3)) }),
  one('Sub from a constant', [2, 3], ['Sub', ['c', 'x']], { constants: c(random(1, 2, 1)) }),
  one('Mul', [2, 3], ['Mul', ['x', 'c']], { constants: c(random(1, 3)) }),
  one('Mul by a number', [2, 3], ['Mul', ['c', 'x']], { constants: c(scalar(3)) }),
  one('Div', [2, 3], ['Div', ['x', 'c']], { constants: c(positive(random(1, 3))) }),
  one('Neg', [2, 3], ['Neg', ['x']]),
  one('Sum of three', [2, 3], ['Sum', ['x', 'c', 'x']], { constants: c(random(1, 3)) }),
  [
    'Sub of two branches',
    {
      input: [1, 3],
      nodes: [
        ['Relu', ['x'], ['r']],
        ['Sub', ['x', 'r'], ['y']],
      ],
    },
  ],
  [
    'Add of branches that broadcast',
    {
      input: [2, 1],
      nodes: [
        ['Transpose', ['x'], ['t']],
        ['Add', ['x', 't'], ['y']],
      ],
    },
  ],
];

const activations: Case[] = [
  one('Relu', [1, 5], ['Relu', ['x']], { opset: 8 }),
  one('LeakyRelu', [1, 5], ['LeakyRelu', ['x'], { alpha: { float: Math.fround(0.2) } }]),
  one('LeakyRelu by default', [1, 5], ['LeakyRelu', ['x']]),
  one('PRelu', ['N', 2, 3], ['PRelu', ['x', 'c']], { constants: c(random(1, 2, 1)) }),
  one('PRelu with one slope', [1, 2, 3], ['PRelu', ['x', 'c']], { constants: c(random(1, 1)) }),
  one('Abs', [1, 5], ['Abs', ['x']]),
  one('Clip, attributes', [1, 5], ['Clip', ['x'], { min: { float: -0.5 }, max: { float: 1 } }], { opset: 8 }),
  one('Clip, inputs', [1, 5], ['Clip', ['x', 'lo', 'hi']], {
    constants: { lo: scalar(-0.5), hi: scalar(1) },
  }),
  one('Clip, no lower bound', [1, 5], ['Clip', ['x', '', 'hi']], { constants: { hi: scalar(1) } }),
  one('Clip, no upper bound', [1, 5], ['Clip', ['x', 'lo']], { constants: { lo: scalar(0.5) } }),
  one('Clip as Relu', [1, 5], ['Clip', ['x', 'lo']], { constants: { lo: scalar(0) } }),
  one('HardSigmoid', [1, 5], ['HardSigmoid', ['x']], { scale: 6 }),
  one('HardSwish', [1, 5], ['HardSwish', ['x']], { opset: 14, scale: 6 }),
  one('Elu', [1, 5], ['Elu', ['x'], { alpha: { float: 0.5 } }]),
  one('Selu', [1, 5], ['Selu', ['x']]),
  one(
    'Selu with constants of its own',
    [1, 5],
    ['Selu', ['x'], { alpha: { float: 1.5 }, gamma: { float: 0.5 } }],
  ),
  one('Max with 0', [1, 5], ['Max', ['x', 'c']], { constants: c(scalar(0)) }),
  one('Max with a number', [1, 5], ['Max', ['c', 'x']], { constants: c(scalar(0.3)) }),
  one('Min with a number', [1, 5], ['Min', ['x', 'c']], { constants: c(scalar(0.3)) }),
  one('Max with a constant', [1, 5], ['Max', ['x', 'c']], { constants: c(random(1, 5)) }),
];

/** Two different affine maps of x. */
const branches: TestNode[] = [
  ['MatMul', ['x', 'a'], ['p']],
  ['MatMul', ['x', 'b'], ['q']],
  ['Mul', ['x', 'm'], ['r']],
];
const branchConstants = { a: random(5, 3, 3), b: random(6, 3, 3), m: random(7, 3) };

const extrema: Case[] = [
  [
    'Max of terms',
    { input: ['N', 3], nodes: [...branches, ['Max', ['p', 'q', 'r'], ['y']]], constants: branchConstants },
  ],
  [
    'Min of terms',
    { input: ['N', 3], nodes: [...branches, ['Min', ['p', 'q', 'r'], ['y']]], constants: branchConstants },
  ],
  [
    'Max of Max',
    {
      input: ['N', 3],
      nodes: [...branches, ['Max', ['p', 'q'], ['m0']], ['Max', ['r', 'm0'], ['y']]],
      constants: branchConstants,
    },
  ],
  [
    'Max of Min',
    {
      input: ['N', 3],
      nodes: [...branches, ['Min', ['p', 'q'], ['m0']], ['Max', ['r', 'm0'], ['y']]],
      constants: branchConstants,
    },
  ],
  [
    'Max, broadcasting',
    {
      input: [1, 3],
      nodes: [...branches, ['ReduceSum', ['q'], ['s']], ['Max', ['p', 's', 'c'], ['y']]],
      constants: { ...branchConstants, c: random(8, 3) },
    },
  ],
];

const conv: Case[] = [
  one('Conv 2-D', ['N', 2, 5, 5], ['Conv', ['x', 'c', 'b'], { pads: [1, 0, 1, 2], strides: [2, 1] }], {
    constants: { c: random(1, 3, 2, 3, 2), b: random(2, 3) },
  }),
  one(
    'Conv without bias, dilated, in groups',
    [1, 4, 6, 6],
    ['Conv', ['x', 'c'], { group: 2, dilations: [2, 1], kernel_shape: [2, 3] }],
    { constants: c(random(1, 4, 2, 2, 3)) },
  ),
  one('Conv SAME_UPPER', [1, 2, 5, 6], ['Conv', ['x', 'c'], { auto_pad: 'SAME_UPPER', strides: [2, 2] }], {
    constants: c(random(1, 2, 2, 3, 2)),
  }),
  one('Conv SAME_LOWER', [1, 2, 5, 6], ['Conv', ['x', 'c'], { auto_pad: 'SAME_LOWER', strides: [2, 2] }], {
    constants: c(random(1, 2, 2, 3, 2)),
  }),
  one('Conv VALID', [1, 2, 5, 6], ['Conv', ['x', 'c'], { auto_pad: 'VALID' }], {
    constants: c(random(1, 2, 2, 3, 2)),
  }),
  one('Conv 1-D, depthwise', [1, 3, 7], ['Conv', ['x', 'c'], { group: 3, pads: [1, 1] }], {
    constants: c(random(1, 3, 1, 3)),
  }),
  one(
    'ConvTranspose',
    [1, 3, 3, 4],
    ['ConvTranspose', ['x', 'c', 'b'], { strides: [2, 2], pads: [1, 0, 1, 1], output_padding: [1, 0] }],
    { constants: { c: random(1, 3, 2, 3, 3), b: random(2, 2) } },
  ),
  one(
    'ConvTranspose to a size',
    [1, 2, 3, 3],
    ['ConvTranspose', ['x', 'c'], { strides: [2, 2], output_shape: [6, 6] }],
    { constants: c(random(1, 2, 2, 3, 3)) },
  ),
  one(
    'ConvTranspose SAME_UPPER',
    [1, 2, 3, 3],
    ['ConvTranspose', ['x', 'c'], { strides: [2, 2], auto_pad: 'SAME_UPPER' }],
    { constants: c(random(1, 2, 2, 3, 3)) },
  ),
  one(
    'ConvTranspose SAME_LOWER',
    [1, 2, 3, 3],
    ['ConvTranspose', ['x', 'c'], { strides: [2, 2], auto_pad: 'SAME_LOWER' }],
    { constants: c(random(1, 2, 2, 3, 3)) },
  ),
  one('ConvTranspose 1-D in groups', [1, 4, 5], ['ConvTranspose', ['x', 'c'], { group: 2, strides: [2] }], {
    constants: c(random(1, 4, 2, 3)),
  }),
];

const pools: Case[] = [
  one(
    'MaxPool, overlapping',
    ['N', 2, 5, 5],
    ['MaxPool', ['x'], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
  ),
  one('MaxPool, disjoint', ['N', 2, 4, 4], ['MaxPool', ['x'], { kernel_shape: [2, 2], strides: [2, 2] }]),
  one(
    'MaxPool, ceil, dilated',
    [1, 1, 6, 6],
    ['MaxPool', ['x'], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1, dilations: [2, 2] }],
  ),
  one(
    'MaxPool SAME_LOWER',
    [1, 1, 5, 5],
    ['MaxPool', ['x'], { kernel_shape: [2, 2], strides: [2, 2], auto_pad: 'SAME_LOWER' }],
  ),
  one('MaxPool 1-D', [1, 2, 7], ['MaxPool', ['x'], { kernel_shape: [3], strides: [1] }], { opset: 8 }),
  one('GlobalMaxPool', ['N', 2, 3, 3], ['GlobalMaxPool', ['x']]),
  one(
    'AveragePool',
    [1, 2, 5, 5],
    ['AveragePool', ['x'], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
  ),
  one(
    'AveragePool with padding counted',
    [1, 2, 5, 5],
    ['AveragePool', ['x'], { kernel_shape: [3, 2], pads: [1, 1, 1, 0], count_include_pad: 1 }],
  ),
  one(
    'AveragePool, ceil',
    [1, 1, 6, 6],
    ['AveragePool', ['x'], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }],
    { opset: 11 },
  ),
  one('AveragePool 1-D', [1, 2, 7], ['AveragePool', ['x'], { kernel_shape: [3], auto_pad: 'SAME_UPPER' }], {
    opset: 8,
  }),
  one('GlobalAveragePool', ['N', 2, 3, 3], ['GlobalAveragePool', ['x']]),
  one('ReduceMean, attribute', ['N', 2, 3, 4], ['ReduceMean', ['x'], { axes: [-1, 1], keepdims: 0 }]),
  one('ReduceMean, input', ['N', 2, 3, 4], ['ReduceMean', ['x', 'axes']], {
    opset: 18,
    constants: { axes: int64(2, 3) },
  }),
  one('ReduceMax', ['N', 2, 3, 4], ['ReduceMax', ['x'], { axes: [1, 3], keepdims: 0 }]),
  one('ReduceMax of all', [1, 2, 3], ['ReduceMax', ['x']], { opset: 18 }),
  one('ReduceSum, attribute', [1, 2, 3], ['ReduceSum', ['x'], { axes: [2] }], { opset: 11 }),
  one('ReduceSum, input', [1, 2, 3], ['ReduceSum', ['x', 'axes'], { keepdims: 0 }], {
    constants: { axes: int64(1) },
  }),
  one('ReduceSum of all', [1, 2, 3], ['ReduceSum', ['x']]),
  one('ReduceSum of none', [1, 2, 3], ['ReduceSum', ['x'], { noop_with_empty_axes: 1 }]),
];

const arranging: Case[] = [
  one('Flatten, axis 0', ['N', 2, 3], ['Flatten', ['x'], { axis: 0 }]),
  one('Flatten, axis −1', [1, 2, 3], ['Flatten', ['x'], { axis: -1 }]),
  one('Reshape', ['N', 2, 3], ['Reshape', ['x', 's']], { constants: { s: int64(0, -1) } }),
  one('Transpose', ['N', 2, 3], ['Transpose', ['x'], { perm: [0, 2, 1] }]),
  one('Transpose by default', [1, 2, 3], ['Transpose', ['x']]),
  one('Squeeze, attribute', [1, 1, 3], ['Squeeze', ['x'], { axes: [1] }], { opset: 11 }),
  one('Squeeze, input', [1, 1, 3], ['Squeeze', ['x', 'a']], { constants: { a: int64(-2) } }),
  one('Squeeze of all', [1, 1, 3], ['Squeeze', ['x']]),
  one('Unsqueeze, attribute', [1, 3], ['Unsqueeze', ['x'], { axes: [0, 3] }], { opset: 11 }),
  one('Unsqueeze, input', [1, 3], ['Unsqueeze', ['x', 'a']], { constants: { a: int64(-1, 1) } }),
  one('Identity', [1, 3], ['Identity', ['x']]),
  one('Dropout, old', [1, 3], ['Dropout', ['x'], { ratio: { float: 0.5 } }], { opset: 8 }),
  one('Dropout, new', [1, 3], ['Dropout', ['x', 'c']], { constants: c(scalar(0.5)) }),
  one('Expand', [1, 3], ['Expand', ['x', 's']], { constants: { s: int64(2, 2, 1) } }),
  one('Slice, attributes', ['N', 2, 5], ['Slice', ['x'], { starts: [1, 0], ends: [-1, 9], axes: [2, 1] }], {
    opset: 9,
  }),
  one('Slice, inputs, backwards', ['N', 2, 5], ['Slice', ['x', 's', 'e', 'a', 't']], {
    constants: { s: int64(-1), e: int64(-1000), a: int64(2), t: int64(-2) },
  }),
  one('Gather', ['N', 2, 5], ['Gather', ['x', 'i'], { axis: 2 }], {
    constants: { i: { dims: [2, 2], data: [4, 0, -2, 1], dtype: 'int64' } },
  }),
  one('Gather of one', ['N', 2, 5], ['Gather', ['x', 'i'], { axis: 1 }], {
    constants: { i: { dims: [], data: [1], dtype: 'int64' } },
  }),
  one('Pad, attributes', ['N', 2, 3], ['Pad', ['x'], { pads: [0, 1, 1, 0, 0, 2], value: { float: 0.5 } }], {
    opset: 10,
  }),
  one('Pad, reflect', ['N', 2, 3], ['Pad', ['x', 'p'], { mode: 'reflect' }], {
    constants: { p: int64(0, 0, 2, 0, 1, 1) },
  }),
  one('Pad, edge, some axes', [1, 2, 3], ['Pad', ['x', 'p', '', 'a'], { mode: 'edge' }], {
    opset: 18,
    constants: { p: int64(1, 2), a: int64(2) },
  }),
  one('Pad, cutting', [1, 2, 3], ['Pad', ['x', 'p', 'c']], {
    constants: { p: int64(0, 1, -1, 0, 0, 0), c: scalar(2) },
  }),
  [
    'Split, equal, and Concat',
    {
      opset: 11,
      input: ['N', 4, 2],
      nodes: [
        ['Split', ['x'], ['a', 'b'], { axis: 1 }],
        ['Concat', ['b', 'a', 'b'], ['y'], { axis: 2 }],
      ],
    },
  ],
  [
    'Split, sizes, input',
    {
      input: [1, 5],
      nodes: [
        ['Split', ['x', 's'], ['a', 'b'], { axis: -1 }],
        ['Concat', ['b', 'a', 'c'], ['y'], { axis: 1 }],
      ],
      constants: { s: int64(2, 3), c: random(1, 1, 2) },
    },
  ],
  [
    'Split, number of outputs',
    {
      opset: 18,
      input: [1, 5],
      nodes: [
        ['Split', ['x'], ['a', 'b', 'd'], { axis: 1, num_outputs: 3 }],
        ['Concat', ['d', 'b', 'a'], ['y'], { axis: 1 }],
      ],
    },
  ],
  one('Resize 10', [1, 2, 2, 3], ['Resize', ['x', 'c']], {
    opset: 10,
    constants: c({ dims: [4], data: [1, 1, 2, 3] }),
  }),
  one('Upsample', [1, 2, 2, 3], ['Upsample', ['x', 'c']], {
    opset: 9,
    constants: c({ dims: [4], data: [1, 1, 2, 2] }),
  }),
  one(
    'Resize nearest, scales',
    [1, 2, 2, 3],
    ['Resize', ['x', 'r', 'c'], { coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }],
    { constants: { r: { dims: [0], data: [] }, c: { dims: [4], data: [1, 1, 2, 3] } } },
  ),
  one('Resize nearest, sizes', [1, 2, 4, 4], ['Resize', ['x', '', '', 's']], {
    constants: { s: int64(1, 2, 6, 2) },
  }),
  one('Resize linear, sizes', [1, 2, 3, 4], ['Resize', ['x', '', '', 's'], { mode: 'linear' }], {
    constants: { s: int64(1, 2, 6, 7) },
  }),
  one(
    'Resize linear, aligned',
    [1, 1, 3, 4],
    ['Resize', ['x', '', 'c'], { mode: 'linear', coordinate_transformation_mode: 'align_corners' }],
    { constants: { c: { dims: [4], data: [1, 1, 2, 2] } } },
  ),
  one('Resize linear, some axes', [1, 2, 4], ['Resize', ['x', '', 'c'], { mode: 'linear', axes: [2] }], {
    opset: 18,
    constants: { c: { dims: [1], data: [2] } },
  }),
];

/** A model in which the operator's results are cut by a nonlinearity, so that shifts must find their way around it. */
function followedByRelu({ scale: _, ...model }: Case[1]): TestModel {
  const nodes = model.nodes.map(
    ([type, from, to, attributes]): TestNode => [
      type,
      from,
      to.map(t => (t === 'y' ? 'h' : t)),
      attributes ?? {},
    ],
  );
  return { ...model, nodes: [...nodes, ['Relu', ['h'], ['y']]] };
}

describe.each([
  ['linear layers', linear],
  ['elementwise', elementwise],
  ['activations', activations],
  ['maxima', extrema],
  ['convolutions', conv],
  ['pools', pools],
  ['arranging', arranging],
] as const)('%s', (_, cases) => {
  test.each(cases)('%s', async (_, { scale = 2, ...model }) => {
    const bytes = buildModel(model);
    const { inputShape } = await expectSameForward(bytes, { scale });
    for (const seed of [1, 2]) {
      const centre = randomRows(seed, 1, entries(inputShape), scale).data;
      const regions = [
        box(
          centre.map(v => v - 0.3),
          centre.map(v => v + 0.3),
        ),
      ];
      await expectPoliced(bytes, regions, { seed });
      await expectPoliced(buildModel(followedByRelu(model)), regions, {
        seed,
        sharing: seed === 1 ? 'per-unit' : 'per-channel',
      });
    }
  });
});
