import { certify, enforce, freeze, type Network, type Region, type Rng } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { CONV_SIZE, convNetwork, randomGraph } from '@police/testing/graphs';
import {
  applyMap,
  expectAtMost,
  makeRegion,
  pick,
  pointsOf,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import { inFloat32 } from '@police/testing/in-float32';
import { type Optimization, runOnnx } from '@police/testing/onnx-runtime';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomImageGraph } from './image-graphs.js';

const graphs: Readonly<Record<string, (rng: Rng) => Network>> = {
  'dense, residual, concatenation, maxima': rng => randomGraph(rng, 3, 2),
  'convolutions, batch-norm, pooling, residual': convNetwork,
  'images, any operators': rng => randomImageGraph(rng, { isShifted: false, steps: 10 }),
};

/**
 * The distances, per value, of ONNX Runtime's outputs from the certified affine map at points of the region, and the
 * certificate's bounds on them.
 */
async function distances(
  net: Network,
  bytes: Uint8Array,
  region: Region,
  optimization: Optimization,
  rng: Rng,
): Promise<{ distance: Float64Array; bound: Float64Array }> {
  const proof = certify(net, [region]);
  if (!proof.certified) throw new Error(`not certified: ${proof.layer}`);
  const [{ map, inferenceError, mapError }] = proof.regions;
  const points = pointsOf(region, 20, rng);
  const expected = applyMap(map, points);
  const actual = await runOnnx(bytes, points, optimization);
  return {
    distance: actual.data.map((y, k) => Math.abs(y - expected[k])),
    bound: actual.data.map((_, k) => inferenceError[k % net.outputSize] + mapError[k % net.outputSize]),
  };
}

describe.each(Object.entries(graphs))('%s', (_, make) => {
  test('frozen and certified, it is affine in ONNX Runtime to the certificate’s bound', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async seed => {
        const rng = seededRng(seed);
        const net = make(rng);
        const region = makeRegion(
          pick(rng, ['box', 'ball', 'crossPolytope'] as const),
          net.inputSize,
          rng,
          0.3,
        );
        const sharing = pick(rng, ['per-unit', 'per-channel'] as const);
        const frozen = freeze(enforce(net, [region], { sharing }).network, [region]).network;
        const bytes = exportOnnx(frozen, { regions: [region] });
        for (const optimization of ['all', 'disabled'] as const) {
          const { distance, bound } = await distances(frozen, bytes, region, optimization, rng);
          // The map itself is evaluated in float64, far below float32's rounding.
          expectAtMost(distance, bound, 0, `${optimization}: distance from the map`);
        }
      }),
      { numRuns: 10 },
    );
  });
});

test('the bound tells a network that was not constrained', async () => {
  const rng = seededRng(3);
  const net = convNetwork(rng);
  const region = makeRegion('box', CONV_SIZE, rng, 0.3);
  const frozen = freeze(net, [region]).network;
  const { distance, bound } = await distances(frozen, exportOnnx(inFloat32(net)), region, 'all', rng);
  expect(Math.max(...distance)).toBeGreaterThan(100 * Math.max(...bound));
});
