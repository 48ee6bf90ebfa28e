import {
  chain,
  dense,
  freeze,
  maxoutWindows,
  maxPoolWindows,
  type Network,
  type NetworkNode,
  network,
  operators,
  relu,
} from '@police/core';
import { type MaxNode, windowsOf } from '@police/core/adapter';
import { exportOnnx } from '@police/onnx-export';
import { convNetwork } from '@police/testing/graphs';
import { makeRegion, pick, seededRng, seeds } from '@police/testing/helpers';
import fc from 'fast-check';
import { TensorProto_DataType } from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import { withoutUnused } from '../src/prune.js';
import { decode, expectSameOutputs, nodesOf, opTypesOf, randomRows } from './helpers.js';
import { randomImageGraph } from './image-graphs.js';

const IMAGE = [2, 4, 4];
const SIZE = 32;
const { conv, convTranspose, averagePool } = operators;
const ones = (length: number) => new Array<number>(length).fill(1);
const square = (inShape: readonly number[]) =>
  conv({ inShape, weight: ones(36), weightShape: [2, 2, 3, 3], padding: [1, 1, 1, 1] });
const up = { inShape: IMAGE, weight: ones(4), weightShape: [2, 2, 1, 1] };

/** What each operator becomes where its input has its shape already. */
const affine: [string, { outSize: number } & Parameters<typeof opsOn>[0], string[]][] = [
  ['conv', square(IMAGE), ['Conv']],
  ['convTranspose', convTranspose({ ...up, strides: [2, 2], outputPadding: [1, 1] }), ['ConvTranspose']],
  [
    'convTranspose with output padding up to the end padding',
    convTranspose({ ...up, dilations: [3, 3], outputPadding: [2, 1], padding: [0, 0, 2, 1] }),
    ['ConvTranspose'],
  ],
  [
    'convTranspose with output padding beyond its stride',
    convTranspose({ ...up, dilations: [3, 3], outputPadding: [2, 1] }),
    ['ConvTranspose', 'Pad', 'Add'],
  ],
  ['averagePool', averagePool({ shape: IMAGE, kernel: [2, 2] }), ['AveragePool']],
  [
    'averagePool with a last window in part',
    averagePool({ shape: IMAGE, kernel: [3, 3], strides: [2, 2], ceilMode: true }),
    ['AveragePool'],
  ],
  [
    'averagePool with counted padding and a last window in part',
    averagePool({
      shape: IMAGE,
      kernel: [2, 2],
      strides: [3, 3],
      padding: [1, 1, 0, 0],
      ceilMode: true,
      countIncludePad: true,
    }),
    ['AveragePool'],
  ],
  [
    'averagePool with counted padding and an overhang beyond it',
    averagePool({
      shape: IMAGE,
      kernel: [3, 3],
      strides: [3, 3],
      padding: [1, 1, 0, 0],
      ceilMode: true,
      countIncludePad: true,
    }),
    ['Conv', 'Div'],
  ],
  ['dilated averagePool', averagePool({ shape: IMAGE, kernel: [2, 2], dilations: [2, 2] }), ['Conv', 'Div']],
  ['globalAveragePool', operators.globalAveragePool(IMAGE), ['ReduceMean']],
  ['meanOver', operators.meanOver({ shape: IMAGE, axes: [0, 2] }), ['ReduceMean']],
  ['sumOver', operators.sumOver({ shape: IMAGE, axes: [1] }), ['ReduceSum']],
  ['sumOver no axes', operators.sumOver({ shape: IMAGE, axes: [] }), ['Identity']],
  ['resizeLinear', operators.resizeLinear({ shape: IMAGE, outSize: [8, 4] }), ['Resize']],
  ['resizeNearest', operators.resizeNearest(IMAGE, { scales: [1, 2, 3] }), ['Resize']],
  ['transpose', operators.transpose(IMAGE, [1, 2, 0]), ['Transpose']],
  ['reshape', operators.reshape(IMAGE, [4, 8]), ['Reshape']],
  ['reshape to a vector', operators.reshape(IMAGE, [SIZE]), ['Flatten']],
  ['reshape to the same shape', operators.reshape(IMAGE, IMAGE), ['Identity']],
  ['pad', operators.pad(IMAGE, [0, 1, 1, 0, 1, 1], 2), ['Pad']],
  ['pad by reflection', operators.pad(IMAGE, [0, 1, 1, 0, 1, 1], 0, 'reflect'), ['Pad']],
  [
    'pad by reflection that also cuts off',
    operators.pad(IMAGE, [0, 1, 1, 0, -1, 1], 0, 'reflect'),
    ['Flatten', 'Gather'],
  ],
  ['slice', operators.slice(IMAGE, { starts: [1], ends: [3], axes: [-1] }), ['Slice']],
  ['gatherAlong', operators.gatherAlong(IMAGE, 0, [1, 0]), ['Gather']],
  ['gather', operators.gather({ inSize: SIZE, index: Int32Array.of(5, 1) }), ['Flatten', 'Gather']],
  [
    'gather with a fill value',
    operators.gather({ inSize: SIZE, index: Int32Array.of(5, -1), fill: 2 }),
    ['Flatten', 'Pad', 'Gather'],
  ],
  ['batchNorm', norm(), ['Mul', 'Add']],
  ['scale', operators.scale({ factor: ones(SIZE) }), ['Mul']],
  ['offset', operators.scale({ offset: ones(SIZE) }), ['Add']],
  [
    'sparse',
    operators.sparse({
      inSize: SIZE,
      rows: { rowStart: Int32Array.of(0, 1), columns: Int32Array.of(3), values: Float64Array.of(2) },
    }),
    ['Flatten', 'MatMul'],
  ],
  ['dense', dense([ones(SIZE)]), ['Flatten', 'Gemm']],
];

