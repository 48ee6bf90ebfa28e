import { boxAround, certify, chordProbe, enforce, forward, simplex } from '@police/core';
import { type ConstrainOptions, constrain, freeze, policedLayerOf, toNetwork } from '@police/tfjs/all';
import { register } from '@police/tfjs-wasm-training';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  backends,
  errorOf,
  float32Bound,
  largest,
  largestDifference,
  pointsOn,
  predict,
  randomRows,
  seededRng,
  toInput,
  useBackend,
} from './helpers.js';

const { layers, initializers } = tfl;
const names = ['softplus', 'swish', 'gelu', 'sigmoid', 'tanh'] as const;
const EPSILON = 2 ** -10;
const region = boxAround(new Float64Array(8).fill(0.25), new Float64Array(8).fill(0.05));
const regions = [
  region,
  simplex(Array.from({ length: 3 }, (_, i) => Array.from({ length: 8 }, (__, j) => 1 + (i === j ? 0.2 : 0)))),
];

/** A convolution, a sum and a maximum around smooth functions. */
function smoothModel(name: (typeof names)[number]): tfl.LayersModel {
  const inputs = tfl.input({ shape: [4, 2] });
  const kernel = (seed: number) => ({
    kernelInitializer: initializers.heNormal({ seed }),
    biasInitializer: initializers.randomUniform({ minval: -1, maxval: 1, seed }),
  });
  const activation = name as 'tanh';
  const conv = layers
    .conv1d({ filters: 3, kernelSize: 2, padding: 'same', activation, ...kernel(1) })
    .apply(inputs) as tfl.SymbolicTensor;
  const twice = layers
    .conv1d({ filters: 3, kernelSize: 2, padding: 'same', ...kernel(2) })
    .apply(conv) as tfl.SymbolicTensor;
  const sum = layers.add().apply([conv, twice]) as tfl.SymbolicTensor;
  const most = layers.maxPooling1d({ poolSize: 2 }).apply(sum) as tfl.SymbolicTensor;
  const flat = layers.flatten().apply(layers.leakyReLU({ alpha: 0.25 }).apply(most)) as tfl.SymbolicTensor;
  const outputs = layers.dense({ units: 2, ...kernel(3) }).apply(flat) as tfl.SymbolicTensor;
  return tfl.model({ inputs, outputs });
}

describe.each(backends)('on %s', backend => {
  beforeAll(async () => {
    if (backend === 'wasm') register();
    await useBackend(backend);
  });

  // The wasm backend has no erf.
  const here = names.filter(name => backend === 'cpu' || name !== 'gelu');

  test.each(here)(
    '%s is affine up to what core tells, at every step, and frozen with a proof',
    async name => {
      const model = smoothModel(name);
      const policed = constrain(model, { regions, epsilon: EPSILON });
      policed.compile({ optimizer: tf.train.adam(0.01), loss: 'meanSquaredError' });
      const x = toInput(policed, randomRows(8, 8, 3, 2));
      const y = tf.randomUniform([8, 2], -1, 1, 'float32', 1);
      for (let step = 0; step < 4; step++) {
        const net = toNetwork(policed);
        const { approximationErrors, shifted } = enforce(net, regions).report;
        // The float32 pass and core's may differ by rounding in what they shift.
        expect(shifted).toBeLessThanOrEqual(net.sizes.size * 8);
        regions.forEach((each, r) => {
          const probe = chordProbe(each, 20, seededRng(step));
          const bound = 2 * largest(approximationErrors![r]) + 2 * float32Bound(net, probe.points);
          expect(probe.residual(predict(policed, probe.points))).toBeLessThan(bound);
        });
        const points = pointsOn(regions, 1);
        expect(largestDifference(predict(policed, points).data, forward(net, points).data)).toBeLessThan(
          float32Bound(net, points),
        );
        await policed.trainOnBatch(x, y);
      }
      const { model: frozen, network } = freeze(policed);
      const points = pointsOn(regions, 1);
      const bound = float32Bound(network, points);
      expect(largestDifference(predict(frozen, points).data, predict(policed, points).data)).toBeLessThan(
        bound,
      );
      expect(certify(network, regions).certified).toBe(true);
      expect(certify(toNetwork(frozen, { epsilon: EPSILON }), regions).certified).toBe(true);
    },
  );

  test('a smaller epsilon is kept better; without one smooth functions are refused', async () => {
    const residual = (epsilon: number) => {
      const policed = constrain(smoothModel('swish'), { regions, epsilon });
      const probe = chordProbe(region, 40, seededRng(1));
      return probe.residual(predict(policed, probe.points));
    };
    expect(residual(2 ** -14)).toBeLessThan(residual(2 ** -4));
    for (const options of [{ regions }, { regions, epsilon: -1 }] as ConstrainOptions[]) {
      const error = await errorOf(() => constrain(smoothModel('swish'), options));
      expect(['unsupported-activation', 'invalid-option']).toContain(error.code);
    }
    expect(await errorOf(() => toNetwork(smoothModel('swish')))).toMatchObject({
      code: 'unsupported-activation',
    });
    expect(
      policedLayerOf(constrain(smoothModel('swish'), { regions, epsilon: EPSILON })).settings.epsilon,
    ).toBe(EPSILON);
  });
});
