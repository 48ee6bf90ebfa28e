import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boxAround, certify, chordProbe, type Matrix, type Region } from '@police/core';
import {
  type ConstraintReport,
  constrain,
  constraintLog,
  freeze,
  policedLayerOf,
  toNetwork,
} from '@police/tfjs/all';
import { nodeFiles } from '@police/tfjs/node';
import { register } from '@police/tfjs-wasm-training';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  backends,
  bend,
  disagreement,
  errorOf,
  FLOAT32_ROUNDOFF,
  float32Bound,
  gradientBound,
  innerOf,
  largest,
  largestDifference,
  makeModel,
  pointsOn,
  predict,
  randomRows,
  seededRng,
  toInput,
  toMatrix,
  toTensor,
  trainableOf,
  useBackend,
  weightsOf,
} from './helpers.js';
import { modelCases } from './models.js';

const { layers } = tfl;
const modes = ['shift', 'project'] as const;
const WIDTHS = [2, 10, 10, 1];
const square = () => boxAround([0, 0], [0.5, 0.5]);
const x = () => toTensor(randomRows(24, 2, 11, 2));
const y = () => tf.tidy(() => tf.sum(tf.abs(x()), 1, true));

/** Largest change of a weight for a difference quotient: so small that it meets no kink. */
const GRADIENT_STEP = 2 ** -13;

const residualOf = (model: tfl.LayersModel, region: Region, of: (points: Matrix) => Matrix): number => {
  const probe = chordProbe(region, 24, seededRng(1));
  return probe.residual(of(probe.points)) / (2 * float32Bound(toNetwork(model), probe.points));
};

