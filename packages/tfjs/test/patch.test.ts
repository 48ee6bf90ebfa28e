import {
  ball,
  box,
  boxAround,
  certify,
  forward,
  gapOf,
  matrixFromRows,
  type Region,
  rowOf,
} from '@police/core';
import {
  constrain,
  constraintLog,
  freeze,
  mapPenalty,
  type PatchedModel,
  type PatchLayer,
  policedLayerOf,
  toNetwork,
} from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import {
  backends,
  errorOf,
  expectFiniteDifferences,
  largest,
  largestDifference,
  makeModel,
  predict,
  randomRows,
  reloaded,
  toInput,
  toTensor,
  trainableOf,
  useBackend,
  weightsOf,
} from './helpers.js';

const square = () => box([-0.5, -0.5], [0.5, 0.5]);
const dense = (units: number, more: object = {}) => tfl.layers.dense({ units, ...more });

/** A layer that core knows nothing of: it jumps. */
class Jumps extends tfl.layers.Layer {
  static readonly className = 'TestJumps';

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => tf.mul(tf.floor(tf.mul(Array.isArray(inputs) ? inputs[0] : inputs, 4)), 3));
  }
}
tf.serialization.registerClass(Jumps);

const smoothModel = () =>
  tfl.sequential({ layers: [dense(8, { activation: 'tanh', inputShape: [2] }), dense(2)] });
const jumpingModel = () =>
  tfl.sequential({ layers: [dense(8, { activation: 'selu', inputShape: [2] }), new Jumps({}), dense(2)] });

/** Points of a region, and around it. */
const inside = (region: Region, count: number) =>
  matrixFromRows(Array.from({ length: count }, (_, i) => region.sample(() => ((i + 1) * 0.618_034) % 1)));

