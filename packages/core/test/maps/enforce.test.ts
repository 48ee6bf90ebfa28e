import {
  abs,
  ball,
  box,
  certify,
  chain,
  crossPolytope,
  dense,
  enforce,
  foldShifts,
  forward,
  freeze,
  matrixFromRows,
  type Network,
  type Region,
  relu,
  relu6,
  vPolytope,
} from '@police/core';
import { sharedBias } from '@police/testing/hard-cases';
import {
  activationKinds,
  applyMap,
  expectClose,
  makeRegion,
  pointsOf,
  policies,
  randomArray,
  randomNetwork,
  randomRegions,
  regionKinds,
  roundingBound,
  roundingBoundOn,
  seededRng,
  seeds,
  snapshot,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const policyNames = Object.keys(policies);
const activations = fc.constantFrom(...activationKinds);

/** The policed network is the reported affine map on every region, to rounding. */
function expectAffine(net: Network, regions: readonly Region[], policy = 'minimal', seed = 0): void {
  const rng = seededRng(seed);
  const { network: policed, report } = enforce(net, regions, { policy: policies[policy] });
  regions.forEach((region, r) => {
    const points = pointsOf(region, 10, rng);
    expectClose(
      forward(policed, points).data,
      applyMap(report.maps[r], points),
      roundingBoundOn(policed, region),
      `the map on region ${r}, a ${region.kind}, policy ${policy}`,
    );
  });
  if (report.mapsCoincide) {
    // The same pieces, hence the very same products.
    for (const { A } of report.maps) expect(A.data).toEqual(report.maps[0].A.data);
  }
}

describe.each(policyNames)('policy %s makes the network the reported affine map', policy => {
  test.each(regionKinds)('on a %s', kind => {
    fc.assert(
      fc.property(seeds, activations, fc.integer({ min: 1, max: 4 }), (seed, activation, depth) => {
        const rng = seededRng(seed);
        const net = randomNetwork(rng, [3, ...Array<number>(depth - 1).fill(10), 2], activation);
        expectAffine(net, [makeRegion(kind, 3, rng)], policy, seed);
      }),
      { numRuns: 40 },
    );
  });

  test('on two to five regions at once', () => {
    fc.assert(
      fc.property(seeds, activations, fc.integer({ min: 2, max: 5 }), (seed, activation, count) => {
        const rng = seededRng(seed);
        const net = randomNetwork(rng, [3, 10, 8, 2], activation);
        expectAffine(net, randomRegions(rng, 3, count), policy, seed);
      }),
      { numRuns: 60 },
    );
  });

  test('where activations share an affine node or follow the input or one another', () => {
    fc.assert(
      fc.property(seeds, activations, fc.integer({ min: 1, max: 3 }), (seed, kind, count) => {
        const rng = seededRng(seed);
        const net = sharedBias(rng, kind);
        const regions = randomRegions(rng, 3, count);
        expectAffine(net, regions, policy, seed);
        const { network: policed } = enforce(net, regions, { policy: policies[policy] });
        const shiftedIn = ({ nodes }: Network) =>
          nodes.filter(node => 'shift' in node).map(({ name }) => name);
        // `third` alone owns the bias before it; all other shifts stay where they are.
        const staying = shiftedIn(policed).filter(name => name !== 'third');
        expect(shiftedIn(foldShifts(policed))).toEqual(staying);
      }),
      { numRuns: 30 },
    );
  });

  test('and a second run finds nothing left to shift', () => {
    fc.assert(
      fc.property(seeds, activations, fc.integer({ min: 1, max: 4 }), (seed, activation, count) => {
        const rng = seededRng(seed);
        const regions = randomRegions(rng, 3, count);
        const net = randomNetwork(rng, [3, 10, 8, 2], activation);
        const first = enforce(net, regions, { policy: policies[policy] });
        const second = enforce(first.network, regions, { policy: policies[policy], sides: first.sides });
        const tolerance = Math.max(...regions.map(region => roundingBoundOn(first.network, region)));
        for (const [name, shift] of Object.entries(second.shifts))
          expectClose(shift, new Float64Array(shift.length), tolerance, `second shift of ${name}`);
      }),
      { numRuns: 60 },
    );
  });

  test('and folding the shifts changes no output', () => {
    fc.assert(
      fc.property(seeds, activations, (seed, activation) => {
        const rng = seededRng(seed);
        const regions = randomRegions(rng, 3, 2);
        const { network: policed } = enforce(randomNetwork(rng, [3, 10, 8, 2], activation), regions, {
          policy: policies[policy],
        });
        const folded = foldShifts(policed);
        expect(folded.nodes.some(node => 'shift' in node)).toBe(false);
        const reach = 4;
        const points = matrixFromRows(Array.from({ length: 20 }, () => randomArray(rng, 3, reach)));
        const tolerance = roundingBound(policed, [reach, reach, reach]);
        expectClose(forward(folded, points).data, forward(policed, points).data, tolerance, 'folded outputs');
      }),
      { numRuns: 40 },
    );
  });
});

function cornersOf(lower: readonly number[], upper: readonly number[]): number[][] {
  return Array.from({ length: 2 ** lower.length }, (_, corner) =>
    lower.map((lo, i) => ((corner >> i) & 1 ? upper[i] : lo)),
  );
}

/** Two sets of shifts are equal to rounding. */
function expectSameShifts(net: Network, a: Region, b: Region, policy: string): void {
  const options = { policy: policies[policy] };
  const first = enforce(net, [a], options);
  const second = enforce(net, [b], options);
  const tolerance = roundingBoundOn(first.network, a) + roundingBoundOn(second.network, b);
  for (const name of Object.keys(first.shifts))
    expectClose(second.shifts[name], first.shifts[name], tolerance, `shifts of ${name} by ${policy}`);
}

describe('the same region told differently', () => {
  test.each(['majority', 'minimal', 'always below'])(
    'a box is the hull of its corners, policy %s',
    policy => {
      fc.assert(
        fc.property(seeds, fc.integer({ min: 2, max: 6 }), activations, (seed, size, activation) => {
          const rng = seededRng(seed);
          const lower = randomArray(rng, size);
          const upper = lower.map(x => x + rng());
          const net = randomNetwork(rng, [size, 8, 6, 2], activation);
          expectSameShifts(net, box(lower, upper), vPolytope(cornersOf(lower, upper)), policy);
        }),
        { numRuns: 60 },
      );
    },
  );

  test.each(['majority', 'minimal'])('a cross-polytope is the hull of its 2D vertices, policy %s', policy => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 2, max: 6 }), activations, (seed, size, activation) => {
        const rng = seededRng(seed);
        const centre = randomArray(rng, size);
        const radius = rng() + 0.1;
        const vertices = centre.flatMap((_, i) =>
          [-radius, radius].map(r => centre.map((x, k) => (k === i ? x + r : x))),
        );
        const net = randomNetwork(rng, [size, 8, 6, 2], activation);
        expectSameShifts(net, crossPolytope(centre, radius), vPolytope(vertices), policy);
      }),
      { numRuns: 60 },
    );
  });

  test('order and repetition of vertices change nothing', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 4 }), activations, (seed, size, activation) => {
        const rng = seededRng(seed);
        const vertices = Array.from({ length: size + 4 }, () => randomArray(rng, size));
        const again = [...vertices, vertices[0], vertices[2]]
          .map(vertex => ({ vertex, key: rng() }))
          .sort((a, b) => a.key - b.key)
          .map(({ vertex }) => vertex);
        const net = randomNetwork(rng, [size, 8, 6, 2], activation);
        expectSameShifts(net, vPolytope(vertices), vPolytope(again), 'minimal');
      }),
      { numRuns: 60 },
    );
  });
});

