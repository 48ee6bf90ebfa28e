// Patches and shifts that fade out, in a plain synaptic network: a deeper chain of (leaky) ReLU layers.
import {
  box,
  certify,
  chain,
  dense,
  fade,
  forward,
  leakyRelu,
  matrix,
  patch,
  plainChain,
  relu,
} from '@police/core';
import { seededRng } from '@police/core/adapter';
import { fromNetwork, toNetwork } from '@police/synaptic';
import { roundingBound } from '@police/testing/helpers';
import { describe, expect, test } from 'vitest';
import { errorOf, runRows } from './helpers.js';

const regions = [box([-0.5, -0.25], [0.5, 0.75])];

function network(seed: number, activation: typeof relu) {
  const rng = seededRng(seed);
  const layer = (rows: number, cols: number) =>
    dense(
      Array.from({ length: rows }, () => Array.from({ length: cols }, () => 2 * rng() - 1)),
      Array.from({ length: rows }, () => rng()),
    );
  return chain(2, [layer(8, 2), activation(), layer(6, 8), activation(), layer(2, 6)]);
}

function probes(seed: number) {
  const rng = seededRng(seed);
  const points = matrix(80, 2);
  points.data.forEach((_, i) => {
    points.data[i] = 6 * rng() - 3;
  });
  return points;
}

describe('chains', () => {
  test.each([
    {
      what: 'a fade of ReLUs',
      made: () => fade(network(1, relu), regions, { width: 0.4, precision: 'float64' }),
    },
    {
      what: 'a fade of leaky ReLUs',
      made: () =>
        fade(
          network(2, () => leakyRelu(0.1)),
          regions,
          { width: 0.4, precision: 'float64' },
        ),
    },
    {
      what: 'a patch around ReLUs',
      made: () => patch(network(3, relu), regions, { steepness: 4, precision: 'float64' }).network,
    },
  ])('$what: held, run and read as what it is, certified', ({ made }) => {
    const graph = made();
    const { network: plain } = plainChain(graph, regions, { precision: 'float64' });
    const model = fromNetwork(plain);
    expect(certify(toNetwork(model), regions)).toMatchObject({ certified: true });
    const points = probes(5);
    const bound = roundingBound(graph, [3, 3]) + roundingBound(plain, [3, 3]);
    const expected = forward(graph, points).data;
    runRows(model, points).data.forEach((y, i) => {
      expect(Math.abs(y - expected[i])).toBeLessThanOrEqual(bound);
    });
  });

  test('what synaptic cannot hold is refused, with the way through ONNX', () => {
    const leaky = patch(
      network(4, () => leakyRelu(0.1)),
      regions,
      { steepness: 4, precision: 'float64' },
    ).network;
    const mixed = errorOf(() => fromNetwork(plainChain(leaky, regions, { precision: 'float64' }).network));
    expect(mixed).toMatchObject({ code: 'unsupported-activation', actual: 'prelu' });
    expect(`${mixed}`).toContain('exportOnnx(network)');
    expect(`${errorOf(() => fromNetwork(leaky))}`).toContain('plainChain(network, regions)');
  });
});
