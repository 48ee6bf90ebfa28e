import {
  ball,
  box,
  certify,
  dense,
  enforce,
  freeze,
  type Matrix,
  matrix,
  matrixFromRows,
  type Network,
  network,
  opaqueNetwork,
  type Patched,
  type PatchOptions,
  patch,
  patchFunction,
  patchProbes,
  type Region,
  type Rng,
  rowOf,
  simplex,
  vPolytope,
} from '@police/core';
import { forwardValues } from '@police/core/adapter';
import { exactForward } from '@police/testing/exact/forward';
import { exactPointOf } from '@police/testing/exact/points';
import { compare, exact, multiply } from '@police/testing/exact/rational';
import { float32Forward } from '@police/testing/float32-forward';
import { randomGraph } from '@police/testing/graphs';
import {
  applyMap,
  makeRegion,
  pick,
  pointsOf,
  randomArray,
  randomRegions,
  regionKinds,
  runs,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

type Fn = (x: ArrayLike<number>) => number[];

const OUTPUTS = 2;

/** A function with jumps, cliffs and steps, that no network is. */
function wild(rng: Rng, size: number): Fn {
  const waves = Array.from({ length: OUTPUTS }, () => ({ w: randomArray(rng, size, 8), height: 3 * rng() }));
  return x =>
    waves.map(({ w, height }) => {
      const phase = w.reduce((sum, a, k) => sum + a * x[k], 0);
      return Math.fround(Math.sign(Math.sin(phase)) * height + Math.tan(phase / 7) + Math.floor(phase));
    });
}

const valuesOf = (f: Fn, x: Matrix): Matrix =>
  matrixFromRows(Array.from({ length: x.rows }, (_, i) => f(rowOf(x, i))));

function patchWild(f: Fn, regions: readonly Region[], options: PatchOptions = {}): Patched {
  const probes = patchProbes(regions, options);
  const base = opaqueNetwork(regions[0].size, OUTPUTS);
  return patchFunction(base, probes, valuesOf(f, probes.points), options);
}

/** The network at one point, where its opaque node is a constant. */
function at(net: Network, f: Fn, x: Float64Array): Network {
  const constant = dense(matrix(OUTPUTS, x.length), f(x));
  return network(
    net.nodes.map(node =>
      node.kind === 'opaque'
        ? { kind: 'affine', name: node.name, input: node.inputs[0], operator: constant }
        : node,
    ),
  );
}

/** Value, centre, radius and what is made of them at a point, in float64. */
function partsAt(net: Network, f: Fn, x: Float64Array) {
  const values = forwardValues(at(net, f, x), matrix(1, x.length, x));
  const part = (name: string) => values.get(name)!.data;
  return { centre: part('patch.centre'), radius: part('patch.radius'), held: part('patch.held') };
}

/** Float32 points around a region, near and far. */
function pointsAround(region: Region, rng: Rng, count: number): Matrix {
  const inside = pointsOf(region, count, rng);
  return matrix(
    inside.rows,
    inside.cols,
    inside.data.map(x => Math.fround(x + rng() ** 3 * (2 * rng() - 1) * 3)),
  );
}

describe('any function, patched', () => {
  test('is certified, and is its map on the region exactly, in float32 in exact arithmetic and in float64', () => {
    fc.assert(
      fc.property(seeds, fc.constantFrom('fit' as const, 'minimax' as const), (seed, map) => {
        const rng = seededRng(seed);
        const region = makeRegion(pick(rng, regionKinds), 3, rng);
        const f = wild(rng, 3);
        const precision = rng() < 0.5 ? 'float32' : 'float64';
        const patched = patchWild(f, [region], { map, precision });
        const proof = certify(patched.network, [region]);
        expect(proof.certified).toBe(true);
        if (!proof.certified) return;
        const points = pointsOf(region, 8, rng);
        for (let i = 0; i < points.rows; i++) {
          const x = rowOf(points, i);
          const { centre, radius, held } = partsAt(patched.network, f, x);
          expect([...radius]).toEqual([0, 0]);
          expect(held).toEqual(centre);
          const run = float32Forward(at(patched.network, f, x), matrix(1, 3, x)).values[0];
          expect(run.get('patch.held')).toEqual(run.get('patch.centre'));
        }
        const { map: proved, mapError } = proof.regions[0];
        const expected = applyMap(proved, points);
        for (let i = 0; i < points.rows; i++) {
          const { centre } = partsAt(patched.network, f, rowOf(points, i));
          centre.forEach((y, j) => {
            expect(Math.abs(y - expected[i * OUTPUTS + j])).toBeLessThanOrEqual(
              mapError[j] + 1e-12 * (1 + Math.abs(y)),
            );
          });
        }
        const exactly = exactPointOf(region.toJSON(), rng);
        const held = exactForward(patched.network, exactly, () =>
          f([rng(), rng(), rng()]).map(y => multiply(exact(y), exactly.weight)),
        );
        const centre = exactForward(network(patched.network.nodes.slice(0, -1)), exactly, () => [
          exact(0),
          exact(0),
        ]);
        held.forEach((y, j) => {
          expect(compare(y, centre[j])).toBe(0);
        });
      }),
      { numRuns: runs(40) },
    );
  });

  test('is what it was, to the bit, wherever |f − a| ≤ K d, and lies between f and a everywhere', () => {
    let kept = 0;
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const region = makeRegion(pick(rng, regionKinds), 3, rng);
        const f = wild(rng, 3);
        const { network: net } = patchWild(f, [region], rng() < 0.5 ? { steepness: 20 * rng() } : {});
        const points = pointsAround(region, rng, 30);
        for (let i = 0; i < points.rows; i++) {
          const x = rowOf(points, i);
          const { centre, radius, held } = partsAt(net, f, x);
          f(x).forEach((y, j) => {
            expect(held[j]).toBeLessThanOrEqual(Math.max(y, centre[j]));
            expect(held[j]).toBeGreaterThanOrEqual(Math.min(y, centre[j]));
            if (Math.abs(y - centre[j]) > radius[j] * (1 - 1e-12)) return;
            kept++;
            expect(held[j]).toBe(y);
          });
        }
      }),
      { numRuns: runs(40) },
    );
    expect(kept).toBeGreaterThan(200);
  });

  test('keeps the samples that it is asked to keep, outside the shell, and reports what changed', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const region = makeRegion(pick(rng, regionKinds), 3, rng);
        const f = wild(rng, 3);
        const data = pointsAround(region, rng, 40);
        const { network: net, data: report, regions } = patchWild(f, [region], { data, shell: 0.05 });
        let changed = 0;
        for (let i = 0; i < data.rows; i++) {
          const x = rowOf(data, i);
          const values = forwardValues(at(net, f, x), matrix(1, 3, x));
          const gap = values.get('patch.gap')!.data[0];
          const held = values.get('patch.held')!.data;
          const isSame = f(x).every((y, j) => held[j] === y);
          changed += Number(!isSame);
          if (gap >= 0.05) expect(isSame).toBe(true);
        }
        expect(report.changed).toBeCloseTo(changed / data.rows, 12);
        expect(regions[0].steepness.every(k => k >= 0)).toBe(true);
      }),
      { numRuns: runs(30) },
    );
  });
});

