import {
  type Matrix,
  matrix,
  type Network,
  type Policy,
  policedBackward,
  policedForward,
  type Region,
  type Sides,
} from '@police/core';
import { constrain, type PolicedNetwork } from '@police/synaptic';
import { expectClose, makeRegion, type RegionKind, seededRng } from '@police/testing/helpers';
import type synaptic from 'synaptic';
import { describe, expect, test } from 'vitest';
import { networkOf } from '../src/core-network.js';
import {
  activations,
  perceptron,
  randomSamples,
  squashes,
  trainOn,
  weightsOf,
  withDirectConnections,
} from './helpers.js';

/**
 * An update at a rate t is −t · gradient + O(t²), because of the library's order of updates. Two rates, extrapolated,
 * leave an error of order t² in the gradient; at t = 1e-6 rounding over t, about 1e-10, is the larger one.
 */
const RATE = 1e-6;
const TOLERANCE = 1e-8;

/** So wide that smooth squashes have a slope on their tails. */
const EPSILON = 0.05;

const rowOf = (values: ArrayLike<number>): Matrix => matrix(1, values.length, Float64Array.from(values));

/** dLoss/d(biases, weights) of half the squared errors summed over the samples, in the order of `weightsOf`. */
function coreGradient(
  net: Network,
  regions: readonly Region[],
  samples: readonly synaptic.Sample[],
  options: { policy: Policy; sides: Sides; gradient: 'exact' | 'local' },
  policed: PolicedNetwork,
): Float64Array {
  const total = new Float64Array(weightsOf(policed).length);
  for (const { input, output } of samples) {
    const run = policedForward(net, regions, rowOf(input), options);
    const dOutput = rowOf(run.output.data.map((y, j) => y - output[j]));
    const { affine } = policedBackward(run, dOutput, options);
    const flat = policed.flat.layers.flatMap(({ name, units, blocks }) => {
      const { weight, bias } = affine.get(name)!;
      let start = 0;
      const parts = blocks.map(({ sourceSize }) => {
        const from = start;
        start += sourceSize;
        return Array.from({ length: units }, (_, j) =>
          Array.from(weight.data.subarray(j * weight.cols + from, j * weight.cols + start)),
        );
      });
      return [...bias, ...parts.flat(2)];
    });
    flat.forEach((g, i) => {
      total[i] += g;
    });
  }
  return total;
}

const regionSets: RegionKind[][] = [
  ['box'],
  ['simplex'],
  ['vPolytope', 'ball'],
  ['crossPolytope', 'flatBox', 'point'],
  ['flatPolytope'],
];

interface Case {
  readonly what: string;
  readonly make: () => synaptic.Network;
}

const cases: Case[] = [
  ...['RELU', 'leaky', 'abs', 'bent'].map(name => ({
    what: name,
    make: () => perceptron({ widths: [2, 8, 6, 5, 2], hidden: squashes[name], seed: 3 }),
  })),
  {
    what: 'an IDENTITY layer between',
    make: () => {
      const network = perceptron({ widths: [2, 8, 6, 5, 2], seed: 3 });
      network.layers.hidden[1].set({ squash: squashes.IDENTITY });
      return network;
    },
  },
  { what: 'direct connections', make: () => withDirectConnections(7) },
  ...['LOGISTIC', 'TANH'].map(name => ({
    what: `${name}, then RELU`,
    make: () => {
      const network = perceptron({ widths: [2, 8, 6, 5, 2], seed: 3 });
      network.layers.hidden[0].set({ squash: squashes[name] });
      return network;
    },
  })),
];

describe.each(cases)('$what', ({ make }) => {
  const gradients = ['exact', 'local'] as const;
  const policies: Policy[] = ['sticky', 'majority'];
  const settings = regionSets.flatMap(set =>
    gradients.flatMap(gradient =>
      policies.flatMap(policy =>
        [1, 3].map(refresh => ({ set, gradient, policy, refresh, kinds: set.join(' + ') })),
      ),
    ),
  );

  test.each(settings)(
    'the update on $kinds, gradient $gradient, policy $policy, refresh $refresh, is core’s gradient',
    ({ set, gradient, policy, refresh }) => {
      const rng = seededRng(set.length);
      const regions = set.map(kind => makeRegion(kind, 2, rng));
      const samples = randomSamples(refresh, 2, 2, 8);
      const updates = [RATE, RATE / 2].map(rate => {
        const policed = constrain(make(), {
          regions,
          gradient,
          policy,
          refresh,
          epsilon: EPSILON,
          activations,
        });
        policed.settle();
        const before = weightsOf(policed);
        const net = networkOf(policed.flat);
        const { sides } = policed;
        expect(
          policed.frames.layers.some(({ active }) => active.some(k => k >= 0)),
          'something shifts',
        ).toBe(true);
        const expected = coreGradient(net, regions, samples, { policy, sides, gradient }, policed);
        trainOn(policed, samples, rate);
        return { expected, found: weightsOf(policed).map((w, i) => -(w - before[i]) / rate) };
      });
      const [full, half] = updates;
      const found = full.found.map((g, i) => 2 * half.found[i] - g);
      expectClose(found, full.expected, TOLERANCE, 'gradient');
    },
  );
});

test('within a window only the data changes the weights', () => {
  const regions = [makeRegion('box', 2, seededRng(1))];
  const make = () => perceptron({ widths: [2, 8, 6, 2], seed: 3 });
  const policed = constrain(make(), { regions, refresh: 3 });
  policed.settle();
  // The same data path without regions, its biases shifted as the constrained network is.
  const plain = constrain(policed.clone(), { regions: [] });
  const samples = randomSamples(2, 2, 2, 8);
  const before = weightsOf(policed);
  const plainBefore = weightsOf(plain);
  trainOn(policed, samples, 0.01);
  trainOn(plain, samples, 0.01);
  const changes = [
    weightsOf(policed).map((w, i) => w - before[i]),
    weightsOf(plain).map((w, i) => w - plainBefore[i]),
  ];
  expectClose(changes[0], changes[1], 1e-14, 'changes');
});