function norm() {
  const values = [0.5, 2];
  return operators.batchNorm({
    shape: IMAGE,
    gamma: values,
    beta: values,
    mean: values,
    variance: [1, 1],
    epsilon: 0,
  });
}

/** ONNX operators after a ReLU on an image and before a ReLU. */
function opsOn(operator: Parameters<typeof chain>[1][number] & { kind?: string }): string[] {
  const net = chain(SIZE, [operators.reshape([SIZE], IMAGE), relu(), operator, relu()]);
  const types = opTypesOf(exportOnnx(net));
  expect(types.slice(0, 2)).toEqual(['Reshape', 'Relu']);
  const end = types.lastIndexOf('Relu');
  // The output is flat.
  expect(types.slice(end + 1).filter(type => type !== 'Flatten')).toEqual([]);
  return types.slice(2, end);
}

describe('what an affine operator becomes', () => {
  test.each(affine)('%s', (_, operator, expected) => {
    expect(opsOn(operator)).toEqual(expected);
  });
});

describe('resizeNearest becomes Resize unless float32 may round a coordinate across', () => {
  const floor = { coordinates: 'asymmetric', rounding: 'floor' } as const;
  test.each<[string, number, operators.ResizeNearestOptions, string]>([
    ['doubling', 3, { outShape: [1, 6] }, 'Resize'],
    ['tripling, on whole positions, by an exact scale', 3, { outShape: [1, 9], ...floor }, 'Resize'],
    ['by 5/3, never on a position but the first', 3, { outShape: [1, 5], ...floor }, 'Resize'],
    ['by 2/3, on a whole position', 6, { outShape: [1, 4], ...floor }, 'Gather'],
    ['by 2/3, half-way', 9, { outShape: [1, 6], coordinates: 'asymmetric' }, 'Gather'],
    ['by 2/3 to aligned corners', 7, { outShape: [1, 5], coordinates: 'align_corners' }, 'Resize'],
    ['a scale that leaves the size as it is', 3, { scales: [1, 1.3], ...floor }, 'Gather'],
  ])('%s', (_, size, options, expected) => {
    expect(opTypesOf(exportOnnx(chain(size, [operators.resizeNearest([1, size], options)])))).toContain(
      expected,
    );
  });
});

