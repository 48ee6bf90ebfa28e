import { boxAround, certify, enforce, type Region, vPolytope } from '@police/core';
import { constrain, freeze, policedLayerOf, toNetwork } from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { expect } from 'vitest';
import {
  bend,
  disagreement,
  float32Bound,
  largestDifference,
  pointsOn,
  predict,
  randomRows,
  stackRows,
  toInput,
  weightsOf,
} from './helpers.js';
import type { ModelCase } from './models.js';

/** Of training. */
export const STEPS = 4;
export const sharings = ['per-channel', 'per-unit'] as const;

const inputSize = (model: tfl.LayersModel) =>
  (model.inputs[0].shape.slice(1) as number[]).reduce((product, size) => product * size, 1);

/** A box and, elsewhere, a triangle: one of all dimensions, one of two. */
function regionsFor(size: number, scale = 1): Region[] {
  const centre = randomRows(1, size, 3, 0.5 * scale).data;
  const corners = randomRows(3, size, 4, scale).data;
  return [
    boxAround(
      centre,
      centre.map(() => 0.3 * scale),
    ),
    vPolytope([0, 1, 2].map(i => Array.from(corners.subarray(i * size, (i + 1) * size), x => x + scale))),
  ];
}

export const makeSetup = ({ make, scale = 1 }: ModelCase, sharing: (typeof sharings)[number]) => {
  const model = make();
  const size = inputSize(model);
  const regions = regionsFor(size, scale);
  const policed = constrain(model, { regions, sharing });
  const everywhere = stackRows([pointsOn(regions, 1), randomRows(12, size, 5, 3 * scale)]);
  const x = toInput(model, randomRows(8, size, 6, 2 * scale));
  const y = tf.randomUniform([8, ...(model.outputs[0].shape.slice(1) as number[])], -1, 1, 'float32', 7);
  return { model, size, regions, policed, everywhere, x, y };
};

/** How much more than rounding an unconstrained model must bend for the probe to be worth anything. */
const PLAINLY = 10;

/** Core computes the same; affine before and after every step of training; frozen to the same outputs, certified. */
export async function expectLaws(setup: ReturnType<typeof makeSetup>, steps = STEPS): Promise<void> {
  const { model, regions, policed, everywhere, x, y } = setup;
  expect(disagreement(model, toNetwork(model), everywhere)).toBeLessThan(1);
  expect(bend(model, toNetwork(model), regions, 0), 'unconstrained').toBeGreaterThan(PLAINLY);
  policed.compile({ optimizer: tf.train.adam(0.02), loss: 'meanSquaredError' });
  for (let step = 0; step <= steps; step++) {
    const net = toNetwork(policed);
    expect(disagreement(policed, net, everywhere), `core, step ${step}`).toBeLessThan(1);
    expect(bend(policed, net, regions, step), `bend, step ${step}`).toBeLessThan(1);
    if (step < steps) await policed.trainOnBatch(x, y);
  }
  expect(policedLayerOf(policed).shifted.units).toBeGreaterThan(0);

  const weights = weightsOf(policed);
  const { model: frozen, network } = freeze(policed);
  const bound = float32Bound(network, everywhere);
  expect(largestDifference(predict(frozen, everywhere).data, predict(policed, everywhere).data)).toBeLessThan(
    bound,
  );
  expect(frozen.layers.map(layer => layer.name)).toEqual(model.layers.map(layer => layer.name));
  // The weights in the model, not only those of the network, are the frozen ones.
  const stored = toNetwork(frozen);
  expect(enforce(stored, regions).report.shifted).toBe(0);
  expect(certify(stored, regions).certified).toBe(true);
  expect(certify(network, regions).certified).toBe(true);
  expect(disagreement(frozen, stored, everywhere)).toBeLessThan(1);
  expect(weightsOf(policed)).toEqual(weights);
  // A frozen model can be constrained again.
  const again = constrain(frozen, { regions, sharing: policedLayerOf(policed).settings.sharing });
  expect(bend(again, toNetwork(again), regions, 1)).toBeLessThan(1);
}
