import {
  enforce,
  forward,
  matrix,
  type Network,
  type PolicedForwardOptions,
  type PolicedGradient,
  policedBackward,
  policedForward,
  type Region,
  type Rng,
} from '@police/core';
import { expectDerivatives, gradientOf, lossOf, STEP, setting } from '@police/testing/finite-differences';
import { randomGraph } from '@police/testing/graphs';
import { sharedBias } from '@police/testing/hard-cases';
import {
  type ActivationKind,
  activationKinds,
  expectClose,
  largestDifference,
  makeRegion,
  randomNetwork,
  randomRegions,
  regionKinds,
  roundingBound,
  seededRng,
} from '@police/testing/helpers';
import { describe, expect, test } from 'vitest';
import { Scratch, withScratch } from '../../src/numeric/scratch.js';

/** A side for every unit, region and kink, at random. */
function randomSides(net: Network, regions: readonly Region[], rng: Rng): PolicedForwardOptions {
  const { sides } = enforce(net, regions);
  const drawn = Object.entries(sides).map(([name, kept]) => [name, kept.map(() => (rng() < 0.5 ? -1 : 1))]);
  return { policy: 'sticky', sides: Object.fromEntries(drawn) };
}

const optionsOf = {
  majority: () => ({ policy: 'majority' }),
  minimal: () => ({ policy: 'minimal' }),
  sticky: randomSides,
} satisfies Record<string, (net: Network, regions: readonly Region[], rng: Rng) => PolicedForwardOptions>;

describe.each(Object.keys(optionsOf) as (keyof typeof optionsOf)[])(
  'the gradient equals finite differences, policy %s:',
  policy => {
    const check = (seed: number, activation: ActivationKind, makeRegions: (rng: Rng) => Region[]) => {
      const rng = seededRng(seed);
      const net = randomNetwork(rng, [3, 6, 5, 4, 2], activation);
      const regions = makeRegions(rng);
      expectDerivatives(setting(net, regions, optionsOf[policy](net, regions, rng), rng));
    };

    test.each(regionKinds)('on a %s', kind => {
      activationKinds.forEach((activation, i) => {
        check(10 * regionKinds.indexOf(kind) + i, activation, rng => [makeRegion(kind, 3, rng)]);
      });
    });

    test('on two regions at once', () => {
      activationKinds.forEach((activation, i) => {
        check(1000 + i, activation, rng => randomRegions(rng, 3, 2));
      });
    });

    test('where activations share an affine node, follow one another and have shifts of their own', () => {
      activationKinds.forEach((kind, i) => {
        const rng = seededRng(2000 + i);
        const regions = randomRegions(rng, 3, 2);
        const { network: net } = enforce(sharedBias(rng, kind), [makeRegion('box', 3, rng)]);
        expectDerivatives(setting(net, regions, optionsOf[policy](net, regions, rng), rng));
      });
    });
  },
);

test('the gradient in the inputs equals finite differences', () => {
  for (let seed = 0; seed < 10; seed++) {
    const rng = seededRng(seed);
    const net = randomNetwork(rng, [3, 6, 5, 2], 'leakyRelu');
    const given = setting(net, [makeRegion('ball', 3, rng)], { policy: 'minimal' }, rng);
    const { input } = policedBackward(
      policedForward(net, given.regions, given.x, given.options),
      given.dOutput,
    );
    const tolerance = (roundingBound(net, [3, 3, 3]) * given.dOutput.data.length) / STEP;
    const slopes = given.x.data.map((_, i) => {
      const at = (step: number) => {
        const data = given.x.data.slice();
        data[i] += step;
        return lossOf({ ...given, x: { ...given.x, data } });
      };
      return (at(STEP) - at(-STEP)) / (2 * STEP);
    });
    expectClose(input.data, slopes, tolerance, `inputs, seed ${seed}`);
  }
});

describe('the local gradient', () => {
  const both = (widths: number[], seed: number) => {
    const rng = seededRng(seed);
    const net = randomNetwork(rng, widths, 'leakyRelu');
    const given = setting(net, [makeRegion('simplex', 3, rng)], { policy: 'majority' }, rng);
    const { layers } = enforce(net, given.regions, { policy: 'majority' }).report;
    return {
      exact: gradientOf(given, 'exact'),
      local: gradientOf(given, 'local'),
      shiftedLast: layers.at(-1)!.shifted,
    };
  };

  test('is the exact one for a single hidden layer', () => {
    for (let seed = 0; seed < 10; seed++) {
      const { exact, local } = both([3, 8, 2], seed);
      expect(local).toEqual(exact);
    }
  });

  test('differs for deeper networks wherever a later layer is shifted', () => {
    const seedsShifted = Array.from({ length: 20 }, (_, seed) => both([3, 8, 8, 2], seed)).filter(
      ({ exact, local, shiftedLast }) => {
        // What lies behind the last shifts is not touched by how they are differentiated.
        const first = 3 * 8 + 8;
        expect(largestDifference(local.subarray(first), exact.subarray(first))).toBe(0);
        const difference = largestDifference(local.subarray(0, first), exact.subarray(0, first));
        expect(difference > Math.sqrt(Number.EPSILON)).toBe(shiftedLast > 0);
        return shiftedLast > 0;
      },
    );
    expect(seedsShifted.length).toBeGreaterThan(10);
  });
});

