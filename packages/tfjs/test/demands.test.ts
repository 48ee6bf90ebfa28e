import { boxAround, simplex } from '@police/core';
import { planeDemands, targetConformance } from '@police/testing/conformance';
import { type ConstrainOptions, constrain, freeze, type PatchedModel } from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  backends,
  expectFiniteDifferences,
  makeModel,
  predict,
  randomRows,
  toTensor,
  trainableOf,
  useBackend,
} from './helpers.js';

const WIDTHS = [2, 8, 8, 2];
const triangle = simplex([
  [-1, -1],
  [1, -0.5],
  [0, 1],
]);
const square = boxAround([0.2, -0.1], [0.5, 0.4]);

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));
  const [x, y] = [randomRows(24, 2, 11, 2), randomRows(24, 2, 12)];

  const constrained = (options: ConstrainOptions) => {
    const policed = constrain(makeModel(WIDTHS, 'leakyRelu'), options);
    policed.compile({ optimizer: tf.train.adam(0.02), loss: 'meanSquaredError' });
    return policed;
  };

  targetConformance<tfl.LayersModel>('tfjs', {
    constrain: constrained,
    run: predict,
    step: async (policed, rows, targets) =>
      (await policed.trainOnBatch(toTensor(rows), toTensor(targets))) as number,
    freeze: policed => {
      const { model, ...frozen } = freeze(policed as PatchedModel);
      return { ...frozen, run: rows => predict(model, rows) };
    },
  });

  describe.each(Object.entries(planeDemands))('%s', (_, demand) => {
    test.each(['shift', 'patch'] as const)('gradients are finite differences, by %s', method => {
      // The loss alone: a pull adds a gradient of its own.
      const policed = constrained({ regions: [triangle], method, target: demand, pull: 0 });
      const inputs = toTensor(x);
      const loss = () =>
        tf.tidy(
          () => tf.mean(tf.square(policed.apply(inputs, { training: true }) as tf.Tensor)) as tf.Scalar,
        );
      // Curvature, kinks of single samples, and the rounding of the loss over the step.
      expectFiniteDifferences(loss, trainableOf(policed), 2 ** -8, 0.03);
    });
  });

  test('survives saving', async () => {
    for (const method of ['shift', 'patch'] as const) {
      const policed = constrained({ regions: [square], method, target: planeDemands.several });
      await policed.trainOnBatch(toTensor(x), toTensor(y));
      let saved: tf.io.ModelArtifacts | undefined;
      await policed.save(
        tf.io.withSaveHandler(async artifacts => {
          saved = artifacts;
          return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
        }),
      );
      const loaded = await tfl.loadLayersModel(tf.io.fromMemory(saved!));
      expect(predict(loaded, x).data).toEqual(predict(policed, x).data);
    }
  });
});