describe('what a maximum becomes', () => {
  const overlapping = maxPoolWindows({ shape: [2, 4, 4], kernel: [2, 2], strides: [1, 1] }).windows;
  const apart = maxPoolWindows({ shape: [2, 4, 4], kernel: [2, 2] }).windows;
  const liftsOf = ({ offsets, members }: MaxNode['windows']) => {
    const count = offsets.length - 1;
    const winner = Int32Array.from({ length: count }, (_, w) => (w % 2 ? -1 : members[offsets[w]]));
    return { winner, lift: Float64Array.from(winner, at => (at < 0 ? 0 : 1)) };
  };
  const cases: [string, Omit<MaxNode, 'kind' | 'name' | 'input'>, string[]][] = [
    ['a pool', { windows: overlapping }, ['MaxPool']],
    ['maxout', { windows: maxoutWindows(1, 32) }, ['Reshape', 'ReduceMax']],
    ['any windows', { windows: windowsOf([[3, 1], [5]]) }, ['Flatten', 'Gather', 'ReduceMax']],
    ['a lifted pool of windows apart', { windows: apart, lifts: liftsOf(apart) }, ['Add', 'MaxPool']],
    [
      'a lifted pool of overlapping windows',
      { windows: overlapping, lifts: liftsOf(overlapping) },
      ['MaxPool', 'Flatten', 'Gather', 'Add', 'Max'],
    ],
    [
      'lifts of nothing',
      { windows: apart, lifts: { winner: new Int32Array(8).fill(-1), lift: new Float64Array(8) } },
      ['MaxPool'],
    ],
  ];
  test.each(cases)('%s', async (_, max, expected) => {
    const net = network([
      { kind: 'input', name: 'x', size: SIZE },
      { kind: 'affine', name: 'image', input: 'x', operator: operators.reshape([SIZE], IMAGE) },
      { kind: 'max', name: 'max', input: 'image', ...max },
    ]);
    const bytes = exportOnnx(net);
    const types = opTypesOf(bytes);
    expect(types.at(-1) === 'Flatten' ? types.slice(1, -1) : types.slice(1)).toEqual(expected);
    await expectSameOutputs(bytes, net, randomRows(seededRng(1), 3, SIZE));
  });
});

describe('shapes', () => {
  const residual: Network = network([
    { kind: 'input', name: 'x', size: SIZE },
    { kind: 'affine', name: 'conv1', input: 'x', operator: square(IMAGE) },
    { kind: 'activation', name: 'bend1', input: 'conv1', activation: relu() },
    { kind: 'affine', name: 'conv2', input: 'bend1', operator: square(IMAGE) },
    { kind: 'affine', name: 'shortcut', input: 'x', operator: square(IMAGE) },
    { kind: 'sum', name: 'sum', inputs: ['conv2', 'shortcut', 'bend1'] },
    { kind: 'concat', name: 'both', inputs: ['sum', 'bend1'] },
    { kind: 'affine', name: 'mean', input: 'both', operator: operators.globalAveragePool([4, 4, 4]) },
    { kind: 'affine', name: 'head', input: 'mean', operator: dense([ones(4)]) },
  ]);

  test('of an image stay: one Reshape at the input, shared by its readers, none between', async () => {
    const bytes = exportOnnx(residual);
    expect(nodesOf(bytes)).toEqual([
      'Reshape conv1.Reshape(input, conv1.shape) → conv1.Reshape',
      'Conv conv1(conv1.Reshape, conv1.weight, conv1.bias) → conv1',
      'Relu bend1(conv1) → bend1',
      'Conv conv2(bend1, conv2.weight, conv2.bias) → conv2',
      'Conv shortcut(conv1.Reshape, shortcut.weight, shortcut.bias) → shortcut',
      'Sum sum(conv2, shortcut, bend1) → sum',
      'Concat both(sum, bend1) → both',
      'ReduceMean mean(both) → mean',
      'Gemm head(mean, head.weight, head.bias) → output',
    ]);
    await expectSameOutputs(bytes, residual, randomRows(seededRng(1), 3, SIZE));
  });

  test('of inputs that differ become one', async () => {
    const nodes: NetworkNode[] = [
      { kind: 'input', name: 'x', size: SIZE },
      { kind: 'affine', name: 'conv', input: 'x', operator: square(IMAGE) },
      { kind: 'sum', name: 'sum', inputs: ['x', 'conv'], coefficients: [1, -1] },
      { kind: 'affine', name: 'flat', input: 'sum', operator: operators.reshape(IMAGE, [SIZE]) },
      { kind: 'concat', name: 'all', inputs: ['conv', 'flat'] },
    ];
    const net = network(nodes);
    const bytes = exportOnnx(net);
    expect(nodesOf(bytes)).toEqual([
      'Reshape conv.Reshape(input, conv.shape) → conv.Reshape',
      'Conv conv(conv.Reshape, conv.weight, conv.bias) → conv',
      'Sub sum(conv.Reshape, conv) → sum',
      'Flatten flat(sum) → flat',
      'Flatten all.Flatten(conv) → all.Flatten',
      'Concat all(all.Flatten, flat) → output',
    ]);
    await expectSameOutputs(bytes, net, randomRows(seededRng(1), 3, SIZE));
  });
});

