import {
  type Dense,
  dense,
  enforce,
  forward,
  type Matrix,
  matrix,
  matrixFromRows,
  type Network,
  network,
  type PoliceError,
  prescribeByCorrection,
  prescribeByLastLayer,
  type Region,
  type Rng,
} from '@police/core';
import { randomGraph } from '@police/testing/graphs';
import {
  activationKinds,
  applyMap,
  expectClose,
  pick,
  pointsOf,
  randomArray,
  randomNetwork,
  randomRegions,
  roundingBoundOn,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const randomMap = (rng: Rng, out: number, size: number) => ({
  A: matrixFromRows(Array.from({ length: out }, () => randomArray(rng, size))),
  b: randomArray(rng, out),
});

/** The network at points of the region against a map. */
function expectMap(
  net: Network,
  region: Region,
  map: { A: Matrix; b: number[] },
  rng: Rng,
  factor: number,
): void {
  const points = pointsOf(region, 10, rng);
  const expected = applyMap({ A: map.A, b: Float64Array.from(map.b) }, points);
  expectClose(forward(net, points).data, expected, factor * roundingBoundOn(net, region), region.kind);
}

describe('prescribed by correction', () => {
  test('the network is the map on the region, and its pieces stay where they were', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const [region] = randomRegions(rng, 3, 1);
        const { network: policed } = enforce(randomGraph(rng, 3, 2), [region]);
        const map = randomMap(rng, 2, 3);
        const corrected = prescribeByCorrection(policed, region, map);
        expectMap(corrected, region, map, rng, 4);
        // Prescribing twice finds its names taken.
        const again = prescribeByCorrection(corrected, region, map);
        expectMap(again, region, map, rng, 8);
      }),
      { numRuns: 60 },
    );
  });

  test('a Jacobian alone keeps the value at the centre', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const [region] = randomRegions(rng, 3, 1);
        const { network: policed } = enforce(randomNetwork(rng, [3, 8, 2], pick(rng, activationKinds)), [
          region,
        ]);
        const { A } = randomMap(rng, 2, 3);
        const corrected = prescribeByCorrection(policed, region, { A });
        const centre = matrix(1, 3);
        centre.data.set(region.frame.data.subarray(0, 3));
        region.centre.forEach((lambda, i) => {
          for (let k = 0; k < 3; k++) centre.data[k] += lambda * region.frame.data[(i + 1) * 3 + k];
        });
        const tolerance = 8 * roundingBoundOn(corrected, region);
        expectClose(
          forward(corrected, centre).data,
          forward(policed, centre).data,
          tolerance,
          'at the centre',
        );
        const points = pointsOf(region, 6, rng);
        const b = forward(policed, centre).data.map(
          (y, j) => y - centre.data.reduce((sum, x, k) => sum + A.data[j * 3 + k] * x, 0),
        );
        expectClose(forward(corrected, points).data, applyMap({ A, b }, points), tolerance, 'on the region');
      }),
      { numRuns: 60 },
    );
  });
});

describe('prescribed by the last layer', () => {
  test('each region gets its map, by the least change', () => {
    let compared = 0;
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 2 }), (seed, count) => {
        const rng = seededRng(seed);
        const regions = randomRegions(rng, 2, count);
        // Leaky units keep every hidden frame of full rank; 24 of them outnumber the six equations.
        const { network: policed } = enforce(randomNetwork(rng, [2, 24, 2], 'leakyRelu'), regions);
        const maps = regions.map(() => randomMap(rng, 2, 2));
        let moved: Network;
        try {
          moved = prescribeByLastLayer(policed, regions, maps);
        } catch (error) {
          // Two regions on one piece have one map between them; nothing else is infeasible.
          const { mapsCoincide } = enforce(policed, regions).report;
          expect((error as PoliceError).code).toBe('infeasible-target');
          expect(mapsCoincide || count > 1).toBe(true);
          return;
        }
        compared++;
        regions.forEach((region, r) => {
          // The change may be large where frames are nearly dependent; its size is in the bound, the solver's error is
          // a condition number more.
          expectMap(moved, region, maps[r], rng, 2 ** 12);
        });
        expect(moved.nodes.length).toBe(policed.nodes.length);
        // Least norm: of the change and the change plus any multiple of one that leaves all regions' maps alone, the
        // first is shorter, so the two are orthogonal.
        const change = lastChange(policed, moved);
        const other = randomNetworkLike(policed, rng);
        const there = prescribeByLastLayer(other, regions, maps);
        const idle = lastChange(moved, there);
        const along = change.reduce((sum, c, i) => sum + c * idle[i], 0);
        expect(Math.abs(along)).toBeLessThanOrEqual(
          2 ** 16 * Number.EPSILON * (1 + norm(change)) * (1 + norm(idle)),
        );
      }),
      { numRuns: 60 },
    );
    expect(compared).toBeGreaterThan(20);
  });

  test('too few hidden units are an error that tells the distance', () => {
    const rng = seededRng(3);
    const regions = randomRegions(rng, 3, 1).map(() => enforceable(rng));
    const { network: policed } = enforce(randomNetwork(rng, [3, 2, 2], 'leakyRelu'), regions);
    expect(() => prescribeByLastLayer(policed, regions, [randomMap(rng, 2, 3)])).toThrow(/nearest miss by/);
  });

  test('wrong sizes are named', () => {
    const rng = seededRng(4);
    const regions = [enforceable(rng)];
    const net = randomNetwork(rng, [3, 8, 2], 'relu');
    expect(() => prescribeByLastLayer(net, regions, [])).toThrow(/one per region/);
    expect(() => prescribeByLastLayer(net, regions, [{ A: matrix(1, 3) }])).toThrow(/rows of A/);
    expect(() => prescribeByCorrection(net, regions[0], { A: matrix(2, 3), b: [NaN, 0] })).toThrow(/finite/);
  });
});

/** The same hidden layers, another head. */
function randomNetworkLike(net: Network, rng: Rng): Network {
  const last = net.nodes.at(-1)!;
  if (last.kind !== 'affine') throw new Error('a dense head');
  const { weight } = last.operator as Dense;
  const rows = Array.from({ length: weight.rows }, () => randomArray(rng, weight.cols));
  return network([
    ...net.nodes.slice(0, -1),
    { ...last, operator: dense(rows, randomArray(rng, weight.rows)) },
  ]);
}

const enforceable = (rng: Rng): Region => {
  for (;;) {
    const [region] = randomRegions(rng, 3, 1);
    if (region.frame.rows === 4) return region;
  }
};

function lastChange(before: Network, after: Network): Float64Array {
  const parameters = ({ nodes }: Network) => {
    const last = nodes.at(-1)!;
    if (last.kind !== 'affine') throw new Error('a dense head');
    const { weight, bias } = last.operator as Dense;
    return Float64Array.of(...weight.data, ...bias);
  };
  const old = parameters(before);
  return parameters(after).map((value, i) => value - old[i]);
}

const norm = (values: Float64Array): number => Math.hypot(...values);
