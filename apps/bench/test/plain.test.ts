import { type Matrix, policedBackward, policedForward, vPolytope } from '@police/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { meanSquareGradient, plainLayers } from '../src/backends/core.js';
import { coreLayers, coreNetwork, matrixOf, vertexMatrix } from '../src/backends/core-net.js';
import { plainBackward, plainForward } from '../src/backends/plain.js';
import { plainForward as plainTfjs } from '../src/backends/plain-tfjs.js';
import { rowsFor, tfjsModel } from '../src/backends/tfjs-model.js';
import type { RegionSpec } from '../src/cases/case.js';
import { verticesOf } from '../src/cases/region.js';
import { batchOf, LEAK } from '../src/cases/seeded.js';
import { smallCase } from './helpers.js';

beforeAll(() => tf.setBackend('cpu'));

const regions: readonly RegionSpec[] = [{ kind: 'simplex' }, { kind: 'box', radius: 0.5 }];

describe.each(regions)('the plain method is core’s with policy majority, on a $kind', region => {
  const spec = { ...smallCase, region };
  const layers = coreLayers(spec);
  const x = matrixOf(batchOf(spec), 3);
  // One of a box's twice, for an odd number: a tied vote core settles by a box's centre, the paper by +1.
  const listed = verticesOf(spec) as readonly Float64Array[];
  const vertices = region.kind === 'box' ? [...listed, listed[0]] : listed;
  const hull = vPolytope(vertices);
  const ours = policedForward(coreNetwork(spec), [hull], x, { policy: 'majority' });
  const plain = plainLayers(layers, LEAK);
  const theirs = plainForward(plain, x, vertexMatrix(vertices));

  test('outputs', () => {
    expect(largestGap(theirs.output, ours.output)).toBeLessThan(roundingOf(ours.output));
  });

  test('gradients', () => {
    const d = meanSquareGradient(ours.output);
    const expected = [...policedBackward(ours, d).affine.values()].reverse();
    const found = plainBackward(plain, theirs, d);
    found.forEach((gradient, i) => {
      expect(largestGap(gradient.weight, expected[i].weight)).toBeLessThan(roundingOf(expected[i].weight));
      const [bias, wanted] = [gradient.bias, expected[i].bias].map(data => matrixOf(data, 1));
      expect(largestGap(bias, wanted)).toBeLessThan(roundingOf(wanted));
    });
  });

  test('in TensorFlow.js, to float32 rounding', () => {
    const stacked = Float32Array.from(vertexMatrix(vertices).data);
    const y = tf.tidy(() =>
      plainTfjs(tfjsModel(spec), rowsFor(spec, batchOf(spec)), rowsFor(spec, stacked)).dataSync(),
    );
    expect(largestGap(matrixOf(y, 1), ours.output)).toBeLessThan(roundingOf(ours.output) * 2 ** 29);
  });
});

/** Every sum has at most 8 vertices or 6 units: a hundred operations in a row at most. */
const roundingOf = ({ data }: Matrix): number => 100 * 2 ** -53 * (1e-3 + Math.max(...data.map(Math.abs)));

const largestGap = (a: Matrix, b: Matrix): number =>
  Math.max(...a.data.map((value, i) => Math.abs(value - b.data[i])));