function trained(model: PatchedModel, epochs: number, seed = 3): Promise<tfl.History> {
  model.compile({ optimizer: tf.train.sgd(0.05), loss: 'meanSquaredError' });
  const [x, y] = [randomRows(16, 2, seed, 2), randomRows(16, 2, seed + 1)];
  return model.fit(toTensor(x), toTensor(y), { epochs, batchSize: 4, shuffle: false, verbose: 0 });
}

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));

  test.each([
    ['smooth', smoothModel],
    ['jumping', jumpingModel],
  ])(
    'around a %s model: to the bit the map on the region, and the model between the cones',
    async (_, make) => {
      const region = square();
      const patched = constrain(make(), { regions: [region], method: 'patch', steepness: 3 });
      await trained(patched, 2);
      const { inner, patches } = patched.layers.at(-1) as PatchLayer;
      const onRegion = inside(region, 50);
      const [{ map }] = patches;
      const centreAt = (x: typeof onRegion) => {
        const y = tf.tidy(() =>
          tf.fused.matMul({ a: toTensor(x), b: map.A.read() as tf.Tensor2D, bias: map.b.read() }),
        );
        return Float64Array.from(y.dataSync());
      };
      expect(predict(patched, onRegion).data).toEqual(centreAt(onRegion));

      const around = randomRows(8000, 2, 9, 2);
      const [y, f, a] = [predict(patched, around).data, predict(inner, around).data, centreAt(around)];
      const gaps = forward(gapOf(region).network, around).data;
      const counts = { free: 0, held: 0 };
      y.forEach((value, i) => {
        const [low, high] = [Math.min(f[i], a[i]), Math.max(f[i], a[i])];
        expect(value).toBeGreaterThanOrEqual(low);
        expect(value).toBeLessThanOrEqual(high);
        const radius = 3 * gaps[i >> 1];
        if (Math.abs(f[i] - a[i]) <= radius * (1 - 2 ** -18)) {
          expect(value).toBe(f[i]);
          counts.free++;
        } else if (Math.abs(f[i] - a[i]) > radius * (1 + 2 ** -18)) {
          expect(value).not.toBe(f[i]);
          counts.held++;
        }
      });
      expect(Math.min(counts.free, counts.held)).toBeGreaterThan(10);
    },
  );

  test('gradients equal finite differences, and a tie is the value’s', () => {
    const regions = [square(), box([0.8, 0.8], [1.3, 1.2])];
    const patched = constrain(smoothModel(), { regions, method: 'patch', steepness: 2 });
    const [x, y] = [toTensor(randomRows(24, 2, 4, 1.5)), toTensor(randomRows(24, 2, 5))];
    const loss = () =>
      tf.losses.meanSquaredError(y, patched.apply(x, { training: true }) as tf.Tensor) as tf.Scalar;
    expectFiniteDifferences(loss, trainableOf(patched), 2 ** -9, 0.02);
    const [plain] = [constrain(smoothModel(), { regions: [], method: 'patch' })];
    const free = tf.variableGrads(() => tf.sum(plain.apply(x) as tf.Tensor), trainableOf(plain));
    expect(Object.keys(free.grads).length).toBe(4);
  });

  test('the gradient to the data passes the gap', () => {
    const patched = constrain(smoothModel(), { regions: [square()], method: 'patch', steepness: 1 });
    const x = toTensor(randomRows(30, 2, 6, 1.5));
    const sum = (z: tf.Tensor) => tf.sum(patched.apply(z) as tf.Tensor);
    const gradient = tf.grad(sum)(x).dataSync();
    const step = 2 ** -9;
    const at = (k: number, by: number) =>
      tf.tidy(() => {
        const away = tf.tensor2d(
          Float32Array.from({ length: 60 }, (_, i) => (i % 2 === k ? by : 0)),
          [30, 2],
        );
        return tf.sum(patched.apply(tf.add(x, away)) as tf.Tensor, 1).dataSync();
      });
    const misses = [0, 1].flatMap(k => {
      const [ahead, behind] = [at(k, step), at(k, -step)];
      return Array.from(ahead, (y, i) => Math.abs((y - behind[i]) / (2 * step) - gradient[2 * i + k]));
    });
    // A cone's edge between the two points makes the quotient another one.
    expect(misses.filter(miss => miss > 0.02).length).toBeLessThan(4);
  });

  test.each([
    ['as an option', () => [dense(3, { activation: 'softmax', name: 'logits' })]],
    ['as a layer', () => [dense(3, { name: 'logits' }), tfl.layers.softmax({})]],
    ['as a sigmoid', () => [dense(3, { name: 'logits' }), tfl.layers.activation({ activation: 'sigmoid' })]],
    [
      'in a model inside',
      () => [
        tfl.sequential({ layers: [dense(3, { name: 'logits', activation: 'softmax', inputShape: [8] })] }),
      ],
    ],
  ])('a final softmax %s stays outside', async (_, make) => {
    const model = tfl.sequential({ layers: [dense(8, { activation: 'tanh', inputShape: [2] }), ...make()] });
    const region = square();
    const patched = constrain(model, { regions: [region], method: 'patch' });
    const { model: plain, network, maps } = freeze(patched);
    const points = inside(region, 20);
    const logits = forward(network, points);
    expect(network.nodes.at(-1)!.kind).toBe('clamp');
    expect(certify(network, [region]).certified).toBe(true);
    expect(largestDifference(rowOf(logits, 0), valuesOf(maps[0], rowOf(points, 0)))).toBeLessThan(1e-6);
    const around = randomRows(40, 2, 2, 2);
    expect(largestDifference(predict(plain, around).data, predict(patched, around).data)).toBeLessThan(
      2 ** -22,
    );
    expect(largestDifference(predict(await reloaded(plain), around).data, predict(plain, around).data)).toBe(
      0,
    );
  });

  test('what core cannot read is no obstacle: images in and out, and a recurrent layer', () => {
    const images = tfl.sequential({
      layers: [
        tfl.layers.conv2d({
          filters: 2,
          kernelSize: 3,
          activation: 'tanh',
          padding: 'same',
          inputShape: [3, 3, 1],
        }),
      ],
    });
    const sequences = tfl.sequential({
      layers: [tfl.layers.simpleRNN({ units: 2, inputShape: [3, 3], recurrentInitializer: 'glorotNormal' })],
    });
    for (const model of [images, sequences]) {
      const region = boxAround(new Array(9).fill(0.1), new Array(9).fill(0.2));
      const patched = constrain(model, { regions: [region], method: 'patch', steepness: 0.01 });
      const { model: plain, network } = freeze(patched);
      const around = randomRows(20, 9, 3, 1);
      expect(plain.outputs[0].shape).toEqual(model.outputs[0].shape);
      const [found, expected] = [plain, patched].map(each => predict(each, around).data);
      if (backend !== 'webgl') expect(found).toEqual(expected);
      // A shader for each: the same sums in another order.
      expect(largestDifference(found, expected)).toBeLessThanOrEqual(2 ** -22 * largest(expected));
      expect(network.nodes.some(({ kind }) => kind === 'opaque')).toBe(model === sequences);
      expect(certify(network, [region]).certified).toBe(true);
    }
  });

  test('a saved model trains on as if never saved', async () => {
    const options = { regions: [square(), ball([3, 3], 0.5)], method: 'patch', steepness: 4 } as const;
    const patched = constrain(smoothModel(), {
      ...options,
      mapRegularizer: tfl.regularizers.l2({ l2: 0.1 }),
    });
    await trained(patched, 1);
    const loaded = (await reloaded(patched)) as PatchedModel;
    const x = randomRows(30, 2, 7, 2);
    expect(predict(loaded, x)).toEqual(predict(patched, x));
    expect(loaded.maps).toEqual(patched.maps);
    await trained(patched, 2, 8);
    await trained(loaded, 2, 8);
    expect(weightsOf(loaded)).toEqual(weightsOf(patched));
  });

  test('a target holds A, or A and b, at every step', async () => {
    const A = matrixFromRows([
      [1, -2],
      [0.5, 3],
    ]);
    for (const b of [undefined, [0.25, -1]]) {
      const patched = constrain(smoothModel(), {
        regions: [square()],
        method: 'patch',
        target: b ? { A, b } : { A },
      });
      const [before] = patched.maps;
      await trained(patched, 1);
      const [{ A: now, b: offset }] = patched.maps;
      expect(now).toEqual(A);
      if (b) expect(Array.from(offset)).toEqual(b);
      else expect(largestDifference(offset, before.b)).toBeGreaterThan(0);
    }
  });

  test('maps start as the fit, are regularised, and stand still when the layer does', async () => {
    const model = makeModel([2, 8, 2], 'relu');
    const far = box([40, 40], [40.1, 40.1]); // on one piece of the model
    const patched = constrain(model, {
      regions: [far],
      method: 'patch',
      mapRegularizer: tfl.regularizers.l2({ l2: 10 }),
    });
    const points = inside(far, 20);
    const [map] = patched.maps;
    const expected = predict(model, points).data;
    const found = Float64Array.from(expected, (_, i) => valuesOf(map, rowOf(points, i >> 1))[i % 2]);
    expect(largestDifference(found, expected)).toBeLessThan(2 ** -12 * largest(expected));
    await trained(patched, 3);
    expect(largest(patched.maps[0].A.data)).toBeLessThan(largest(map.A.data));
    patched.layers.at(-1)!.trainable = false;
    const weights = weightsOf(patched);
    patched.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    expect(patched.trainableWeights).toEqual([]);
    expect(weightsOf(patched)).toEqual(weights);
  });

  test('patches stand around patches, and around shifted models', () => {
    const shifted = freeze(
      constrain(makeModel([2, 6, 2], 'relu'), { regions: [box([2, 2], [2.5, 2.5])] }),
    ).model;
    const once = freeze(constrain(shifted, { regions: [square()], method: 'patch' })).model;
    const twice = constrain(once, { regions: [box([-3, -3], [-2, -2])], method: 'patch', steepness: 30 });
    const { network } = freeze(twice);
    const regions = [square(), box([2, 2], [2.5, 2.5])].map(region => certify(network, [region]).certified);
    expect(network.nodes.filter(({ kind }) => kind === 'clamp').length).toBe(2);
    expect(regions[0]).toBe(true);
  });

  test('constants that were moved are noticed', () => {
    const region = square();
    const { model } = freeze(constrain(makeModel([2, 6, 2], 'relu'), { regions: [region], method: 'patch' }));
    const facets = model.getLayer('patch_gap_facets');
    const [w, b] = facets.getWeights();
    facets.setWeights([w, tf.add(b, 0.01)]);
    expect(certify(toNetwork(model), [region]).certified).toBe(false);
    facets.setWeights([w, b]);
    const below = model.getLayer('patch_radius_below');
    below.setWeights(below.getWeights().map(k => tf.mul(k, 1.5)));
    expect(() => toNetwork(model)).toThrow('Minimum');
  });

  test('a step leaves nothing behind, and reads nothing back where that is a wait', () => {
    const patched = constrain(smoothModel(), { regions: [square(), ball([3, 3], 0.5)], method: 'patch' });
    const [x, y] = [toTensor(randomRows(8, 2, 1)), toTensor(randomRows(8, 2, 2))];
    const optimizer = tf.train.sgd(0.1);
    const step = () =>
      optimizer.minimize(
        () => tf.losses.meanSquaredError(y, patched.apply(x, { training: true }) as tf.Tensor) as tf.Scalar,
      );
    step();
    const before = tf.memory().numTensors;
    const read = vi.spyOn(tf.backend(), 'readSync');
    step();
    expect(tf.memory().numTensors).toBe(before);
    if (backend === 'webgl') expect(read).not.toHaveBeenCalled();
    read.mockRestore();
    patched.dispose();
    expect(tf.memory().numTensors).toBeLessThan(before - 10);
  });

  test.each([
    ['policy', { policy: 'minimal' }],
    ['mode', { mode: 'project' }],
    ['epsilon', { epsilon: 0.1 }],
    ['steepness', { steepness: -1 }],
    ['steepness', { steepness: Number.NaN }],
    [
      'target',
      {
        regions: [square(), ball([3, 3], 1)],
        target: {
          A: matrixFromRows([
            [1, 0],
            [0, 1],
          ]),
        },
      },
    ],
    ['regions 0 and 1', { regions: [square(), box([0, 0], [1, 1])] }],
  ])('refuses %s that has no place in a patch', async (where, options) => {
    const action = () =>
      constrain(smoothModel(), { regions: [square()], method: 'patch', ...options } as never);
    expect(await errorOf(action)).toMatchObject({ code: 'invalid-option', where });
  });

  test('refuses what only shifts have, data with NaN, and rows of another shape', async () => {
    const patched = constrain(smoothModel(), { regions: [square()], method: 'patch' });
    for (const action of [
      () => policedLayerOf(patched),
      () => mapPenalty(patched, [undefined]),
      () => constraintLog(patched, () => {}),
    ])
      expect(await errorOf(action)).toMatchObject({
        code: 'unsupported-layer',
        actual: "one with method 'patch'",
      });
    const x = randomRows(4, 2, 1);
    expect(await errorOf(() => freeze(patched, { calibrate: toTensor(x) }))).toMatchObject({
      code: 'invalid-option',
    });
    expect(await errorOf(() => patched.apply(tf.ones([2, 3])))).toMatchObject({ code: 'shape' });
    if (backend === 'webgl') return;
    x.data[3] = Number.NaN;
    const weights = weightsOf(patched);
    patched.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const y = toTensor(randomRows(4, 2, 2));
    expect(await errorOf(() => patched.fit(toInput(patched, x), y, { verbose: 0 }))).toMatchObject({
      code: 'not-finite',
    });
    expect(weightsOf(patched)).toEqual(weights);
  });
});

const valuesOf = (
  { A, b }: { A: { rows: number; cols: number; data: Float64Array }; b: Float64Array },
  x: Float64Array,
) => b.map((offset, j) => x.reduce((sum, value, k) => sum + A.data[j * A.cols + k] * value, offset));