describe('a certificate of a patch', () => {
  const rng = seededRng(11);
  const cases = regionKinds.map(kind => ({ kind, region: makeRegion(kind, 3, rng) }));

  test.each(cases.filter(({ region }) => region.frame.rows > 1))(
    'fails where facets of a $kind were moved inwards',
    ({ region }) => {
      const { network: net } = patchWild(wild(seededRng(1), 3), [region]);
      expect(certify(net, [region]).certified).toBe(true);
      const hinges = net.nodes.flatMap(node => (node.kind === 'activation' ? [node.input] : []));
      for (const moved of hinges) {
        const inwards = network(
          net.nodes.map(node =>
            node.kind === 'affine' && node.name === moved
              ? { ...node, operator: node.operator.withBias(node.operator.bias.map(b => b + 0.01)) }
              : node,
          ),
        );
        expect(certify(inwards, [region])).toMatchObject({ certified: false });
      }
    },
  );

  test('fails on a larger region, and says what bends', () => {
    const { network: net } = patchWild(wild(seededRng(1), 2), [box([0, 0], [1, 1])]);
    expect(certify(net, [box([0, 0], [1, 1.001])])).toMatchObject({
      certified: false,
      layer: 'patch.facets.beyond',
    });
    // Inside out: the region lies beyond a facet all over, where nothing is known of the function.
    expect(certify(net, [box([3, 3], [4, 4])])).toMatchObject({
      certified: false,
      layer: 'patch.held',
      region: 0,
    });
  });
});

/** Distance of two regions, by alternating projections onto random points' hulls: of each the best convex step towards the other. */
function nearestDistance(first: Region, second: Region, rng: Rng): number {
  let [x, y] = [first, second].map(region => Array.from(region.sample(rng)));
  const distance = () => Math.hypot(...x.map((a, k) => a - y[k]));
  const step = (region: Region, from: number[], to: number[]): number[] => {
    const [p] = [Array.from(region.sample(rng))];
    const way = p.map((a, k) => a - from[k]);
    const square = way.reduce((sum, a) => sum + a * a, 0);
    if (square === 0) return from;
    const along = way.reduce((sum, a, k) => sum + a * (to[k] - from[k]), 0) / square;
    return from.map((a, k) => a + Math.min(1, Math.max(0, along)) * way[k]);
  };
  for (let i = 0; i < 4000; i++) {
    x = step(first, x, y);
    y = step(second, y, x);
  }
  return distance();
}

