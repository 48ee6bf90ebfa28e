import {
  type AffineOperator,
  box,
  chain,
  dense,
  enforce,
  freeze,
  leakyRelu,
  network,
  PoliceError,
  prelu,
  relu,
} from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  activationKinds,
  makeRegion,
  randomNetwork,
  regionKinds,
  seededRng,
  seeds,
} from '../../core/test/helpers.js';

function errorOf(run: () => unknown): PoliceError {
  try {
    run();
  } catch (error) {
    if (error instanceof PoliceError) return error;
    throw error;
  }
  throw new Error('expected a PoliceError');
}

describe('not-frozen: a parameter that float32 would round', () => {
  const cases = {
    weight: chain(1, [dense([[1], [0.1]])], ['here']),
    bias: chain(1, [dense([[1]], [1 + 2 ** -24])], ['here']),
    overflow: chain(1, [dense([[1e39]])], ['here']),
    underflow: chain(1, [dense([[2 ** -150]])], ['here']),
    alpha: chain(1, [leakyRelu(0.01)], ['here']),
    slope: chain(1, [prelu([0.3])], ['here']),
    shift: network([
      { kind: 'input', name: 'input', size: 1 },
      { kind: 'activation', name: 'here', input: 'input', activation: relu(), shift: Float64Array.of(0.1) },
    ]),
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
      'relu_2: expected a network affine on the regions to be recorded, got 1 of 1 units that bend inside one. ' +
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

test('unsupported-layer: an affine operator that is not dense', () => {
  const operator: AffineOperator = Object.assign(dense([[1]]), { kind: 'conv2d' });
  expect(errorOf(() => exportOnnx(chain(1, [operator], ['here'])))).toMatchObject({
    code: 'unsupported-layer',
    where: 'here',
    actual: "'conv2d'",
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
