import {
  box,
  chain,
  dense,
  enforce,
  freeze,
  leakyRelu,
  type Network,
  type NetworkNode,
  network,
  operators,
  PoliceError,
  prelu,
  relu,
} from '@police/core';
import { windowsOf } from '@police/core/adapter';
import { exportOnnx } from '@police/onnx-export';
import {
  activationKinds,
  makeRegion,
  randomNetwork,
  regionKinds,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import { cumulativeSum } from '@police/testing/operators/cumulative-sum';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

function errorOf(run: () => unknown): PoliceError {
  try {
    run();
  } catch (error) {
    if (error instanceof PoliceError) return error;
    throw error;
  }
  throw new Error('expected a PoliceError');
}

const { conv, convTranspose, gather, pad, scale, sparse } = operators;
const unit = { inShape: [1, 1], weight: [1], weightShape: [1, 1, 1] };

/** A matrix of one entry. */
const single = (value: number): operators.SparseRows => ({
  rowStart: Int32Array.of(0, 1),
  columns: Int32Array.of(0),
  values: Float64Array.of(value),
});

type Unnamed<Node> = Node extends NetworkNode ? Omit<Node, 'name'> : never;

/** A node called `here` on an input of size 1. */
function alone(node: Unnamed<NetworkNode>): Network {
  return network([{ kind: 'input', name: 'x', size: 1 }, { ...node, name: 'here' } as NetworkNode]);
}

describe('not-frozen: a parameter that float32 would round', () => {
  const cases = {
    weight: chain(1, [dense([[1], [0.1]])], ['here']),
    bias: chain(1, [dense([[1]], [1 + 2 ** -24])], ['here']),
    overflow: chain(1, [dense([[1e39]])], ['here']),
    underflow: chain(1, [dense([[2 ** -150]])], ['here']),
    alpha: chain(1, [leakyRelu(0.01)], ['here']),
    slope: chain(1, [prelu([0.3])], ['here']),
    shift: alone({ kind: 'activation', input: 'x', activation: relu(), shift: Float64Array.of(0.1) }),
    'conv weight': chain(1, [conv({ inShape: [1, 1], weight: [0.1], weightShape: [1, 1, 1] })], ['here']),
    'conv bias': chain(1, [conv({ ...unit, bias: [0.1] })], ['here']),
    'convTranspose weight': chain(1, [convTranspose({ ...unit, weight: [0.1] })], ['here']),
    factor: chain(1, [scale({ factor: [0.1] })], ['here']),
    offset: chain(1, [scale({ offset: [0.1] })], ['here']),
    'padded value': chain(1, [pad([1], [1, 0], 0.1)], ['here']),
    'fill value': chain(1, [gather({ inSize: 1, index: Int32Array.of(-1), fill: 0.1 })], ['here']),
    'sparse weight': chain(1, [sparse({ inSize: 1, rows: single(0.1) })], ['here']),
    coefficient: alone({ kind: 'sum', inputs: ['x', 'x'], coefficients: [1, 0.1] }),
    lift: alone({
      kind: 'max',
      input: 'x',
      windows: windowsOf([[0]]),
      lifts: { winner: Int32Array.of(0), lift: Float64Array.of(0.1) },
    }),
  };
  test.each(Object.entries(cases))('%s', (_, net) => {
    expect(errorOf(() => exportOnnx(net))).toMatchObject({ code: 'not-frozen', where: 'here' });
  });

  test('the message says which one, and what to do', () => {
    expect(errorOf(() => exportOnnx(cases.weight)).message).toBe(
      'here: expected parameters that are float32 values, got weight[1] = 0.1. ' +
        'Call freeze(network, regions) first and export its network.',
    );
  });
});

describe('not-frozen: regions on which the network is not affine', () => {
  const net = chain(2, [dense([[1, 0]]), relu(), dense([[1]])]);
  const near = box([-1, -1], [1, 1]);
  const far = box([-9, -9], [9, 9]);

  test('names the activation', () => {
    const { network } = freeze(enforce(net, [near]).network, [near]);
    expect(errorOf(() => exportOnnx(network, { regions: [near, far] })).message).toBe(
      'relu_2: expected a network affine on the regions to be recorded, got unit 0, which may bend on region 1. ' +
        'Call freeze(network, regions) first, with the same regions.',
    );
  });

  test('never refuses the regions that the network was frozen for', () => {
    const cases = fc.record({
      seed: seeds,
      kinds: fc.array(fc.constantFrom(...regionKinds), { minLength: 1, maxLength: 2 }),
      activation: fc.constantFrom(...activationKinds),
      scale: fc.constantFrom(1e-9, 1, 1e9),
    });
    fc.assert(
      fc.property(cases, ({ seed, kinds, activation, scale }) => {
        const rng = seededRng(seed);
        const generated = randomNetwork(rng, [3, 8, 8, 2], activation);
        const regions = kinds.map(kind => makeRegion(kind, 3, rng, scale));
        exportOnnx(freeze(generated, regions).network, { regions });
      }),
      { numRuns: 200 },
    );
  });
});

test('shape: a region of another dimension', () => {
  const regions = [box([0], [1])];
  expect(errorOf(() => exportOnnx(chain(2, []), { regions }))).toMatchObject({ code: 'shape' });
});

describe('unsupported-layer', () => {
  test('a transposed convolution that is nothing but output padding', () => {
    const options = { ...unit, dilations: [3], padding: [1, 0], outputPadding: [1] };
    expect(errorOf(() => exportOnnx(chain(1, [convTranspose(options)], ['here'])))).toMatchObject({
      code: 'unsupported-layer',
      where: 'here',
    });
  });

  test('a sparse matrix that no file would hold', () => {
    const size = 2 ** 15;
    const rows = { ...single(1), rowStart: new Int32Array(size + 1).fill(1, 1) };
    expect(errorOf(() => exportOnnx(chain(size, [sparse({ inSize: size, rows })], ['here'])))).toMatchObject({
      code: 'unsupported-layer',
      where: 'here',
      actual: '32768 × 32768',
    });
  });
});

test('unsupported-layer: an affine operator of one’s own', () => {
  const net = chain(1, [cumulativeSum(Float64Array.of(0))], ['here']);
  expect(errorOf(() => exportOnnx(net))).toMatchObject({
    code: 'unsupported-layer',
    where: 'here',
    actual: "custom: 'cumulativeSum'",
  });
});

describe('invalid-option', () => {
  test.each([
    ['an empty input name', { inputName: '' }, 'inputName'],
    ['an empty output name', { outputName: '' }, 'outputName'],
    ['an empty graph name', { graphName: '' }, 'graphName'],
    ['one name for input and output', { inputName: 'x', outputName: 'x' }, 'outputName'],
    ['the default name taken', { inputName: 'output' }, 'outputName'],
    ['an empty metadata key', { metadata: { '': 'x' } }, "metadata['']"],
    ['a reserved metadata key', { metadata: { 'police.regions': '[]' } }, "metadata['police.regions']"],
    ['metadata that is no string', { metadata: { seed: 7 as unknown as string } }, "metadata['seed']"],
  ])('%s', (_, options, where) => {
    expect(errorOf(() => exportOnnx(chain(1, []), options))).toMatchObject({ code: 'invalid-option', where });
  });
});
