import {
  ball,
  box,
  boxAround,
  crossPolytope,
  ellipsoid,
  enforce,
  hPolytope,
  type Policy,
  simplex,
  vPolytope,
  zonotope,
} from '@police/core';
import { constrain, freeze, policedLayerOf, toNetwork } from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  backends,
  bend,
  errorOf,
  float32Bound,
  gradientBound,
  largest,
  largestDifference,
  layerKinds,
  makeModel,
  predict,
  randomRows,
  reloaded,
  saved,
  toTensor,
  useBackend,
  weightsOf,
} from './helpers.js';

const WIDTHS = [2, 8, 6, 2];
const modes = ['shift', 'project'] as const;
const regions = [
  box([-0.5, 1e-9], [0.5, 0.75]),
  boxAround([2, 2], [0.25, 0]),
  ball([-1, -1], 0.3),
  crossPolytope([1.5, -1.5], 0.3),
  simplex([
    [-2, 1],
    [-1.5, 1],
    [-2, 1.5],
  ]),
  vPolytope([
    [0, -2],
    [0.5, -2],
    [0, -2.5],
    [0.5, -2.5],
  ]),
];
const x = randomRows(20, 2, 5, 3);

async function train(model: tfl.LayersModel, epochs: number): Promise<void> {
  const [inputs, targets] = [toTensor(x), toTensor(randomRows(20, 2, 6))];
  model.compile({ optimizer: tf.train.sgd(0.05), loss: 'meanSquaredError' });
  await model.fit(inputs, targets, { epochs, batchSize: 8, shuffle: false, verbose: 0 });
  tf.dispose([inputs, targets]);
}

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));

  describe.each(layerKinds.flatMap(kind => modes.map(mode => ({ kind, mode }))))(
    '$kind, mode $mode',
    ({ kind, mode }) => {
      test('a loaded model is the saved one', async () => {
        const policed = constrain(makeModel(WIDTHS, kind), { regions, mode });
        await train(policed, 2);
        const loaded = await reloaded(policed);
        if (mode === 'shift') expect(predict(loaded, x)).toEqual(predict(policed, x));
        // A loaded model is projected once more: its biases move by rounding.
        const bound = float32Bound(toNetwork(policed), x);
        expect(largestDifference(predict(loaded, x).data, predict(policed, x).data)).toBeLessThan(bound);
        expect(policedLayerOf(loaded).sides).toEqual(policedLayerOf(policed).sides);
        expect(policedLayerOf(loaded).settings.regions.map(r => r.toJSON())).toEqual(
          regions.map(r => r.toJSON()),
        );
        expect(bend(loaded, toNetwork(loaded), regions, 1)).toBeLessThan(1);
      });

      test('training resumes as if never interrupted', async () => {
        const interrupted = constrain(makeModel(WIDTHS, kind), { regions, mode });
        await train(interrupted, 2);
        const resumed = await reloaded(interrupted);
        await train(resumed, 2);
        const uninterrupted = constrain(makeModel(WIDTHS, kind), { regions, mode });
        await train(uninterrupted, 4);
        if (mode === 'shift') expect(weightsOf(resumed)).toEqual(weightsOf(uninterrupted));
        const expected = weightsOf(uninterrupted);
        const size = largest(expected.flatMap(values => Array.from(values)));
        const bound = 6 * gradientBound(toNetwork(resumed), 8, regions, size);
        weightsOf(resumed).forEach((values, i) => {
          expect(largestDifference(values, expected[i])).toBeLessThan(bound);
        });
      });

      test.runIf(mode === 'shift')('so does a schedule', async () => {
        const scheduled = () =>
          constrain(makeModel(WIDTHS, kind), { regions, schedule: { from: 0.2, steps: 8 } });
        const interrupted = scheduled();
        await train(interrupted, 1);
        const resumed = await reloaded(interrupted);
        await train(resumed, 1);
        const uninterrupted = scheduled();
        await train(uninterrupted, 2);
        expect(weightsOf(resumed)).toEqual(weightsOf(uninterrupted));
      });

      test('a frozen model is saved like any other', async () => {
        const policed = constrain(makeModel(WIDTHS, kind), { regions, mode });
        const { model } = freeze(policed);
        const loaded = await reloaded(model);
        expect(predict(loaded, x)).toEqual(predict(model, x));
        expect(enforce(toNetwork(loaded), regions).report.shifted).toBe(0);
      });
    },
  );

  test.each([
    { policy: 'minimal', mode: 'shift', gradient: 'local' },
    { policy: 'majority', mode: 'project', gradient: 'exact' },
    { policy: 'sticky', mode: 'shift', gradient: 'exact' },
  ] as const)('the options $policy, $mode and $gradient are saved', async options => {
    const loaded = await reloaded(constrain(makeModel(WIDTHS, 'relu'), { regions, ...options }));
    const { mode, policy, gradient } = policedLayerOf(loaded).settings;
    expect({ mode, policy, gradient }).toEqual(options);
  });

  test('regions are saved whatever letters their form has', async () => {
    const given = [
      hPolytope(
        [
          [1, 0],
          [-1, 0],
          [0, 1],
          [0, -1],
        ],
        [1, 0, 1, 0],
      ),
      ellipsoid(
        [1, 1],
        [
          [0.5, 0],
          [0, 0.25],
        ],
      ),
      zonotope(
        [0, 0],
        [
          [1, 0],
          [0, 1],
          [1, 1],
        ],
      ),
    ];
    const loaded = await reloaded(constrain(makeModel(WIDTHS, 'relu'), { regions: given }));
    expect(policedLayerOf(loaded).settings.regions.map(r => r.toJSON())).toEqual(given.map(r => r.toJSON()));
  });

  test('the sides are saved, not chosen anew', async () => {
    const policed = constrain(makeModel(WIDTHS, 'leakyRelu'), { regions: [regions[0]] });
    await train(policed, 1);
    const before = predict(policed, x);
    // Turned over, they are sides that no other policy would choose.
    const trainable = policed.trainableWeights.length;
    policed.setWeights(policed.getWeights().map((w, i) => (i < trainable ? w : tf.neg(w))));
    const after = predict(policed, x);
    expect(largestDifference(after.data, before.data)).toBeGreaterThan(float32Bound(toNetwork(policed), x));
    expect(predict(await reloaded(policed), x)).toEqual(after);
  });

  test('a policy function cannot be saved', async () => {
    const policy: Policy = ({ votes }) => (votes > 0 ? 1 : -1);
    const policed = constrain(makeModel(WIDTHS, 'relu'), { regions, policy });
    const error = await errorOf(() => saved(policed));
    expect(error).toMatchObject({ code: 'invalid-option', where: policedLayerOf(policed).name });
    // The remedy it names works.
    const { model } = freeze(policed);
    expect(predict(await reloaded(model), x)).toEqual(predict(model, x));
  });
});
