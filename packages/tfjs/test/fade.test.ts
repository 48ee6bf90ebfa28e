import {
  ball,
  box,
  boxAround,
  certify,
  enforce,
  forward,
  gapOf,
  lookahead,
  matrixFromRows,
  type Region,
} from '@police/core';
import {
  accumulateGradients,
  constrain,
  freeze,
  type PolicedModel,
  policedLayerOf,
  toNetwork,
} from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  backends,
  bend,
  disagreement,
  errorOf,
  expectFiniteDifferences,
  float32Bound,
  largest,
  largestDifference,
  layerKinds,
  makeModel,
  pointsOn,
  predict,
  randomRows,
  reloaded,
  stackRows,
  toTensor,
  trainableOf,
  useBackend,
  weightsOf,
} from './helpers.js';
import { modelCases } from './models.js';

const square = () => box([-0.5, -0.5], [0.5, 0.5]);
/** Beside the square, and within the bands that its facets bound: hinges of either bend on the other. */
const beside = () => box([1.2, -0.2], [1.6, 0.7]);
const FADE = 0.3;

/** Points outside every shell, and how many of those given these are. */
function beyond(regions: readonly Region[], width: number, seed: number, count = 400) {
  const points = randomRows(count, regions[0].size, seed, 3);
  const gaps = regions.map(region => forward(gapOf(region).network, points).data);
  const rows = Array.from({ length: count }, (_, i) => i).filter(i =>
    gaps.every(gap => gap[i] > width * (1 + 2 ** -10)),
  );
  expect(rows.length).toBeGreaterThan(20);
  const { cols, data } = points;
  return matrixFromRows(rows.map(i => data.slice(i * cols, (i + 1) * cols)));
}

const data = (seed: number, rows = 16) => ({
  x: toTensor(randomRows(rows, 2, seed, 2)),
  y: toTensor(randomRows(rows, 2, seed + 1)),
});

