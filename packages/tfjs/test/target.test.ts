import { box, boxAround, chordProbe, matrixFromRows, type PrescribedMap, simplex } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { runOnnx } from '@police/testing/onnx-runtime';
import { type ConstrainOptions, constrain, freeze, toNetwork } from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  backends,
  errorOf,
  expectFiniteDifferences,
  float32Bound,
  largestDifference,
  makeModel,
  predict,
  randomRows,
  seededRng,
  toTensor,
  trainableOf,
  useBackend,
} from './helpers.js';

const WIDTHS = [2, 8, 8, 2];
const A = matrixFromRows([
  [1, -2],
  [0.5, 3],
]);
const whole: PrescribedMap = { A, b: [0.25, -1] };
const jacobian: PrescribedMap = { A };
const regions = {
  box: () => boxAround([0.2, -0.1], [0.5, 0.4]),
  triangle: () =>
    simplex([
      [-1, -1],
      [1, -0.5],
      [0, 1],
    ]),
};

const wantedAt = ({ data, rows }: { data: Float64Array; rows: number }, b: ArrayLike<number>) =>
  Float64Array.from({ length: 2 * rows }, (_, i) => {
    const [row, j] = [Math.floor(i / 2), i % 2];
    return A.data[2 * j] * data[2 * row] + A.data[2 * j + 1] * data[2 * row + 1] + b[j];
  });

/** Room for the frames' own rounding, carried to the correction. */
const ROUNDINGS = 8;

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));

  const constrained = (options: Partial<ConstrainOptions> & Pick<ConstrainOptions, 'regions'>) => {
    const policed = constrain(makeModel(WIDTHS, 'leakyRelu'), options);
    policed.compile({ optimizer: tf.train.adam(0.02), loss: 'meanSquaredError' });
    return policed;
  };
  const [x, y] = [randomRows(24, 2, 11, 2), randomRows(24, 2, 12)];

  test.each(['box', 'triangle'] as const)(
    'the outputs are the prescribed map on a %s at every step',
    async kind => {
      const region = regions[kind]();
      const policed = constrained({ regions: [region], target: whole });
      const { points } = chordProbe(region, 20, seededRng(1));
      const wanted = wantedAt(points, [0.25, -1]);
      const losses: number[] = [];
      for (let step = 0; step < 12; step++) {
        const bound = ROUNDINGS * float32Bound(toNetwork(policed), points);
        expect(largestDifference(predict(policed, points).data, wanted)).toBeLessThan(bound);
        losses.push((await policed.trainOnBatch(toTensor(x), toTensor(y))) as number);
      }
      expect(losses.at(-1)).toBeLessThan(losses[0]);
    },
  );

  test('of a Jacobian alone, the value at the centre stays the network’s own', () => {
    const region = regions.box();
    const policed = constrained({ regions: [region], target: jacobian });
    const free = constrained({ regions: [region] });
    const { points } = chordProbe(region, 20, seededRng(2));
    const centre = { rows: 1, cols: 2, data: Float64Array.of(0.2, -0.1) };
    const bound = ROUNDINGS * float32Bound(toNetwork(policed), points);
    const atCentre = predict(policed, centre).data;
    expect(largestDifference(atCentre, predict(free, centre).data)).toBeLessThan(bound);
    const offset = wantedAt(centre, [0, 0]).map((value, j) => atCentre[j] - value);
    expect(largestDifference(predict(policed, points).data, wantedAt(points, offset))).toBeLessThan(bound);
  });

  test.each([whole, jacobian])('gradients are finite differences', target => {
    const policed = constrained({ regions: [regions.triangle()], target });
    const inputs = toTensor(x);
    const loss = () =>
      tf.tidy(() => tf.mean(tf.square(policed.apply(inputs, { training: true }) as tf.Tensor)) as tf.Scalar);
    // Curvature, kinks of single samples, and the rounding of the loss over the step.
    expectFiniteDifferences(loss, trainableOf(policed), 2 ** -8, 0.03);
  });

  test('survives saving, freezing and ONNX', async () => {
    const region = regions.box();
    const policed = constrained({ regions: [region], target: whole });
    await policed.trainOnBatch(toTensor(x), toTensor(y));
    const outputs = predict(policed, x).data;
    let saved: tf.io.ModelArtifacts | undefined;
    await policed.save(
      tf.io.withSaveHandler(async artifacts => {
        saved = artifacts;
        return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
      }),
    );
    const loaded = await tfl.loadLayersModel(tf.io.fromMemory(saved!));
    expect(predict(loaded, x).data).toEqual(outputs);
    const { model, network } = freeze(policed);
    const bound = ROUNDINGS * float32Bound(network, x);
    expect(largestDifference(predict(model, x).data, outputs)).toBeLessThan(bound);
    const { points } = chordProbe(region, 20, seededRng(1));
    const wanted = wantedAt(points, [0.25, -1]);
    const atPoints = ROUNDINGS * float32Bound(network, points);
    expect(largestDifference(predict(model, points).data, wanted)).toBeLessThan(atPoints);
    const run = await runOnnx(exportOnnx(network, { regions: [region] }), points);
    expect(largestDifference(run.data, wanted)).toBeLessThan(atPoints);
  });

  test.each<[string, Partial<ConstrainOptions>]>([
    ['invalid-option', { regions: [box([0, 0], [1, 1]), box([2, 2], [3, 3])] }],
    ['invalid-option', { mode: 'project' }],
    ['invalid-option', { refresh: 4 }],
    ['infeasible-target', { regions: [box([0, 0], [1, 0])] }],
    ['shape', { target: { A: matrixFromRows([[1, 2]]) } }],
    ['not-finite', { target: { A, b: [Number.NaN, 0] } }],
  ])('refuses what cannot be: %s', async (code, options) => {
    const model = makeModel(WIDTHS, 'leakyRelu');
    const make = () => constrain(model, { regions: [regions.box()], target: whole, ...options });
    expect((await errorOf(make)).code).toBe(code);
  });
});
