import { box, boxAround, certify } from '@police/core';
import { constrain, freeze, toNetwork } from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  backends,
  bend,
  errorOf,
  innerOf,
  makeModel,
  predict,
  randomRows,
  reloaded,
  toTensor,
  useBackend,
  weightsOf,
} from './helpers.js';

const { layers, constraints } = tfl;
const regions = [box([-1, -1], [1, 1])];
const random = (seed: number) => tfl.initializers.glorotNormal({ seed });
const x = randomRows(16, 2, 3, 2);

type Constraint = ReturnType<typeof constraints.unitNorm>;
const kinds: readonly (readonly [string, Constraint])[] = [
  ['unitNorm', constraints.unitNorm({ axis: 0 })],
  ['maxNorm', constraints.maxNorm({ maxValue: 0.5, axis: 0 })],
  ['minMaxNorm', constraints.minMaxNorm({ minValue: 0.5, maxValue: 0.75, axis: 0 })],
  ['nonNeg', constraints.nonNeg()],
];

/** Models in which one weight has a constraint, by the option that says so; layer `bound` has it. */
const places: Readonly<Record<string, (constraint: Constraint) => tfl.LayersModel>> = {
  kernelConstraint: kernelConstraint => dense({ kernelConstraint }),
  biasConstraint: biasConstraint => dense({ biasConstraint }),
  gammaConstraint: gammaConstraint =>
    withLayer(layers.batchNormalization({ name: 'bound', gammaConstraint })),
  betaConstraint: betaConstraint => withLayer(layers.batchNormalization({ name: 'bound', betaConstraint })),
  alphaConstraint: alphaConstraint => withLayer(layers.prelu({ name: 'bound', alphaConstraint })),
  depthwiseConstraint: depthwiseConstraint => separable({ depthwiseConstraint }),
  pointwiseConstraint: pointwiseConstraint => separable({ pointwiseConstraint }),
};

function dense(options: object): tfl.LayersModel {
  return tfl.sequential({
    layers: [
      layers.dense({
        name: 'bound',
        units: 16,
        inputShape: [2],
        activation: 'relu',
        kernelInitializer: random(1),
        biasInitializer: random(4),
        ...options,
      }),
      layers.dense({ units: 8, activation: 'relu', kernelInitializer: random(2) }),
      layers.dense({ units: 1, kernelInitializer: random(3) }),
    ],
  });
}

function withLayer(layer: tfl.layers.Layer): tfl.LayersModel {
  return tfl.sequential({
    layers: [
      layers.dense({ units: 12, inputShape: [2], kernelInitializer: random(1) }),
      layer,
      ...(layer.getClassName() === 'PReLU' ? [] : [layers.leakyReLU({ alpha: 0.1 })]),
      layers.dense({ units: 1, kernelInitializer: random(3) }),
    ],
  });
}

function separable(options: object): tfl.LayersModel {
  return tfl.sequential({
    layers: [
      layers.dense({ units: 12, inputShape: [2], kernelInitializer: random(1) }),
      layers.reshape({ targetShape: [2, 2, 3] }),
      layers.separableConv2d({
        name: 'bound',
        filters: 4,
        kernelSize: 2,
        activation: 'relu',
        depthwiseInitializer: random(2),
        pointwiseInitializer: random(3),
        ...options,
      }),
      layers.flatten(),
      layers.dense({ units: 1, kernelInitializer: random(5) }),
    ],
  });
}

