import {
  dense,
  mapPenalty,
  matrix,
  matrixFromRows,
  type Network,
  policedBackward,
  policedForward,
} from '@police/core';
import { STEP } from '@police/testing/finite-differences';
import {
  activationKinds,
  expectClose,
  pick,
  randomArray,
  randomNetwork,
  randomRegions,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const wantedMaps = (rng: () => number, isWhole: boolean) => [
  {
    A: matrixFromRows([randomArray(rng, 3), randomArray(rng, 3)]),
    ...(isWhole ? { b: randomArray(rng, 2) } : {}),
  },
  undefined,
];

test('its gradient in weights and biases equals central differences', () => {
  let compared = 0;
  fc.assert(
    fc.property(seeds, fc.boolean(), (seed, isWhole) => {
      const rng = seededRng(seed);
      const net = randomNetwork(rng, [3, 6, 5, 2], pick(rng, activationKinds));
      const regions = randomRegions(rng, 3, 2);
      const wanted = wantedMaps(rng, isWhole);
      const x = matrix(1, 3);
      const penaltyOf = (other: Network) =>
        mapPenalty(policedForward(other, regions, x, { policy: 'minimal' }), wanted);
      const run = policedForward(net, regions, x, { policy: 'minimal' });
      const { dOutputFrames } = mapPenalty(run, wanted);
      const { affine } = policedBackward(run, matrix(1, 2), { dOutputFrames });
      for (const node of net.nodes) {
        if (node.kind !== 'affine' || !('weight' in node.operator)) continue;
        const operator = node.operator as ReturnType<typeof dense>;
        const at = Math.floor(rng() * operator.weight.data.length);
        const difference = (step: number) => {
          const moved = (by: number): Network => ({
            ...net,
            nodes: net.nodes.map(other =>
              other === node
                ? {
                    ...node,
                    operator: dense(
                      {
                        ...operator.weight,
                        data: operator.weight.data.map((w, i) => (i === at ? w + by : w)),
                      },
                      operator.bias,
                    ),
                  }
                : other,
            ),
          });
          return (penaltyOf(moved(step)).value - penaltyOf(moved(-step)).value) / (2 * step);
        };
        const wide = difference(STEP);
        const actual = affine.get(node.name)!.weight.data[at];
        const tolerance = 1e-6 * (1 + Math.abs(wide));
        // A change of side within the step shows as two step sizes disagreeing.
        if (Math.abs(wide - difference(STEP / 2)) > tolerance) continue;
        compared++;
        expectClose([actual], [wide], tolerance, `${node.name} weight ${at}`);
      }
    }),
    { numRuns: 60 },
  );
  expect(compared).toBeGreaterThan(120);
});

test('gradient descent on it alone reaches the prescribed map', () => {
  const rng = seededRng(3);
  const regions = randomRegions(rng, 3, 1);
  const wanted = [{ A: matrixFromRows([randomArray(rng, 3), randomArray(rng, 3)]), b: [0.3, -0.2] }];
  let net = randomNetwork(rng, [3, 12, 2], 'leakyRelu');
  let first: number | undefined;
  let last = 0;
  for (let step = 0; step < 300; step++) {
    const run = policedForward(net, regions, matrix(1, 3), { policy: 'minimal' });
    const { value, dOutputFrames } = mapPenalty(run, wanted);
    first ??= value;
    last = value;
    const { affine } = policedBackward(run, matrix(1, 2), { dOutputFrames });
    net = {
      ...net,
      nodes: net.nodes.map(node => {
        if (node.kind !== 'affine') return node;
        const { weight, bias } = node.operator as ReturnType<typeof dense>;
        const gradient = affine.get(node.name)!;
        const rate = 0.02;
        return {
          ...node,
          operator: dense(
            { ...weight, data: weight.data.map((w, i) => w - rate * gradient.weight.data[i]) },
            bias.map((b, j) => b - rate * gradient.bias[j]),
          ),
        };
      }),
    };
  }
  expect(last).toBeLessThan(1e-3 * first!);
});

test('refuses maps of the wrong shape', () => {
  const rng = seededRng(1);
  const run = policedForward(randomNetwork(rng, [3, 4, 2], 'relu'), randomRegions(rng, 3, 1), matrix(1, 3));
  expect(() => mapPenalty(run, [])).toThrow(expect.objectContaining({ code: 'shape' }));
  expect(() => mapPenalty(run, [{ A: matrix(3, 3) }])).toThrow(expect.objectContaining({ code: 'shape' }));
});
