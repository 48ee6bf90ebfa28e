import { vPolytope } from '@police/core';
import { type PytorchCase, pytorchCases } from '@police/testing/pytorch-fixtures';
import { abs, constrain, toNetwork } from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  backends,
  float32Bound,
  gradientBound,
  largest,
  largestDifference,
  predict,
  toTensor,
  trainableOf,
  useBackend,
} from './helpers.js';

function activationOf({ activation: { name, alpha } }: PytorchCase): tfl.layers.Layer {
  switch (name) {
    case 'leakyRelu':
      return tfl.layers.leakyReLU({ alpha: alpha! });
    case 'abs':
      return abs();
    default:
      return tfl.layers.activation({ activation: name as 'relu' });
  }
}

/** The authors' network; PyTorch stores kernels `[out, in]`, tfjs `[in, out]`. */
function plainModel(fixture: PytorchCase): tfl.Sequential {
  const model = tfl.sequential();
  fixture.layers.forEach(({ weight, bias }, i) => {
    const inputShape = i === 0 ? { inputShape: [weight[0].length] } : {};
    const kernel = tf.tidy(() => tf.transpose(tf.tensor2d(weight)));
    model.add(tfl.layers.dense({ units: bias.length, weights: [kernel, tf.tensor1d(bias)], ...inputShape }));
    if (i < fixture.layers.length - 1) model.add(activationOf(fixture));
  });
  return model;
}

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));

  describe.each(pytorchCases)('the authors’ PyTorch figures: $name', fixture => {
    const regions = [vPolytope(fixture.vertices)];
    const policed = () => constrain(plainModel(fixture), { regions, policy: 'majority', mode: 'shift' });

    test('shifts', () => {
      const net = toNetwork(policed());
      const shifts = net.nodes.flatMap(node =>
        node.kind === 'activation' ? [node.shift ?? new Float64Array(net.sizes.get(node.name)!)] : [],
      );
      expect(shifts.length).toBe(fixture.shifts.length);
      const bound = float32Bound(net, fixture.xInside);
      shifts.forEach((shift, i) => {
        expect(largestDifference(shift, fixture.shifts[i])).toBeLessThan(bound);
      });
    });

    test.each([
      ['outside', fixture.x, fixture.y],
      ['inside', fixture.xInside, fixture.yInside],
    ])('outputs %s', (_, x, y) => {
      const model = policed();
      const bound = float32Bound(toNetwork(model), x);
      expect(largestDifference(predict(model, x).data, y.data)).toBeLessThan(bound);
    });

    test('loss and its gradients through the shifts', () => {
      const model = policed();
      const x = toTensor(fixture.x);
      const target = toTensor(fixture.target);
      const { value, grads } = tf.variableGrads(
        () =>
          tf.losses.meanSquaredError(target, model.apply(x, { training: true }) as tf.Tensor) as tf.Scalar,
        trainableOf(model),
      );
      const outputBound = float32Bound(toNetwork(model), fixture.x);
      const errorSize = largestDifference(fixture.y.data, fixture.target.data);
      expect(Math.abs(value.dataSync()[0] - fixture.mseLoss)).toBeLessThan(2 * errorSize * outputBound);

      const expected = fixture.gradients.flatMap(({ weight, bias }) => [transposed(weight), bias]);
      const bound = gradientBound(toNetwork(model), fixture.x.rows, regions, largest(expected.flat()));
      trainableOf(model).forEach((variable, i) => {
        const difference = largestDifference(grads[variable.name].dataSync(), expected[i]);
        expect(difference, variable.name).toBeLessThan(bound);
      });
    });
  });
});

/** The flat transpose of rows. */
const transposed = (rows: number[][]): number[] => rows[0].flatMap((_, j) => rows.map(row => row[j]));
