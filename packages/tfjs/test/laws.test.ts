import {
  type AffineMap,
  boxAround,
  enforce,
  forward,
  type Matrix,
  type Policy,
  policedBackward,
  policedForward,
  type Region,
} from '@police/core';
import { constrain, freeze, type PolicedModel, policedLayerOf, toNetwork } from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  backends,
  bend,
  disagreement,
  float32Bound,
  gradientBound,
  innerOf,
  type LayerKind,
  largest,
  largestDifference,
  layerKinds,
  makeModel,
  makeRegion,
  pointsOn,
  predict,
  type RegionKind,
  randomRows,
  seededRng,
  stackRows,
  toMatrix,
  toTensor,
  trainableOf,
  useBackend,
  weightsOf,
} from './helpers.js';

const WIDTHS = [3, 10, 8, 2];
const modes = ['shift', 'project'] as const;
const regionSets: RegionKind[][] = [
  ['box'],
  ['flatBox', 'ball'],
  ['crossPolytope', 'simplex'],
  ['vPolytope'],
  ['point'],
  ['flatPolytope', 'box', 'ball'],
];

/** Inputs large enough that ReLU6 meets its second kink. */
const scaleOf = (kind: LayerKind) => (kind === 'relu6' ? 4 : 1);

function makeRegions(set: readonly RegionKind[], kind: LayerKind): Region[] {
  const rng = seededRng(7 + set.length);
  return set.map(regionKind => makeRegion(regionKind, WIDTHS[0], rng, scaleOf(kind)));
}

