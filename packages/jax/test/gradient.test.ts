import { grad } from '@jax-js/jax';
import {
  matrix,
  type Network,
  type PolicedForward,
  policedBackward,
  policedForward,
  type Region,
  type Rng,
} from '@police/core';
import { fromNetwork, type Params, police, start } from '@police/jax';
import { convNetwork, randomGraph } from '@police/testing/graphs';
import {
  expectClose,
  makeRegion,
  pick,
  randomArray,
  randomNetwork,
  randomRegions,
  regionKinds,
  roundingBoundOn,
  runs,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import * as fc from 'fast-check';
import { beforeAll, describe, test } from 'vitest';
import { again, numbers, stateOf, toTensor } from './helpers.js';

beforeAll(() => start('wasm'));

/** What one more derivative multiplies rounding by: the sum over rows and outputs, and the steepest of paths. */
const DERIVED_TIMES = 2 ** 10;

/** The gradient of Σ dOutput · y in float64, by node and parameter. */
function gradientOf(
  net: Network,
  regions: readonly Region[],
  { x, dOutput }: Rows,
  gradient: 'exact' | 'local',
): Record<string, Record<string, Float64Array>> {
  const { model, params } = fromNetwork(net, { dtype: 'float64' });
  const policed = police(model, regions, { gradient, sharing: 'per-unit' });
  const state = stateOf(net, sidesOf(net, regions));
  const loss = (given: Params) => {
    const [y] = policed.apply(given, again(state), toTensor(x, 'float64'));
    return y.mul(toTensor(dOutput, 'float64')).sum();
  };
  const found = grad(loss)(params);
  return Object.fromEntries(
    Object.entries(found).map(([name, node]) => [
      name,
      Object.fromEntries(Object.entries(node).map(([key, array]) => [key, numbers(array)])),
    ]),
  );
}

interface Rows {
  readonly x: ReturnType<typeof matrix>;
  readonly dOutput: ReturnType<typeof matrix>;
}

const sidesOf = (net: Network, regions: readonly Region[]) => {
  const { pass } = policedForward(net, regions, matrix(1, net.inputSize), { policy: 'majority' });
  return Object.fromEntries([
    ...[...pass.layers].map(([name, { shifts }]) => [name, shifts.sides] as const),
    ...[...pass.maxima].map(([name, { lifts }]) => [name, lifts.winner] as const),
  ]);
};

function expectCores(net: Network, regions: readonly Region[], rng: Rng, gradient: 'exact' | 'local'): void {
  const rows = (cols: number) => matrix(3, cols, Float64Array.from(randomArray(rng, 3 * cols, 2)));
  const given = { x: rows(net.inputSize), dOutput: rows(net.outputSize) };
  const run: PolicedForward = policedForward(net, regions, given.x, { sides: sidesOf(net, regions) });
  const { affine, alpha } = policedBackward(run, given.dOutput, { gradient });
  const found = gradientOf(net, regions, given, gradient);
  const tolerance = DERIVED_TIMES * Math.max(...regions.map(region => roundingBoundOn(net, region)));
  for (const node of net.nodes) {
    const { name } = node;
    if (node.kind === 'activation' && node.activation.name === 'prelu')
      expectClose(found[name].alpha, alpha.get(name)!, tolerance, `alpha of ${name}`);
    if (node.kind !== 'affine' || node.operator.kind !== 'dense') continue;
    const { weight, bias } = affine.get(name)!;
    const { rows: outs, cols: ins, data } = weight;
    const transposed = Float64Array.from(
      { length: data.length },
      (_, i) => data[(i % outs) * ins + Math.floor(i / outs)],
    );
    expectClose(found[name].w, transposed, tolerance, `weights of ${name}`);
    expectClose(found[name].b, bias, tolerance, `biases of ${name}`);
  }
}

describe.each(['exact', 'local'] as const)('gradient %s is core’s', gradient => {
  test.each(regionKinds)('on a %s', kind => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        expectCores(randomGraph(rng, 3, 2), [makeRegion(kind, 3, rng)], rng, gradient);
      }),
      { numRuns: runs(2) },
    );
  });

  test('on several regions', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        expectCores(randomGraph(rng, 3, 2), randomRegions(rng, 3, pick(rng, [2, 3])), rng, gradient);
      }),
      { numRuns: runs(3) },
    );
  });

  test('of a convolutional network', () => {
    const rng = seededRng(3);
    const net = convNetwork(rng);
    expectCores(net, randomRegions(rng, net.inputSize, 1, 0.3), rng, gradient);
  });
});

test.each(['box', 'ball', 'crossPolytope'] as const)('is core’s with many axes, on a %s', kind => {
  // The rows of such regions are filled up to a multiple of eight: of 35 and of 41.
  for (const size of [34, 40]) {
    const rng = seededRng(size);
    const net = randomNetwork(rng, [size, 5, 4, 2], 'leakyRelu');
    const region = makeRegion(kind, size, rng, 0.1);
    expectCores(net, [region], rng, 'exact');
  }
});