// Constraints are the framework's, not a backend's.
describe.each(backends.slice(0, 1))('on %s', backend => {
  beforeAll(() => useBackend(backend));

  const cases = Object.keys(places).flatMap(place =>
    kinds.map(([kind, constraint]) => ({ place, kind, constraint })),
  );

  describe.each(cases)('$place $kind', ({ place, constraint }) => {
    const trained = async () => {
      const policed = constrain(places[place](constraint), { regions });
      policed.compile({ optimizer: tf.train.sgd(0.05), loss: 'meanSquaredError' });
      // The optimizer leaves the constraint behind; what is loaded is what was saved all the same.
      await policed.trainOnBatch(toTensor(x), toTensor(randomRows(x.rows, 1, 4)));
      return policed;
    };

    test('the frozen model is the one certified, saved and loaded too', async () => {
      const policed = await trained();
      const { model, network } = freeze(policed);
      const loaded = await reloaded(model);
      expect(weightsOf(loaded)).toEqual(weightsOf(model));
      for (const net of [network, toNetwork(model), toNetwork(loaded)]) {
        expect(certify(net, regions).certified).toBe(true);
      }
      for (const each of [policed, model, loaded]) expect(bend(each, network, regions, 1)).toBeLessThan(1);
    });

    test('the constrained model is loaded as it was saved, and keeps its constraint', async () => {
      const policed = await trained();
      const loaded = await reloaded(policed);
      expect(weightsOf(loaded)).toEqual(weightsOf(policed));
      expect(predict(loaded, x)).toEqual(predict(policed, x));
      // From the second write on the constraint is the framework's again.
      const twin = places[place](constraint);
      for (const model of [innerOf(loaded), twin]) model.setWeights(weightsLike(model, -2));
      expect(weightsOf(innerOf(loaded))).toEqual(weightsOf(twin));
    });

    test('mode project refuses it by name', async () => {
      const error = await errorOf(() => constrain(places[place](constraint), { regions, mode: 'project' }));
      expect(error).toMatchObject({ code: 'invalid-option', where: 'bound' });
      expect(error.remedy).toContain("mode 'shift'");
    });
  });

  const weightsLike = (model: tfl.LayersModel, value: number) =>
    model.getWeights().map(weight => tf.fill(weight.shape, value));

  test.each(['shift', 'project'] as const)('layers that do not train, mode %s', async mode => {
    const model = makeModel([2, 6, 6, 1], 'relu');
    model.layers[2].trainable = false;
    const policed = constrain(model, { regions, mode });
    const before = model.layers[2].getWeights().map(weight => weight.dataSync().slice());
    policed.compile({ optimizer: tf.train.sgd(0.05), loss: 'meanSquaredError' });
    await policed.trainOnBatch(toTensor(x), toTensor(randomRows(x.rows, 1, 4)));
    const [kernel, bias] = model.layers[2].getWeights().map(weight => weight.dataSync());
    expect(kernel).toEqual(before[0]);
    // Its bias is where mode `project` keeps the shifts.
    if (mode === 'shift') expect(bias).toEqual(before[1]);
    else expect(bend(await reloaded(model), toNetwork(model), regions, 1)).toBeLessThan(1);
    const { model: plain } = freeze(policed);
    const loaded = await reloaded(plain);
    expect(weightsOf(loaded)).toEqual(weightsOf(plain));
    expect(certify(toNetwork(loaded), regions).certified).toBe(true);
    const again = await reloaded(policed);
    expect(predict(again, x)).toEqual(predict(policed, x));
  });

  test('freeze refuses a model whose layers change what is written to them', async () => {
    const policed = constrain(makeModel([2, 6, 1], 'relu'), { regions: [boxAround([0, 0], [2, 2])] });
    const { Dense } = tf.serialization.SerializationMap.getMap().classNameMap;
    const [cls, fromConfig] = Dense;
    const spoilt: typeof fromConfig = (...args) => {
      const layer = fromConfig(...args);
      const { build } = layer as unknown as { build(shape: number[]): void };
      Object.assign(layer, {
        build(shape: number[]) {
          build.call(layer, shape);
          const [, bias] = (layer as unknown as tfl.layers.Layer).weights;
          const write = bias.write.bind(bias);
          bias.write = value => write(tf.mul(value, 0.5));
        },
      });
      return layer;
    };
    tf.serialization.SerializationMap.getMap().classNameMap.Dense = [cls, spoilt];
    try {
      expect(await errorOf(() => freeze(policed))).toMatchObject({ code: 'unsupported-layer' });
    } finally {
      tf.serialization.SerializationMap.getMap().classNameMap.Dense = [cls, fromConfig];
    }
  });
});