/** A x + b, row by row. */
const mapped = ({ A, b }: AffineMap, { rows, cols, data }: Matrix): Float64Array =>
  Float64Array.from({ length: rows * b.length }, (_, i) => {
    const [row, k] = [Math.floor(i / b.length), i % b.length];
    let sum = b[k];
    for (let j = 0; j < cols; j++) sum += A.data[k * cols + j] * data[row * cols + j];
    return sum;
  });

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));

  const cases = layerKinds.flatMap(kind => modes.map(mode => ({ kind, mode })));

  describe.each(cases)('$kind, mode $mode, fit in batches', ({ kind, mode }) => {
    const regions = makeRegions(['flatPolytope', 'box', 'ball'], kind);
    const everywhere = stackRows([pointsOn(regions, 1), randomRows(20, WIDTHS[0], 5, 3 * scaleOf(kind))]);
    const bends: number[] = [];
    const disagreements: number[] = [];
    let policed: PolicedModel;

    beforeAll(async () => {
      policed = constrain(makeModel(WIDTHS, kind), { regions, mode });
      const x = toTensor(randomRows(14, WIDTHS[0], 2, 2 * scaleOf(kind)));
      const y = toTensor(randomRows(14, WIDTHS.at(-1)!, 3));
      const look = () => {
        const net = toNetwork(policed);
        bends.push(bend(policed, net, regions, bends.length));
        disagreements.push(disagreement(policed, net, everywhere));
      };
      look();
      policed.compile({ optimizer: tf.train.adam(0.02), loss: 'meanSquaredError' });
      await policed.fit(x, y, {
        epochs: 2,
        batchSize: 4, // 11 rows to train on: 4, 4 and 3
        validationSplit: 0.2,
        shuffle: false,
        verbose: 0,
        callbacks: { onBatchEnd: async () => look() },
      });
      tf.dispose([x, y]);
    });

    test('is affine to rounding before and after every step', () => {
      expect(bends.length).toBe(1 + 2 * 3);
      expect(Math.max(...bends)).toBeLessThan(1);
    });

    test('toNetwork gives the same outputs', () => {
      expect(Math.max(...disagreements)).toBeLessThan(1);
      const plain = makeModel(WIDTHS, kind);
      expect(disagreement(plain, toNetwork(plain), everywhere)).toBeLessThan(1);
    });

    test('freeze gives a plain model of the same topology and outputs, affine exactly', () => {
      const weights = weightsOf(policed);
      const before = predict(policed, everywhere);
      const { model, network, maps, report } = freeze(policed);
      const bound = float32Bound(network, everywhere);
      expect(largestDifference(predict(model, everywhere).data, before.data)).toBeLessThan(bound);
      expect(disagreement(model, network, everywhere)).toBeLessThan(1);
      expect(topologyOf(model)).toEqual(topologyOf(innerOf(policed)));

      expect(enforce(network, regions).report.shifted).toBe(0);
      // The weights in the model, not only those of the network, are the frozen ones.
      expect(enforce(toNetwork(model), regions).report.shifted).toBe(0);
      maps.forEach((map, r) => {
        const points = pointsOn([regions[r]], 1);
        expect(largestDifference(forward(network, points).data, mapped(map, points))).toBeLessThan(bound);
      });
      if (mode === 'shift') expect(report.shifted).toBe(policedLayerOf(policed).shifted.units);

      expect(weightsOf(policed)).toEqual(weights);
      expect(predict(policed, everywhere)).toEqual(before);
    });
  });

  const someSides: Policy[] = ['minimal', 'majority', ({ unit }) => (unit % 2 ? 1 : -1)];
  test.each(someSides.flatMap(policy => modes.map(mode => ({ policy, mode }))))(
    'policy $policy, mode $mode: affine to rounding at every step',
    async ({ policy, mode }) => {
      const regions = makeRegions(['box', 'simplex'], 'leakyRelu');
      const policed = constrain(makeModel(WIDTHS, 'leakyRelu'), { regions, mode, policy });
      const bends: number[] = [];
      policed.compile({ optimizer: tf.train.sgd(0.05), loss: 'meanSquaredError' });
      await policed.fit(toTensor(randomRows(12, WIDTHS[0], 2)), toTensor(randomRows(12, WIDTHS.at(-1)!, 3)), {
        epochs: 3,
        batchSize: 4,
        verbose: 0,
        callbacks: {
          onBatchEnd: async () => {
            bends.push(bend(policed, toNetwork(policed), regions, bends.length));
          },
        },
      });
      expect(bends.length).toBe(9);
      expect(Math.max(...bends)).toBeLessThan(1);
    },
  );

  const gradientCases = layerKinds.flatMap(kind =>
    (['exact', 'local'] as const).flatMap(gradient =>
      regionSets.map(set => ({ kind, gradient, set, regionKinds: set.join(' + ') })),
    ),
  );

  describe.each(gradientCases)('$gradient gradient, $kind on $regionKinds', ({ kind, gradient, set }) => {
    const regions = makeRegions(set, kind);

    test('equals core’s in float64: weights and input', () => {
      expectCoreGradients(makeModel(WIDTHS, kind), regions, gradient, 9, scaleOf(kind));
    });
  });

  test.each([
    { what: 'at zero', at: [0, 0] },
    { what: 'one at zero', at: [0, 1] },
    { what: 'elsewhere', at: [1, 2] },
  ])('first layers without a product, regions $what; points; batches that pack and that do not', ({ at }) => {
    const centre = (x: number) => new Float64Array(WIDTHS[0]).fill(x);
    for (const regions of [
      at.map(x => boxAround(centre(x), centre(0.5))),
      at.map(x => boxAround(centre(x), centre(0))),
    ]) {
      for (const rows of [9, 60])
        expectCoreGradients(makeModel(WIDTHS, 'leakyRelu'), regions, 'exact', rows, 1);
    }
  });

  test.each(layerKinds)(
    'mode project, %s: the gradient is the framework’s own at the projected weights',
    kind => {
      const policed = constrain(makeModel(WIDTHS, kind), {
        regions: makeRegions(['box', 'ball'], kind),
        mode: 'project',
      });
      const x = toTensor(randomRows(9, WIDTHS[0], 8, 2 * scaleOf(kind)));
      const gradientsOf = (model: tfl.LayersModel) => {
        const loss = () => tf.mean(tf.square(model.apply(x, { training: true }) as tf.Tensor)) as tf.Scalar;
        const { grads } = tf.variableGrads(loss, trainableOf(policed));
        return trainableOf(policed).map(({ name }) => grads[name].dataSync());
      };
      const found = gradientsOf(policed);
      const plain = gradientsOf(innerOf(policed));
      const bound = gradientBound(
        toNetwork(policed),
        x.shape[0],
        [],
        largest(plain.flatMap(g => Array.from(g))),
      );
      found.forEach((values, i) => {
        expect(largestDifference(values, plain[i])).toBeLessThan(bound);
      });
    },
  );
});