async function trained(model: PolicedModel, steps: number, seed = 3): Promise<void> {
  model.compile({ optimizer: tf.train.sgd(0.05), loss: 'meanSquaredError' });
  const { x, y } = data(seed);
  for (let step = 0; step < steps; step++) await model.trainOnBatch(x, y);
}

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));

  test.each(layerKinds)(
    '%s: affine on each region at every step, to the bit as without beyond the shells',
    async kind => {
      const regions = [square(), beside()];
      const model = makeModel([2, 8, 6, 2], kind);
      const policed = constrain(model, { regions, fade: FADE });
      expect(bend(model, toNetwork(model), regions, 0), 'unconstrained').toBeGreaterThan(10);
      const far = beyond(regions, FADE, 4);
      const free = constrain(model, { regions: [] });
      for (let step = 0; step < 4; step++) {
        const alone = regions.map(region => constrain(model, { regions: [region], fade: FADE }));
        regions.forEach((region, r) => {
          const scale = toNetwork(alone[r]);
          expect(bend(policed, scale, [region], step), `region ${r}, step ${step}`).toBeLessThan(1);
        });
        expect(predict(policed, far).data).toEqual(predict(free, far).data);
        await trained(policed, 1, step);
      }
      expect(policedLayerOf(policed).shifted.units).toBeGreaterThan(0);
    },
  );

  test.each(['exact', 'local'] as const)(
    'gradient %s: finite differences, on the tape and in micro-batches',
    gradient => {
      // Both are the same where one layer alone is shifted.
      const widths = gradient === 'exact' ? [2, 6, 5, 2] : [2, 8, 2];
      const policed = constrain(makeModel(widths, 'leakyRelu'), {
        regions: [square(), beside()],
        fade: FADE,
        gradient,
      });
      const { x, y } = data(5, 40);
      const loss = (): tf.Scalar =>
        tf.losses.meanSquaredError(y, policed.apply(x, { training: true }) as tf.Tensor) as tf.Scalar;
      loss(); // settles the sides
      expectFiniteDifferences(loss, trainableOf(policed), 2 ** -9, 0.03);
      const whole = tf.variableGrads(loss, trainableOf(policed)).grads;
      const halves = [0, 20].map(
        at => [tf.slice(x, [at, 0], [20, 2]), tf.slice(y, [at, 0], [20, 2])] as const,
      );
      const { grads } = accumulateGradients(
        policed,
        halves,
        (wanted, output) => tf.div(tf.losses.meanSquaredError(wanted, output), 2) as tf.Scalar,
      );
      const scale = largest(grads.flatMap(({ tensor }) => Array.from(tensor.dataSync())));
      for (const { name, tensor } of grads)
        expect(largestDifference(whole[name].dataSync(), tensor.dataSync()), name).toBeLessThan(
          2 ** -16 * scale,
        );
    },
  );

  test('the wider the shell, the nearer to shifts that hold everywhere', () => {
    const region = square();
    const model = makeModel([2, 8, 6, 2], 'relu');
    const points = stackRows([randomRows(200, 2, 6, 3), pointsOn([region], 1)]);
    const everywhere = predict(constrain(model, { regions: [region] }), points).data;
    const off = [0.1, 1e2, 1e6, 1e12].map(fade =>
      largestDifference(predict(constrain(model, { regions: [region], fade }), points).data, everywhere),
    );
    const bound = 2 * float32Bound(toNetwork(constrain(model, { regions: [region] })), points);
    expect(off[0]).toBeGreaterThan(100 * bound);
    expect(off[1]).toBeLessThan(off[0]);
    expect(off[3]).toBeLessThan(bound);
  });

  test('frozen: stock layers, certified as read, the same outputs, and as without beyond the shells', async () => {
    for (const regions of [[square()], [square(), beside()], [ball([0.3, 0], 0.6)]]) {
      const model = makeModel([2, 8, 6, 2], 'leakyRelu');
      const policed = constrain(model, { regions, fade: FADE });
      await trained(policed, 3);
      const weights = weightsOf(policed);
      const { model: plain, network, maps, report } = freeze(policed);
      expect(plain.layers.every(layer => !layer.getClassName().startsWith('Police'))).toBe(true);
      expect(certify(network, regions).certified).toBe(true);
      expect(certify(toNetwork(plain), regions).certified).toBe(true);
      expect(maps.length).toBe(regions.length);
      expect(report.shifted).toBeGreaterThan(0);
      const around = stackRows([pointsOn(regions, 2), randomRows(100, 2, 8, 2)]);
      const bound = 2 * float32Bound(network, around);
      expect(largestDifference(predict(plain, around).data, predict(policed, around).data)).toBeLessThan(
        bound,
      );
      expect(disagreement(policed, toNetwork(policed), around)).toBeLessThan(2);
      const far = beyond(regions, FADE, 9);
      expect(predict(plain, far).data).toEqual(predict(model, far).data);
      expect(predict(await reloaded(plain), around)).toEqual(predict(plain, around));
      expect(weightsOf(policed)).toEqual(weights);
      expect(enforce(network, regions, { lookahead }).report.shifted).toBe(0);
    }
  });

  test.each(modelCases.filter(({ inBrowser }) => backend !== 'webgl' || inBrowser))(
    'frozen: $what',
    async ({ make, scale = 1 }) => {
      const model = make();
      const size = (model.inputs[0].shape.slice(1) as number[]).reduce((product, n) => product * n, 1);
      const region = boxAround(
        randomRows(1, size, 3, 0.5 * scale).data,
        new Float64Array(size).fill(0.3 * scale),
      );
      const constrained = () => constrain(model, { regions: [region], fade: 0.5 });
      if (toNetwork(model).nodes.some(({ kind }) => kind === 'max')) {
        expect(await errorOf(constrained)).toMatchObject({ code: 'unsupported-layer' });
        return;
      }
      const policed = constrained();
      const { model: plain, network } = freeze(policed);
      const around = stackRows([pointsOn([region], 1), randomRows(12, size, 5, 3 * scale)]);
      const bound = 2 * float32Bound(network, around);
      expect(largestDifference(predict(plain, around).data, predict(policed, around).data)).toBeLessThan(
        bound,
      );
      expect(certify(network, [region]).certified).toBe(true);
      expect(bend(policed, network, [region], 1)).toBeLessThan(1);
    },
  );

  test('a saved model trains on as if never saved', async () => {
    const policed = constrain(makeModel([2, 8, 2], 'relu'), { regions: [square(), beside()], fade: FADE });
    await trained(policed, 2);
    const loaded = (await reloaded(policed)) as PolicedModel;
    expect(policedLayerOf(loaded).settings.fade).toBe(FADE);
    const x = randomRows(30, 2, 7, 2);
    expect(predict(loaded, x)).toEqual(predict(policed, x));
    await trained(policed, 2, 8);
    await trained(loaded, 2, 8);
    expect(weightsOf(loaded)).toEqual(weightsOf(policed));
  });

  test('a step leaves nothing behind, and disposing frees the gaps', () => {
    const policed = constrain(makeModel([2, 8, 2], 'relu'), { regions: [square(), beside()], fade: FADE });
    const { x, y } = data(1);
    const optimizer = tf.train.sgd(0.1);
    const step = () =>
      optimizer.minimize(
        () => tf.losses.meanSquaredError(y, policed.apply(x, { training: true }) as tf.Tensor) as tf.Scalar,
      );
    step();
    const before = tf.memory().numTensors;
    step();
    expect(tf.memory().numTensors).toBe(before);
    policed.dispose();
    expect(tf.memory().numTensors).toBeLessThan(before - 4);
  });

  test('shells that reach another region are refused, and those that do not are not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0.05, max: 3, noNaN: true }),
        fc.double({ min: 0.05, max: 3, noNaN: true }),
        async (way, fade) => {
          const regions = [square(), box([0.5 + way / 2, -3], [2 + way, 3])];
          const action = () => constrain(makeModel([2, 4, 2], 'relu'), { regions, fade });
          // Of the small one's radii, 0.5 each, there are `way` between; of the large one's, of 0.75 + way / 4, fewer.
          const between = Math.min(way, way / 2 / (0.75 + way / 4));
          if (fade < 0.99 * between) return void action();
          if (fade > between)
            expect(await errorOf(action)).toMatchObject({
              code: 'invalid-option',
              where: 'fade width',
            });
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe('refused in words', () => {
  const pooled = () =>
    tfl.sequential({
      layers: [
        tfl.layers.maxPooling2d({ poolSize: 2, inputShape: [2, 2, 1] }),
        tfl.layers.flatten(),
        tfl.layers.dense({ units: 2 }),
      ],
    });
  const A = matrixFromRows([
    [1, 0],
    [0, 1],
  ]);
  test.each([
    ['mode', "mode 'project'", { mode: 'project' }],
    ['a target', 'a target', { target: { A } }],
    ['method patch', "method 'patch'", { method: 'patch' }],
    ['zero', '0', { fade: 0 }],
    ['a negative width', '-1', { fade: -1 }],
    ['infinity', 'Infinity', { fade: Number.POSITIVE_INFINITY }],
    ['NaN', 'NaN', { fade: Number.NaN }],
    ['a text', '0.1', { fade: '0.1' }],
  ])('%s', async (_, actual, options) => {
    const action = () =>
      constrain(makeModel([2, 4, 2], 'relu'), { regions: [square()], fade: FADE, ...options } as never);
    expect(await errorOf(action)).toMatchObject({ code: 'invalid-option', where: 'fade', actual });
  });

  test('a maximum, and a frozen model with shifts of its own', async () => {
    const region = box(new Float64Array(4), new Float64Array(4).fill(1));
    expect(await errorOf(() => constrain(pooled(), { regions: [region], fade: FADE }))).toMatchObject({
      code: 'unsupported-layer',
      actual: expect.stringContaining('maximum'),
    });
    const input = tfl.input({ shape: [2] });
    const branches = [1, 2].map(seed =>
      tfl.layers.dense({ units: 3, kernelInitializer: tfl.initializers.heNormal({ seed }) }).apply(input),
    );
    const sum = tfl.layers.reLU().apply(tfl.layers.add().apply(branches as tfl.SymbolicTensor[]));
    const residual = tfl.model({ inputs: input, outputs: sum as tfl.SymbolicTensor });
    const frozen = freeze(constrain(residual, { regions: [square()] })).model;
    expect(frozen.layers.some(layer => layer.getClassName() === 'PoliceShifted')).toBe(true);
    expect(await errorOf(() => constrain(frozen, { regions: [beside()], fade: FADE }))).toMatchObject({
      code: 'unsupported-layer',
      actual: expect.stringContaining('shifts of its own'),
    });
  });
});