describe('the report', () => {
  test('of a network small enough to follow by hand', () => {
    // On [−1, 1]: x + 0.5 ranges over [−0.5, 1.5], x − 3 lies under 0, x + 3 above, −x over [−1, 1].
    const hidden = dense([[1], [1], [1], [-1]], [0.5, -3, 3, 0]);
    const net = chain(1, [hidden, relu(), dense([[1, 1, 1, 1]], [10])]);
    const { shifts, sides, report } = enforce(net, [box([-1], [1])]);
    expect(Array.from(shifts.relu_2)).toEqual([0.5, 0, 0, 1]);
    expect(Array.from(sides.relu_2)).toEqual([1, -1, 1, 1]);
    const { maps, layers, ...totals } = report;
    expect(totals).toEqual({
      units: 4,
      shifted: 2,
      totalShift: 1.5,
      largestShift: 1,
      dead: 1,
      saturated: 0,
      linear: 3,
      mapsCoincide: true,
      constantOn: [],
    });
    const { mapsCoincide: _, constantOn: __, ...sameTotals } = totals;
    expect(layers).toEqual([{ name: 'relu_2', ...sameTotals }]);
    // (x + 1) + 0 + (x + 3) + (1 − x) + 10.
    expect(maps).toEqual([{ A: matrixFromRows([[1]]), b: Float64Array.of(15) }]);
  });

  test('tells units that are 0 from those that are constant otherwise', () => {
    // On [−1, 1] relu6 of x − 9, x + 20 and x + 3: 0, 6, and x + 3 itself.
    const net = chain(1, [dense([[1], [1], [1]], [-9, 20, 3]), relu6(), dense([[1, 1, 1]])]);
    expect(enforce(net, [box([-1], [1])]).report).toMatchObject({ dead: 1, saturated: 1, linear: 1 });
  });

  test('an excluded nonlinearity must be affine by itself', () => {
    const net = chain(1, [dense([[1]], [3]), relu(), dense([[1], [1]], [0, -9]), abs(), dense([[1, 1]])]);
    const regions = [box([-1], [1])];
    expect(enforce(net, regions, { exclude: ['relu_2', 'abs_4'] }).report.shifted).toBe(0);
    const wide = [box([-4], [1])];
    expect(() => enforce(net, wide, { exclude: ['abs_4'] })).not.toThrow();
    expect(() => enforce(net, wide, { exclude: ['relu_2'] })).toThrow(/unit 0, which needs a shift of 1/);
    expect(() => enforce(net, wide, { exclude: ['relu_9'] })).toThrow(/Names are relu_2, abs_4/);
  });

  test('tells regions on different pieces from regions on the same', () => {
    const net = chain(1, [dense([[1]]), relu(), dense([[2]])]);
    const left = ball([-2], 1);
    const right = ball([2], 1);
    expect(enforce(net, [left, right]).report).toMatchObject({
      shifted: 0,
      dead: 0,
      linear: 0,
      mapsCoincide: false,
    });
    expect(enforce(net, [right, right]).report).toMatchObject({ dead: 0, linear: 1, mapsCoincide: true });
  });

  test('without regions there is nothing to do', () => {
    const net = randomNetwork(seededRng(1), [2, 3, 1], 'relu');
    expect(enforce(net, []).network.nodes).toEqual(net.nodes);
    expect(enforce(net, []).report).toMatchObject({ units: 3, shifted: 0, maps: [], mapsCoincide: true });
  });
});

test('the network given is left as it is', () => {
  const rng = seededRng(3);
  const net = randomNetwork(rng, [3, 8, 8, 2], 'prelu');
  const before = snapshot(net);
  const { network: policed } = enforce(net, randomRegions(rng, 3, 3));
  foldShifts(policed);
  expect(snapshot(net)).toEqual(before);
});

test('progress counts the nodes', () => {
  const net = chain(1, [dense([[1]]), relu(), dense([[1]])]);
  const regions = [box([-1], [1])];
  for (const act of [enforce, freeze, certify]) {
    const calls: [number, number][] = [];
    act(act === certify ? freeze(net, regions).network : net, regions, {
      progress: (done, total) => calls.push([done, total]),
    });
    expect(calls).toEqual([
      [1, 4],
      [2, 4],
      [3, 4],
      [4, 4],
    ]);
  }
});