describe.each(backends)('on %s', backend => {
  beforeAll(async () => {
    if (backend === 'wasm') register();
    await useBackend(backend);
  });

  test.each(modes)('margin keeps pre-activations off their kinks, mode %s', async mode => {
    const margin = 0.125;
    const policed = constrain(makeModel(WIDTHS, 'leakyRelu'), { regions: [square()], margin, mode });
    policed.compile({ optimizer: tf.train.adam(0.02), loss: 'meanSquaredError' });
    await policed.fit(x(), y(), { epochs: 3, batchSize: 8, verbose: 0 });
    expect(bend(policed, toNetwork(policed), [square()], 1)).toBeLessThan(1);
    expect(disagreement(policed, toNetwork(policed), randomRows(20, 2, 3, 2))).toBeLessThan(1);
    const bound = float32Bound(toNetwork(policed), pointsOn([square()], 1));
    const { model, network } = freeze(policed);
    const proof = certify(network, [square()]);
    if (!proof.certified) throw new Error('not certified');
    for (const { smallestMargin } of proof.layers) expect(smallestMargin).toBeGreaterThan(margin - bound);
    expect(certify(toNetwork(model), [square()]).certified).toBe(true);
  });

  test('refresh computes shifts every so many steps, inference and freezing anew', async () => {
    let ranges = 0;
    const region = square();
    const counted: Region = {
      ...region,
      range: h => {
        ranges++;
        return region.range(h);
      },
    };
    const policed = constrain(makeModel(WIDTHS, 'leakyRelu'), { regions: [counted], refresh: 4 });
    policed.compile({ optimizer: tf.train.adam(0.02), loss: 'meanSquaredError' });
    const perStep: number[] = [];
    for (let step = 0; step < 9; step++) {
      ranges = 0;
      await policed.trainOnBatch(x(), y());
      perStep.push(ranges);
    }
    expect(perStep).toEqual([2, 0, 0, 0, 2, 0, 0, 0, 2]);
    expect(bend(policed, toNetwork(policed), [region], 1)).toBeLessThan(1);
    expect(certify(freeze(policed).network, [region]).certified).toBe(true);
  });

  test('batch normalisation in training: frames pass with the batch’s own statistics', () => {
    const { make } = modelCases.find(({ what }) => what.includes('batch normalisation'))!;
    const size = 16;
    const region = boxAround(randomRows(1, size, 3, 0.5).data, new Float64Array(size).fill(0.3));
    const policed = constrain(make(), { regions: [region] });
    const plain = make();
    const optimizer = tf.train.sgd(0.02);
    for (let step = 0; step < 3; step++) {
      const training = (points: Matrix) =>
        toMatrix(policed.apply(toInput(policed, points), { training: true }) as tf.Tensor);
      expect(residualOf(policed, region, training), `step ${step}`).toBeLessThan(BATCH_NORM_ALLOWANCE);
      expect(bend(policed, toNetwork(policed), [region], step)).toBeLessThan(1);
      const given = toInput(policed, randomRows(8, size, step, 2));
      optimizer.minimize(
        () => tf.mean(tf.square(policed.apply(given, { training: true }) as tf.Tensor)) as tf.Scalar,
        false,
        trainableOf(policed),
      );
    }
    // Without regions it is the framework's own training, moving averages included.
    const twin = constrain(make(), { regions: [] });
    const given = toInput(plain, randomRows(8, size, 1, 2));
    const outputs = (model: tfl.LayersModel) =>
      (model.apply(given, { training: true }) as tf.Tensor).dataSync();
    // tfjs needs both γ and β to train.
    for (const layer of plain.layers) Object.assign(layer, fullBatchNorm(layer));
    const [ours, theirs] = [outputs(twin), outputs(plain)];
    expect(largestDifference(ours, theirs)).toBeLessThan(
      BATCH_NORM_ROUNDINGS * FLOAT32_ROUNDOFF * largest(theirs),
    );
    weightsOf(plain).forEach((values, i) => {
      expect(largestDifference(weightsOf(innerOf(twin))[i], values)).toBeLessThan(
        BATCH_NORM_ROUNDINGS * FLOAT32_ROUNDOFF * (1 + largest(values)),
      );
    });
  });

  test('the gradient in training goes through the batch’s statistics, of the shifts too', () => {
    const { make } = modelCases.find(({ what }) => what.includes('batch normalisation'))!;
    const size = 16;
    const region = boxAround(randomRows(1, size, 3, 0.5).data, new Float64Array(size).fill(0.3));
    const policed = constrain(make(), { regions: [region] });
    const given = toInput(policed, randomRows(8, size, 1, 2));
    const loss = () => tf.mean(tf.square(policed.apply(given, { training: true }) as tf.Tensor)) as tf.Scalar;
    loss(); // so that there are sides to keep
    const variables = trainableOf(policed);
    const { grads, value } = tf.variableGrads(loss, variables);
    const rng = seededRng(5);
    let largestChange = 0;
    const bound = gradientBound(toNetwork(policed), 8, [region], value.dataSync()[0]);
    for (const variable of variables) {
      const values = variable.dataSync().slice() as Float32Array;
      const at = (sign: number) => {
        const moved = values.map((w, i) => w + sign * change[i]);
        variable.assign(tf.tensor(moved, variable.shape));
        return { moved, loss: loss().dataSync()[0] };
      };
      const change = values.map(() => GRADIENT_STEP * (2 * rng() - 1));
      const [up, down] = [at(1), at(-1)];
      variable.assign(tf.tensor(values, variable.shape));
      const gradient = grads[variable.name].dataSync();
      const predicted = values.reduce((sum, _, i) => sum + gradient[i] * (up.moved[i] - down.moved[i]), 0);
      largestChange = Math.max(largestChange, Math.abs(predicted));
      expect(Math.abs(up.loss - down.loss - predicted), variable.name).toBeLessThan(bound);
    }
    expect(largestChange).toBeGreaterThan(10 * bound);
  });

  test('a residual net with batch normalisation and max-pooling keeps its residual through training', async () => {
    const { make } = modelCases.find(({ what }) => what.includes('batch normalisation'))!;
    const size = 16;
    const regions = [3, 4].map(seed =>
      boxAround(randomRows(1, size, seed, 1).data, new Float64Array(size).fill(0.1)),
    );
    const policed = constrain(make(), { regions });
    policed.compile({ optimizer: tf.train.adam(0.02), loss: 'meanSquaredError' });
    const inputs = toInput(policed, randomRows(32, size, 5, 2));
    const targets = tf.tidy(() => tf.stack([tf.max(inputs, [1, 2, 3]), tf.min(inputs, [1, 2, 3])], 1));
    const losses: number[] = [];
    for (let step = 0; step < 60; step++) {
      losses.push((await policed.trainOnBatch(inputs, targets)) as number);
      expect(bend(policed, toNetwork(policed), regions, step), `step ${step}`).toBeLessThan(1);
    }
    expect(losses.at(-1)).toBeLessThan(losses[0] / 4);
  });

  test.each([
    ['dropout', () => layers.dropout({ rate: 0.5, seed: 3 })],
    ['gaussian dropout', () => layers.gaussianDropout({ rate: 0.5 })],
    ['gaussian noise', () => layers.gaussianNoise({ stddev: 0.5 })],
    ['alpha dropout', () => layers.alphaDropout({ rate: 0.5 })],
  ])('%s disturbs the data in training, never the frames', async (_, noise) => {
    const model = tfl.sequential({
      layers: [
        layers.dense({
          units: 12,
          inputShape: [2],
          kernelInitializer: tfl.initializers.heNormal({ seed: 1 }),
        }),
        noise(),
        layers.leakyReLU({ alpha: 0.1 }),
        noise(),
        layers.dense({ units: 1, kernelInitializer: tfl.initializers.heNormal({ seed: 2 }) }),
      ],
    });
    const policed = constrain(model, { regions: [square()] });
    policed.compile({ optimizer: tf.train.adam(0.02), loss: 'meanSquaredError' });
    const training = () => (policed.apply(x(), { training: true }) as tf.Tensor).dataSync();
    expect(largestDifference(training(), (policed.predict(x()) as tf.Tensor).dataSync())).toBeGreaterThan(
      0.01,
    );
    for (let step = 0; step < 4; step++) {
      await policed.trainOnBatch(x(), y());
      expect(bend(policed, toNetwork(policed), [square()], step)).toBeLessThan(1);
    }
    const { model: frozen } = freeze(policed);
    expect(frozen.layers.map(layer => layer.getClassName())).toEqual(
      model.layers.map(layer => layer.getClassName()),
    );
    expect(certify(toNetwork(frozen), [square()]).certified).toBe(true);
  });

  test.each(['option', 'layer', 'softmax', 'sigmoid'])(
    'a final softmax or sigmoid as %s stays outside',
    async how => {
      const head = how === 'sigmoid' ? 'sigmoid' : 'softmax';
      const model = tfl.sequential({
        layers: [
          layers.dense({ units: 8, inputShape: [2], activation: 'relu' }),
          layers.dense({ units: 3, ...(how === 'option' ? { activation: head } : {}) }),
          ...(how === 'layer' || how === 'sigmoid' ? [layers.activation({ activation: head })] : []),
          ...(how === 'softmax' ? [layers.softmax()] : []),
        ],
      });
      const policed = constrain(model, { regions: [square()] });
      policed.compile({
        optimizer: tf.train.adam(0.05),
        loss: 'categoricalCrossentropy',
        metrics: ['accuracy'],
      });
      const classes = Array.from({ length: 24 }, (_, i) => i % 3);
      const labels = tf.oneHot(tf.tensor1d(classes, 'int32'), 3);
      await policed.fit(x(), tf.cast(labels, 'float32'), {
        epochs: 2,
        verbose: 0,
        classWeight: { 0: 1, 1: 2, 2: 0.5 },
      });
      const before = (points: Matrix) =>
        toMatrix(policedLayerOf(policed).beforeHead(toInput(policed, points)));
      expect(residualOf(policed, square(), before)).toBeLessThan(1);
      const logits = tf.tensor(Float32Array.from(before(randomRows(5, 2, 3)).data), [5, 3]);
      const expected = head === 'softmax' ? tf.softmax(logits) : tf.sigmoid(logits);
      const outputs = predict(policed, randomRows(5, 2, 3)).data;
      expect(Array.from(outputs)).toEqual(Array.from(expected.dataSync()));
      const { model: frozen, network } = freeze(policed);
      expect(certify(network, [square()]).certified).toBe(true);
      expect(largestDifference(predict(frozen, randomRows(5, 2, 3)).data, outputs)).toBeLessThan(
        float32Bound(network, randomRows(5, 2, 3)),
      );
      expect(frozen.layers.map(layer => layer.getClassName())).toEqual(
        model.layers.map(layer => layer.getClassName()),
      );
    },
  );

  test('a checkpoint in a folder resumes as if never interrupted', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'police-'));
    const train = (model: tfl.LayersModel, epochs: number) =>
      model.fit(x(), y(), { epochs, batchSize: 8, shuffle: false, verbose: 0 });
    const compiled = () => {
      const model = constrain(makeModel(WIDTHS, 'leakyRelu'), { regions: [square()] });
      model.compile({ optimizer: tf.train.adam(0.02), loss: 'meanSquaredError' });
      return model;
    };
    const uninterrupted = compiled();
    await train(uninterrupted, 4);
    const interrupted = compiled();
    await train(interrupted, 2);
    await interrupted.save(nodeFiles(folder), { includeOptimizer: true });
    await interrupted.save(nodeFiles(folder), { includeOptimizer: true }); // over the first one
    const files = (await readdir(folder)).sort();
    expect(files).toEqual(['model.json', expect.stringMatching(/^weights\..*\.bin$/)]);
    const resumed = await tfl.loadLayersModel(nodeFiles(folder));
    await train(resumed, 2);
    expect(weightsOf(resumed)).toEqual(weightsOf(uninterrupted));
    await rm(join(folder, files[1]));
    expect(await errorOf(() => tfl.loadLayersModel(nodeFiles(folder)))).toMatchObject({
      code: 'invalid-option',
      where: folder,
    });
    // Paths that lead out of the folder are not followed.
    const topology = await readFile(join(folder, 'model.json'), 'utf8');
    await writeFile(join(folder, 'model.json'), topology.replace(files[1], '../weights.bin'));
    expect(await errorOf(() => tfl.loadLayersModel(nodeFiles(folder)))).toMatchObject({
      actual: "weights at '../weights.bin', which is not in that folder",
    });
    await writeFile(join(folder, 'model.json'), '{');
    expect(await errorOf(() => tfl.loadLayersModel(nodeFiles(folder)))).toMatchObject({ where: folder });
    await rm(folder, { recursive: true });
  });

  test.each(modes)('the log tells residual, shifts and share of time, mode %s', async mode => {
    const policed = constrain(makeModel(WIDTHS, 'leakyRelu'), { regions: [square()], mode });
    policed.compile({ optimizer: tf.train.adam(0.02), loss: 'meanSquaredError' });
    const reports: ConstraintReport[] = [];
    const log = (report: ConstraintReport) => reports.push(report);
    const fit = (callbacks: tfl.CustomCallbackArgs) =>
      policed.fit(x(), y(), { epochs: 2, batchSize: 8, verbose: 0, callbacks });
    await fit(constraintLog(policed, log));
    expect(reports.map(({ epoch, batch }) => [epoch, batch])).toEqual([
      [0, undefined],
      [1, undefined],
    ]);
    await fit(constraintLog(policed, log, { per: 'batch', chords: 4, random: seededRng(2) }));
    expect(reports.length).toBe(2 + 2 * 3);
    const bound = float32Bound(toNetwork(policed), pointsOn([square()], 1));
    for (const { residual, shifted, units, timeShare } of reports) {
      expect(residual).toBeLessThan(8 * bound); // at other weights than those of the bound
      expect(units).toBe(20);
      if (mode === 'shift') expect(shifted).toBeGreaterThan(0);
      expect(timeShare).toBeGreaterThan(0);
      expect(timeShare).toBeLessThan(1);
    }
  });

  test('a data set, and layers that do not train', async () => {
    const { make } = modelCases.find(({ what }) => what.includes('models in models'))!;
    const model = make();
    const nested = model.layers.find(layer => layer.name === 'branches')!;
    nested.trainable = false;
    const policed = constrain(model, { regions: [boxAround([0, 0, 0], [0.5, 0.5, 0.5])] });
    policed.compile({ optimizer: tf.train.adam(0.02), loss: 'meanSquaredError' });
    const before = nested.getWeights().map(weight => weight.dataSync().slice());
    // `fitDataset` disposes what it is given.
    const batches = () =>
      [1, 2, 3].map(seed => ({ xs: toTensor(randomRows(8, 3, seed)), ys: toTensor(randomRows(8, 2, seed)) }));
    const dataset = {
      size: 3,
      iterator: async () => {
        const list = batches().values();
        return { next: async () => list.next() };
      },
    } as unknown as Parameters<typeof policed.fitDataset>[0];
    const kernel = () => model.getWeights()[0].dataSync().slice();
    const first = kernel();
    await policed.fitDataset(dataset, { epochs: 2, verbose: 0 });
    expect(kernel()).not.toEqual(first);
    expect(nested.getWeights().map(weight => weight.dataSync())).toEqual(before);
  });
});

/** The bound is that of inference, whose statistics are not those of the batch. */
const BATCH_NORM_ALLOWANCE = 4;

/** Factor and offset against centring first, layer after layer. */
const BATCH_NORM_ROUNDINGS = 64;

/** A batch normalisation with γ = 1 and β = 0 in place of none. */
function fullBatchNorm(layer: tfl.layers.Layer): object {
  const { gamma, beta, movingMean } = layer as unknown as Record<string, tfl.LayerVariable | undefined>;
  if (!movingMean) return {};
  const shape = movingMean.shape as number[];
  return {
    gamma: gamma ?? { read: () => tf.ones(shape) },
    beta: beta ?? { read: () => tf.zeros(shape) },
  };
}