describe('constants', () => {
  /** The float constants of each core node, its name being what stands before the role. */
  function floatsOf(bytes: Uint8Array): Map<string, Set<number>> {
    const constants = new Map<string, Set<number>>();
    for (const { name, dataType, rawData } of decode(bytes).graph!.initializer) {
      if (dataType !== TensorProto_DataType.FLOAT) continue;
      const owner = name.slice(0, name.lastIndexOf('.'));
      const values = new Float32Array(rawData.slice().buffer);
      constants.set(owner, new Set([...(constants.get(owner) ?? []), ...values]));
    }
    return constants;
  }

  /** Every number of a node that must be in the file. */
  function parametersOf(node: NetworkNode): number[] {
    switch (node.kind) {
      case 'affine':
        return node.operator.parameters.flatMap(values => Array.from(values));
      case 'activation':
        return Array.from(node.shift ?? []);
      case 'sum':
        return [...(node.coefficients ?? [])].filter(c => Math.abs(c) !== 1);
      case 'max':
        return Array.from(node.lifts?.lift ?? []).filter(lift => lift !== 0);
      default:
        return [];
    }
  }

  test('are the parameters that freeze left, to the bit', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const generated = pick(rng, [
          convNetwork(rng),
          randomImageGraph(rng, { isShifted: false, steps: 10 }),
        ]);
        const regions = [makeRegion('box', generated.inputSize, rng, 0.3)];
        const net = withoutUnused(freeze(generated, regions).network);
        const stored = floatsOf(exportOnnx(net));
        for (const node of net.nodes) {
          for (const value of parametersOf(node)) expect(stored.get(node.name), node.name).toContain(value);
        }
      }),
      { numRuns: 20 },
    );
  });

  const initializersOf = (net: Network) =>
    Object.fromEntries(decode(exportOnnx(net)).graph!.initializer.map(({ name, dims }) => [name, dims]));

  test('that are one per channel are stored so', () => {
    const nodes = (shift: Float64Array): Network =>
      network([
        { kind: 'input', name: 'x', size: SIZE },
        { kind: 'affine', name: 'conv', input: 'x', operator: square(IMAGE) },
        { kind: 'affine', name: 'norm', input: 'conv', operator: norm() },
        { kind: 'activation', name: 'bend', input: 'norm', activation: relu(), shift },
      ]);
    expect(initializersOf(nodes(operators.perChannel([1, 2], IMAGE)))).toMatchObject({
      'norm.factor': [2n, 1n, 1n],
      'norm.offset': [2n, 1n, 1n],
      'bend.shift': [2n, 1n, 1n],
    });
    const each = Float64Array.from({ length: SIZE }, (_, j) => j);
    expect(initializersOf(nodes(each))['bend.shift']).toEqual([2n, 4n, 4n]);
  });
});