describe('several regions', () => {
  test('each is its own map, whatever the others are, or they meet, and samples show it', () => {
    let [refused, certified] = [0, 0];
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const regions = randomRegions(rng, 2, 3);
        const f = wild(rng, 2);
        let patched: Patched;
        try {
          patched = patchWild(f, regions);
        } catch (error) {
          refused++;
          expect(error).toMatchObject({ code: 'invalid-option' });
          const [, s, r] = /^regions (\d) and (\d):/.exec((error as Error).message)!;
          expect(nearestDistance(regions[Number(s)], regions[Number(r)], rng)).toBeLessThan(0.05);
          return;
        }
        certified++;
        expect(certify(patched.network, regions).certified).toBe(true);
      }),
      { numRuns: runs(40) },
    );
    expect(refused).toBeGreaterThan(5);
    expect(certified).toBeGreaterThan(5);
  });

  test('balls whose boxes overlap, and which only a facet between them parts', () => {
    const regions = [ball(new Float64Array(7), 1), ball(new Float64Array(7).fill(0.9), 1)];
    const { network: net } = patchWild(wild(seededRng(3), 7), regions);
    expect(certify(net, regions).certified).toBe(true);
  });

  test('triangles on both sides of a diagonal, which no axis parts', () => {
    const regions = [
      vPolytope([
        [0, 0],
        [1, 1],
        [0, 1],
      ]),
      vPolytope([
        [0.1, 0],
        [1, 0.9],
        [1, 0],
      ]),
      // The longest side of neither parts these two squares.
      box([1.2, 0], [2, 0.8]),
    ];
    const { network: net } = patchWild(wild(seededRng(3), 2), regions);
    expect(certify(net, regions).certified).toBe(true);
  });

  test('that meet are refused with different maps, and may have one map', () => {
    const regions = [box([0, 0], [1, 1]), box([1, 0], [2, 1])];
    const f = wild(seededRng(3), 2);
    expect(() => patchWild(f, regions)).toThrow(/regions 0 and 1.*meet/s);
    const map = {
      A: matrixFromRows([
        [1, 2],
        [3, 4],
      ]),
      b: Float64Array.of(5, 6),
    };
    expect(certify(patchWild(f, regions, { map }).network, regions).certified).toBe(true);
  });
});

describe('a network, patched', () => {
  test('with its own affine map stays as it is; map "shift" is what enforcing gives', () => {
    const rng = seededRng(5);
    const net = randomGraph(rng, 3, 2);
    const region = makeRegion('box', 3, rng);
    const shifted = freeze(enforce(net, [region]).network, [region]);
    const again = patch(shifted.network, [region]);
    expect(again.regions[0].inside.largestChange).toBeLessThan(1e-4);
    const asShifted = patch(net, [region], { map: 'shift' });
    const [{ A }] = freeze(net, [region]).maps;
    const { map } = asShifted.regions[0];
    map.A.data.forEach((a, i) => {
      expect(Math.abs(a - A.data[i])).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(a)));
    });
  });

  test('around a network that was shifted on another region is certified on both', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const net = randomGraph(rng, 3, 2);
        const [near, far] = [box([0, 0, 0], [1, 1, 1]), box([3, 3, 3], [3.5, 3.5, 3.5])];
        const shifted = freeze(enforce(net, [near]).network, [near]).network;
        const patched = patch(shifted, [far], { data: pointsOf(near, 50, rng) });
        const raised = patch(shifted, [far], { steepness: 1e4 });
        expect(certify(patched.network, [far]).certified).toBe(true);
        expect(certify(raised.network, [near, far]).certified).toBe(true);
      }),
      { numRuns: runs(15) },
    );
  });

  test('refuses to be enforced or frozen again, with the way out', () => {
    const net = patch(randomGraph(seededRng(2), 3, 2), [box([0, 0, 0], [1, 1, 1])]).network;
    const region = [
      simplex([
        [2, 0, 0],
        [3, 0, 0],
        [2, 1, 0],
        [2, 0, 1],
      ]),
    ];
    expect(() => enforce(net, region)).toThrow(/Patch last/);
    expect(() => freeze(net, region)).toThrow(/Patch last/);
  });

  test.each([
    [{ steepness: -1 }, /steepness/],
    [{ steepness: Number.NaN }, /steepness/],
    [{ steepness: [1] }, /2/],
    [{ shell: 0 }, /shell/],
    [{ map: { A: matrixFromRows([[1]]), b: Float64Array.of(0) } }, /rows of A/],
  ] satisfies [PatchOptions, RegExp][])('refuses %j', (options, message) => {
    expect(() => patch(randomGraph(seededRng(2), 3, 2), [box([0, 0, 0], [1, 1, 1])], options)).toThrow(
      message,
    );
  });
});
