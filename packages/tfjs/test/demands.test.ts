import {
  type AffineMap,
  box,
  boxAround,
  type Demand,
  demands,
  matrixFromRows,
  type Region,
  simplex,
} from '@police/core';
import { asProved, excessOf } from '@police/testing/demands';
import { type ConstrainOptions, constrain, freeze, type PatchedModel, toNetwork } from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  backends,
  errorOf,
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

/** On both regions: the point lies in them. */
const at = [0.1, 0];
const P = [
  [1, 0.2],
  [0.2, 0.6],
];
const kinds: Readonly<Record<string, Demand>> = {
  monotone: demands.monotone([
    [1, -1],
    [-1, 0],
  ]),
  'spectral norm': demands.lipschitz(0.3),
  'rows’ norms': demands.rowLipschitz([0.2, 0.3], 'infinity'),
  'row sums': demands.rowSums([1, -0.5]),
  symmetric: demands.symmetric(),
  dissipative: demands.dissipative(0.5),
  stable: demands.stable(0.4, { at, P }),
  hurwitz: demands.hurwitz(0.2, { at, P }),
  safe: demands.safe(
    [
      [1, 1],
      [-1, 0.5],
    ],
    [0.1, 0.2],
  ),
  through: demands.through([{ x: at, y: [0.5, -1] }]),
  several: demands.all(
    demands.symmetric(),
    demands.rowSums([0.5, 0.5]),
    demands.lipschitz(0.8),
    demands.through([{ x: at, y: [1, 0] }]),
  ),
};

/** What float32 loses in frames, corrections and sums of numbers of about 4. */
const FLOAT32 = 2 ** -18;

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));
  const [x, y] = [randomRows(24, 2, 11, 2), randomRows(24, 2, 12)];

  const constrained = (options: ConstrainOptions) => {
    const policed = constrain(makeModel(WIDTHS, 'leakyRelu'), options);
    policed.compile({ optimizer: tf.train.adam(0.02), loss: 'meanSquaredError' });
    return policed;
  };

  /** The map that the model computes on a region, from its values at the region's frame. */
  function mapOf(model: tfl.LayersModel, region: Region): AffineMap {
    const corners = [0, 1, 2].map(i =>
      Array.from({ length: 2 }, (_, k) => region.frame.data[k] + (i > 0 ? region.frame.data[2 * i + k] : 0)),
    );
    const values = predict(model, matrixFromRows(corners)).data;
    const [[a, b], [c, d]] = [1, 2].map(i => [corners[i][0] - corners[0][0], corners[i][1] - corners[0][1]]);
    const det = a * d - b * c;
    const rows = [0, 1].map(j => {
      const [u, v] = [1, 2].map(i => values[2 * i + j] - values[j]);
      return [(d * u - b * v) / det, (a * v - c * u) / det];
    });
    return {
      A: matrixFromRows(rows),
      b: Float64Array.from(rows, ([p, q], j) => values[j] - p * corners[0][0] - q * corners[0][1]),
    };
  }

  describe.each(Object.entries(kinds))('%s', (_, demand) => {
    test.each(['shift', 'patch'] as const)('holds at every step and after freezing, by %s', async method => {
      const region = square;
      const policed = constrained({ regions: [region], method, target: demand });
      const losses: number[] = [];
      for (let step = 0; step < 12; step++) {
        expect(excessOf(demand, mapOf(policed, region), region)).toBeLessThan(FLOAT32 * 16);
        losses.push((await policed.trainOnBatch(toTensor(x), toTensor(y))) as number);
      }
      expect(losses.at(-1)).toBeLessThan(losses[0]);
      const outputs = predict(policed, x).data;
      const { model, demands: proved, maps } = freeze(policed as PatchedModel);
      const { residual } = proved![0]!;
      expect(residual).toBeLessThanOrEqual(FLOAT32);
      expect(excessOf(asProved(demand), maps[0], region)).toBeLessThanOrEqual(residual + 2 ** -40);
      predict(model, x).data.forEach((value, i) => {
        expect(Math.abs(value - outputs[i])).toBeLessThan(FLOAT32 * 16);
      });
    });

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
      const policed = constrained({ regions: [square], method, target: kinds.several });
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

  test('patches of two regions have a target each, exact where float32 holds it', async () => {
    const regions = [box([-2, -2], [-1, -1]), box([1, 1], [2, 2]), box([-2, 1], [-1, 2])];
    const target = [
      demands.all(demands.antisymmetric(), demands.rowLipschitz([1, 1])),
      undefined,
      {
        A: matrixFromRows([
          [0, 0],
          [0, 0],
        ]),
        b: [0, 1],
      },
    ];
    const policed = constrained({ regions, method: 'patch', target });
    for (let step = 0; step < 6; step++) await policed.trainOnBatch(toTensor(x), toTensor(y));
    const { maps, demands: proved } = freeze(policed as PatchedModel);
    expect(proved).toEqual([{ demand: target[0], residual: 0 }, undefined, undefined]);
    expect(Array.from(maps[2].b)).toEqual([0, 1]);
    expect(excessOf(target[0] as Demand, maps[0], regions[0])).toBe(0);
    expect(excessOf(target[0] as Demand, maps[1], regions[1])).toBeGreaterThan(0.01);
    expect(toNetwork(policed).nodes.some(({ kind }) => kind === 'clamp')).toBe(true);
  });

  test.each<[string, string, Partial<ConstrainOptions>]>([
    ['infeasible-target', 'demand', { target: demands.all(demands.lipschitz(0.1), demands.rowSums([1, 1])) }],
    ['shape', 'monotone', { target: demands.monotone([[1]]) }],
    ['invalid-option', 'target', { target: [demands.symmetric(), demands.symmetric()] }],
    ['invalid-option', 'target', { target: 'symmetric' as never }],
    [
      'invalid-option',
      'target',
      { regions: [square, box([4, 4], [5, 5])], target: [undefined, demands.symmetric()] },
    ],
    ['infeasible-target', 'box', { regions: [box([0, 0], [1, 0])], target: demands.symmetric() }],
  ])('refuses what cannot be before training: %s at %s', async (code, where, options) => {
    const model = makeModel(WIDTHS, 'leakyRelu');
    const error = await errorOf(() => constrain(model, { regions: [square], ...options }));
    expect(error.code).toBe(code);
    expect(error.where).toContain(where);
  });
});