/** The gradients of a mean squared error to weights and inputs are core's in float64. */
function expectCoreGradients(
  model: tfl.Sequential,
  regions: readonly Region[],
  gradient: 'exact' | 'local',
  rows: number,
  scale: number,
): void {
  const policed = constrain(model, { regions, gradient });
  const x = toTensor(randomRows(rows, WIDTHS[0], 8, 2 * scale));
  const target = toTensor(randomRows(rows, WIDTHS.at(-1)!, 9));
  const loss = (input: tf.Tensor) =>
    tf.losses.meanSquaredError(target, policed.apply(input, { training: true }) as tf.Tensor) as tf.Scalar;
  // A step first, so that there are sides to keep.
  tf.train.sgd(0.05).minimize(() => loss(x), false, trainableOf(policed));

  const expected = coreGradients(policed, regions, toMatrix(x), toMatrix(target), gradient);
  const { grads } = tf.variableGrads(() => loss(x), trainableOf(policed));
  const dx = tf.grad(loss)(x).dataSync();

  const found = new Map(
    policed.trainableWeights.map(weight => [
      weight.originalName,
      grads[(weight.read() as tf.Variable).name].dataSync(),
    ]),
  );
  expect([...found.keys()].sort()).toEqual([...expected.weights.keys()].sort());
  const size = largest([...expected.weights.values()].flatMap(values => Array.from(values)));
  const bound = gradientBound(toNetwork(policed), x.shape[0], regions, size);
  for (const [name, values] of expected.weights) {
    expect(largestDifference(found.get(name)!, values), name).toBeLessThan(bound);
  }
  const inputBound = gradientBound(toNetwork(policed), x.shape[0], regions, largest(expected.input));
  expect(largestDifference(dx, expected.input)).toBeLessThan(inputBound);
}

/** What `freeze` must not change. */
const topologyOf = (model: tfl.LayersModel) =>
  model.layers.map(layer => ({
    name: layer.name,
    className: layer.getClassName(),
    shapes: layer.weights.map(({ shape }) => shape),
  }));

/** The mean squared error's gradients by tfjs weight name, kernels `[in, out]`. */
function coreGradients(
  policed: tfl.LayersModel,
  regions: readonly Region[],
  x: Matrix,
  target: Matrix,
  gradient: 'exact' | 'local',
): { weights: Map<string, ArrayLike<number>>; input: Float64Array } {
  const raw = toNetwork(innerOf(policed));
  const run = policedForward(raw, regions, x, { sides: policedLayerOf(policed).sides });
  const { data } = run.output;
  const dOutput = { ...run.output, data: data.map((y, i) => (2 * (y - target.data[i])) / data.length) };
  const { affine, alpha, input } = policedBackward(run, dOutput, { gradient });
  const weights = new Map<string, ArrayLike<number>>();
  for (const [name, { weight, bias }] of affine) {
    const { rows, cols, data } = weight;
    weights.set(
      `${name}/kernel`,
      Array.from({ length: rows * cols }, (_, i) => data[(i % rows) * cols + Math.floor(i / rows)]),
    );
    weights.set(`${name}/bias`, bias);
  }
  for (const [name, values] of alpha) weights.set(`${name}/alpha`, values);
  return { weights, input: input.data };
}
