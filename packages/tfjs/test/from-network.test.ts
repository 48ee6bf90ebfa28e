import {
  abs,
  boxAround,
  chain,
  clip,
  dense,
  elu,
  enforce,
  freeze,
  hardTanh,
  leakyRelu,
  type Network,
  operators,
  prelu,
  relu,
  relu6,
  selu,
} from '@police/core';
import { randomArray } from '@police/testing/helpers';
import { constrain, fromNetwork, toNetwork } from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { backends, bend, disagreement, errorOf, randomRows, seededRng, useBackend } from './helpers.js';

const activations = [
  relu(),
  relu6(),
  leakyRelu(0.1),
  prelu([0.1, 0.2, 0.3, -0.1]),
  abs(),
  hardTanh(),
  clip(0, 2),
  elu(),
  selu(),
];
const region = boxAround([0.5, 0, -0.5], [0.3, 0.3, 0.3]);

function networkWith(activation: (typeof activations)[number]): Network {
  const rng = seededRng(3);
  const layer = (rows: number, cols: number) =>
    dense(
      Array.from({ length: rows }, () => randomArray(rng, cols)),
      randomArray(rng, rows),
    );
  return chain(3, [layer(4, 3), activation, layer(2, 4)], ['first', 'bend', 'last']);
}

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));

  test.each(activations)('a frozen chain with $name comes and goes unchanged', activation => {
    const { network } = freeze(networkWith(activation), [region]);
    const before = tf.memory().numTensors;
    const model = fromNetwork(network);
    expect(disagreement(model, network, randomRows(9, 3, 1, 2))).toBeLessThan(1);
    const again = toNetwork(model);
    expect(enforce(again, [region]).report.shifted).toBe(0);
    expect(again.nodes.map(({ name }) => name)).toEqual(['input', 'first', 'bend', 'last']);
    const policed = constrain(model, { regions: [region] });
    expect(bend(policed, toNetwork(policed), [region], 1)).toBeLessThan(1);
    policed.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('what is no chain of layers that tfjs has is refused', async () => {
    const conv = operators.conv({ inShape: [1, 3], weight: [1, 1], weightShape: [1, 1, 2] });
    expect(await errorOf(() => fromNetwork(chain(3, [conv], ['bad'])))).toMatchObject({
      code: 'unsupported-layer',
      where: 'bad',
    });
    const curved = networkWith(elu(0.5));
    expect(await errorOf(() => fromNetwork(curved))).toMatchObject({
      code: 'unsupported-activation',
      where: 'bend',
    });
    const first = enforce(chain(3, [relu(), dense([[1, 1, 1]])], ['bad', 'last']), [region]).network;
    expect(await errorOf(() => fromNetwork(first))).toMatchObject({
      code: 'unsupported-layer',
      where: 'bad',
    });
  });
});
