import { boxAround, certify, enforce, policedForward, type Region, vPolytope } from '@police/core';
import { constrain, freeze, policedLayerOf, toNetwork } from '@police/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { register } from '../../tfjs-wasm-training/src/index.js';
import { coreView } from '../src/core-network.js';
import { coreSides } from '../src/to-network.js';
import {
  backends,
  bend,
  disagreement,
  float32Bound,
  gradientBound,
  largest,
  largestDifference,
  pointsOn,
  predict,
  randomRows,
  seededRng,
  stackRows,
  toInput,
  trainableOf,
  useBackend,
  weightsOf,
} from './helpers.js';
import { type ModelCase, modelCases } from './models.js';

const STEPS = 4;
const sharings = ['per-channel', 'per-unit'] as const;

const inputSize = (model: tfl.LayersModel) =>
  (model.inputs[0].shape.slice(1) as number[]).reduce((product, size) => product * size, 1);

/** A box and, elsewhere, a triangle: one of all dimensions, one of two. */
function regionsFor(size: number, scale = 1): Region[] {
  const centre = randomRows(1, size, 3, 0.5 * scale).data;
  const corners = randomRows(3, size, 4, scale).data;
  return [
    boxAround(
      centre,
      centre.map(() => 0.3 * scale),
    ),
    vPolytope([0, 1, 2].map(i => Array.from(corners.subarray(i * size, (i + 1) * size), x => x + scale))),
  ];
}

const makeSetup = ({ make, scale = 1 }: ModelCase, sharing: (typeof sharings)[number]) => {
  const model = make();
  const size = inputSize(model);
  const regions = regionsFor(size, scale);
  const policed = constrain(model, { regions, sharing });
  const everywhere = stackRows([pointsOn(regions, 1), randomRows(12, size, 5, 3 * scale)]);
  const x = toInput(model, randomRows(8, size, 6, 2 * scale));
  const y = tf.randomUniform([8, ...(model.outputs[0].shape.slice(1) as number[])], -1, 1, 'float32', 7);
  return { model, size, regions, policed, everywhere, x, y };
};

describe.each(backends)('on %s', backend => {
  beforeAll(async () => {
    if (backend === 'wasm') register();
    await useBackend(backend);
  });

  describe.each(modelCases)('$what', modelCase => {
    const kinds = sharings.map(sharing => ({ sharing }));

    test.each(kinds)('$sharing: as core sees it, affine at every step, and frozen', async ({ sharing }) => {
      const { model, regions, policed, everywhere, x, y } = makeSetup(modelCase, sharing);
      expect(disagreement(model, toNetwork(model), everywhere)).toBeLessThan(1);
      policed.compile({ optimizer: tf.train.adam(0.02), loss: 'meanSquaredError' });
      for (let step = 0; step <= STEPS; step++) {
        const net = toNetwork(policed);
        expect(disagreement(policed, net, everywhere), `core, step ${step}`).toBeLessThan(1);
        expect(bend(policed, net, regions, step), `bend, step ${step}`).toBeLessThan(1);
        if (step < STEPS) await policed.trainOnBatch(x, y);
      }
      expect(policedLayerOf(policed).shifted.units).toBeGreaterThan(0);

      const weights = weightsOf(policed);
      const { model: frozen, network } = freeze(policed);
      const bound = float32Bound(network, everywhere);
      expect(
        largestDifference(predict(frozen, everywhere).data, predict(policed, everywhere).data),
      ).toBeLessThan(bound);
      expect(frozen.layers.map(layer => layer.name)).toEqual(model.layers.map(layer => layer.name));
      // The weights in the model, not only those of the network, are the frozen ones.
      const stored = toNetwork(frozen);
      expect(enforce(stored, regions).report.shifted).toBe(0);
      expect(certify(stored, regions).certified).toBe(true);
      expect(certify(network, regions).certified).toBe(true);
      expect(disagreement(frozen, stored, everywhere)).toBeLessThan(1);
      expect(weightsOf(policed)).toEqual(weights);
      // A frozen model can be constrained again.
      const again = constrain(frozen, { regions, sharing });
      expect(bend(again, toNetwork(again), regions, 1)).toBeLessThan(1);
    });

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
        expect(predict(loaded, everywhere)).toEqual(predict(model, everywhere));
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
      expect(tf.memory().numTensors).toBe(before);
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
