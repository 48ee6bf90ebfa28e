import { certify, policedForward } from '@police/core';
import { constrain, freeze, policedLayerOf, toNetwork } from '@police/tfjs/all';
import { register } from '@police/tfjs-wasm-training';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { coreSides } from '../src/frozen/policed-view.js';
import { coreView } from '../src/graph/core-view.js';
import { expectLaws, makeSetup, STEPS, sharings } from './graph-laws.js';
import {
  backends,
  bend,
  float32Bound,
  gradientBound,
  largest,
  largestDifference,
  predict,
  randomRows,
  seededRng,
  trainableOf,
  useBackend,
  weightsOf,
} from './helpers.js';
import { modelCases } from './models.js';

/** Compiling the shaders of a model takes seconds. */
const cases = modelCases.filter(({ inBrowser }) => inBrowser || !backends.includes('webgl'));

describe.each(backends)('on %s', backend => {
  beforeAll(async () => {
    if (backend === 'wasm') register();
    await useBackend(backend);
  });

  describe.each(cases)('$what', modelCase => {
    const kinds = sharings.map(sharing => ({ sharing }));

    test.each(kinds)('$sharing: as core sees it, affine at every step, and frozen', ({ sharing }) =>
      expectLaws(makeSetup(modelCase, sharing)),
    );

    if (modelCase.projectable) {
      test('mode project: the plain model is constrained after every step', async () => {
        const { model, regions, x, y } = makeSetup(modelCase, 'per-channel');
        const policed = constrain(model, { regions, mode: 'project' });
        policed.compile({ optimizer: tf.train.sgd(0.02), loss: 'meanSquaredError' });
        for (let step = 0; step < STEPS; step++) {
          await policed.trainOnBatch(x, y);
          policed.getWeights();
          expect(bend(model, toNetwork(model), regions, step)).toBeLessThan(1);
        }
        expect(certify(freeze(policed).network, regions).certified).toBe(true);
      });
    }

    test('frozen and constrained models are saved like any other', async () => {
      const { policed, everywhere, x, y } = makeSetup(modelCase, 'per-unit');
      policed.compile({ optimizer: tf.train.sgd(0.02), loss: 'meanSquaredError' });
      await policed.trainOnBatch(x, y);
      for (const model of [policed, freeze(policed).model]) {
        const loaded = await reloaded(model);
        expect(weightsOf(loaded)).toEqual(weightsOf(model));
        // WebGL may compute the same in another order for weights that lie otherwise in its textures.
        const bound = float32Bound(toNetwork(model), everywhere);
        const [found, expected] = [loaded, model].map(each => predict(each, everywhere).data);
        expect(largestDifference(found, expected)).toBeLessThan(bound);
      }
      const loaded = await reloaded(policed);
      expect(policedLayerOf(loaded).sides).toEqual(policedLayerOf(policed).sides);
    });

    test('leaves no tensors behind', async () => {
      const { policed, x, y } = makeSetup(modelCase, 'per-channel');
      policed.compile({ optimizer: tf.train.adam(0.01), loss: 'meanSquaredError' });
      await policed.trainOnBatch(x, y);
      const before = tf.memory().numTensors;
      await policed.trainOnBatch(x, y);
      tf.dispose(policed.predict(x));
      freeze(policed).model.dispose();
      // With batch normalisation the last batches are kept, up to so many rows: here the second's inputs and outputs.
      const kept = policedLayerOf(policed).statistics ? 2 : 0;
      expect(tf.memory().numTensors).toBe(before + kept);
    });

    if (backend === 'cpu') {
      test.each(
        kinds.flatMap(({ sharing }) => (['exact'] as const).map(gradient => ({ sharing, gradient }))),
      )(
        '$sharing, $gradient: the gradient of every weight equals core’s difference quotient',
        ({ sharing }) => {
          const { model, regions, policed, size, x } = makeSetup(modelCase, sharing);
          const points = randomRows(8, size, 6, 2 * (modelCase.scale ?? 1));
          const loss = () => tf.mean(tf.square(policed.apply(x) as tf.Tensor)) as tf.Scalar;
          // A step first, so that there are sides to keep.
          tf.train.sgd(0.01).minimize(loss, false, trainableOf(policed));
          const { grads } = tf.variableGrads(loss, trainableOf(policed));
          const exactLoss = () => {
            const view = coreView(policedLayerOf(policed).graph);
            const sides = coreSides(policedLayerOf(policed).graph, view, policedLayerOf(policed).sides);
            const { output } = policedForward(view.network, regions, points, { sides, sharing });
            return output.data.reduce((sum, value) => sum + value * value, 0) / output.data.length;
          };
          const rng = seededRng(9);
          for (const weight of trainableOf(policed)) {
            const found = grads[weight.name].dataSync() as Float32Array;
            const size = largest(Object.values(grads).flatMap(each => Array.from(each.dataSync())));
            const values = weight.dataSync().slice() as Float32Array;
            const change = values.map(() => STEP * (2 * rng() - 1));
            const at = (sign: number) => {
              const moved = values.map((value, i) => value + sign * change[i]);
              weight.assign(tf.tensor(moved, weight.shape));
              return { moved, loss: exactLoss() };
            };
            const [up, down] = [at(1), at(-1)];
            weight.assign(tf.tensor(values, weight.shape));
            // As the weights could be moved, in float32.
            const expected = up.loss - down.loss;
            const predicted = found.reduce((sum, g, i) => sum + g * (up.moved[i] - down.moved[i]), 0);
            const length = Math.sqrt(change.reduce((sum, c) => sum + c * c, 0));
            const bound = gradientBound(toNetwork(model), 8, regions, size) + CURVATURE * length * size;
            expect(Math.abs(expected - predicted) / (2 * length), weight.name).toBeLessThan(bound);
          }
        },
      );
    }
  });
});

/** Largest change of a weight for a difference quotient: so small that it meets no kink, nor a jump where kept sides contradict. */
const STEP = 2 ** -18;

/** How fast the gradient may change, against its size. */
const CURVATURE = 8;

async function reloaded(model: tfl.LayersModel): Promise<tfl.LayersModel> {
  let artifacts: tf.io.ModelArtifacts = {};
  await model.save(
    tf.io.withSaveHandler(async given => {
      artifacts = JSON.parse(JSON.stringify({ ...given, weightData: null }));
      artifacts = { ...artifacts, weightData: (given.weightData as ArrayBuffer).slice(0) };
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  return tfl.loadLayersModel(tf.io.fromMemory(artifacts));
}