test('the forward pass is the enforced network’s, with the shifts it had before and without regions', () => {
  const rng = seededRng(1);
  const plain = randomNetwork(rng, [3, 8, 8, 2], 'relu6');
  const { network: shifted } = enforce(plain, [makeRegion('box', 3, rng)]);
  const regions = randomRegions(rng, 3, 2);
  const { x } = setting(plain, regions, {}, rng);
  for (const net of [plain, shifted]) {
    const { output } = policedForward(net, regions, x, { policy: 'majority' });
    expect(output).toEqual(forward(enforce(net, regions, { policy: 'majority' }).network, x));
    expect(policedForward(net, [], x).output).toEqual(forward(net, x));
  }
});

test('without the gradient in the inputs all others are the same to the bit', () => {
  for (let seed = 0; seed < 5; seed++) {
    const rng = seededRng(seed);
    const net = randomNetwork(rng, [3, 6, 5, 2], 'leakyRelu');
    const given = setting(net, [makeRegion('box', 3, rng)], { policy: 'minimal' }, rng);
    const run = policedForward(net, given.regions, given.x, given.options);
    const [all, without] = [true, false].map(wantsInput =>
      policedBackward(run, given.dOutput, { wantsInput }),
    );
    expect(without.affine).toEqual(all.affine);
    expect(without.input.data.every(d => d === 0)).toBe(true);
    expect(all.input.data.some(d => d !== 0)).toBe(true);
  }
});

test.each(['chain', 'graph'])(
  'no gradient of maps is one of zeros, and frames that stop at the last bend do for it, on a %s',
  kind => {
    for (let seed = 0; seed < 5; seed++) {
      const rng = seededRng(seed);
      const net = kind === 'chain' ? randomNetwork(rng, [3, 6, 5, 2], 'leakyRelu') : randomGraph(rng, 3, 2);
      const regions = [makeRegion('box', net.inputSize, rng), makeRegion('flatPolytope', net.inputSize, rng)];
      const { x, dOutput, options } = setting(net, regions, { policy: 'minimal' }, rng);
      const [whole, stopped] = [true, false].map(wantsMaps =>
        policedForward(net, regions, x, { ...options, wantsMaps }),
      );
      expect(stopped.output).toEqual(whole.output);
      expect(stopped.sides).toEqual(whole.sides);
      const dOutputFrames = regions.map(({ frame }) => matrix(frame.rows, net.outputSize));
      const ofZeros = policedBackward(whole, dOutput, { dOutputFrames });
      for (const run of [whole, stopped]) {
        const { affine, alpha, input } = policedBackward(run, dOutput);
        expect(parts(affine)).toEqual(parts(ofZeros.affine));
        expect(alpha).toEqual(ofZeros.alpha);
        expect(input).toEqual(ofZeros.input);
      }
    }
  },
);

/** What is not cleared holds what makes everything that reads it NaN. */
class Poisoned extends Scratch {
  override takeUnset(length: number): Float64Array {
    return super.takeUnset(length).fill(Number.NaN);
  }
}

test.each(regionKinds)('nothing is read that was not written, on a %s', kind => {
  for (let seed = 0; seed < 4; seed++) {
    const rng = seededRng(seed);
    // Enough directions for columns in use to be picked, units enough for some to be flat.
    const net = seed < 2 ? randomNetwork(rng, [9, 12, 10, 2], 'relu') : randomGraph(rng, 3, 2);
    const given = setting(net, [makeRegion(kind, net.inputSize, rng)], { policy: 'minimal' }, rng);
    const step = () => {
      const run = policedForward(net, given.regions, given.x, { ...given.options, wantsMaps: false });
      const { affine, input } = policedBackward(run, given.dOutput);
      return { output: run.output.data.slice(), affine: parts(affine), input: input.data.slice() };
    };
    expect(withScratch(new Poisoned(), step)).toEqual(step());
  }
});

/** Gradients by name, −0 as 0. */
const parts = (affine: PolicedGradient['affine']) =>
  [...affine]
    .map(([name, { weight, bias }]) => [name, weight.data.map(d => d + 0), bias.map(d => d + 0)])
    .sort();
