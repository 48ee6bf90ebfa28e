import {
  type Activation,
  box,
  boxAround,
  certify,
  chain,
  dense,
  elu,
  enforce,
  float32,
  forward,
  freeze,
  gelu,
  hardSwish,
  matrixFromRows,
  maxoutWindows,
  type Network,
  type NetworkNode,
  network,
  type Region,
  type Relaxed,
  type Rng,
  relaxed,
  relu,
  rowOf,
  selu,
  sigmoid,
  silu,
  softplus,
  tanh,
} from '@police/core';
import { relaxedNodes, roundNetwork } from '@police/core/adapter';
import { exactForward } from '@police/testing/exact/forward';
import { exactPointOf } from '@police/testing/exact/points';
import {
  absolute,
  add,
  approximate,
  compare,
  type Dyadic,
  exact,
  multiply,
  subtract,
} from '@police/testing/exact/rational';
import type { ExactRow } from '@police/testing/exact/region';
import { float32Forward } from '@police/testing/float32-forward';
import { CONV_SIZE, convNetwork, randomDense, randomGraph } from '@police/testing/graphs';
import {
  activationKinds,
  makeActivation,
  makeRegion,
  pick,
  pointsOf,
  randomArray,
  regionKinds,
  runs,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import { moreRegionNames, moreRegions } from '@police/testing/regions/cases';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const curves: readonly (() => Activation)[] = [
  hardSwish,
  elu,
  selu,
  () => sigmoid(1e-6),
  () => tanh(1e-6),
  () => softplus(1e-6),
  () => silu(1e-6),
  () => gelu(1e-6),
];

/** Any graph, then held within a radius, which may be 0, of an affine map: all kinds of nodes but the opaque. */
function clamped(rng: Rng, size: number): Network {
  const graph = randomGraph(rng, size, 2);
  const last = graph.nodes.at(-1)!.name;
  const radius = randomDense(rng, 'gap', 'x', size, 2);
  return network([
    ...graph.nodes,
    randomDense(rng, 'centre', 'x', size, 2),
    radius,
    { kind: 'activation', name: 'radius', input: 'gap', activation: relu() },
    { kind: 'clamp', name: 'held', inputs: [last, 'centre', 'radius'] },
    randomDense(rng, 'after', 'held', 2, 2),
  ]);
}

function anyRegion(rng: Rng): Region {
  if (rng() < 0.5) return makeRegion(pick(rng, regionKinds), 4, rng, 10 ** (2 * rng() - 2));
  return moreRegions[pick(rng, moreRegionNames)](rng, 10 ** (2 * rng() - 2));
}

/** What the law says: outputs of points of a region within the bounds, here of the frame's range. */
function boundsOf(net: Network, region: Region) {
  const { values, error } = relaxed(net, region);
  const { lo, hi } = region.range(values);
  return { lo: lo.map((x, j) => x - error[j]), hi: hi.map((x, j) => x + error[j]), error };
}

describe('relaxed', () => {
  test('no exact value on a region leaves the bounds', { timeout: 120_000 * runs(1) }, () => {
    let finite = 0;
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const region = anyRegion(rng);
        const net = clamped(rng, region.size);
        const { lo, hi, error } = boundsOf(net, region);
        if (error.every(Number.isFinite)) finite++;
        for (let i = 0; i < 12; i++) {
          const point = exactPointOf(region.toJSON(), rng);
          exactForward(net, point).forEach((y, j) => {
            // What `range` rounds.
            const rounding = 2 ** -40 * (Math.abs(lo[j]) + Math.abs(hi[j]));
            const [below, above] = [lo[j] - rounding, hi[j] + rounding];
            expect(
              compare(y, multiply(exact(below), point.weight)),
              `${region.kind} ${j}`,
            ).toBeGreaterThanOrEqual(0);
            expect(
              compare(y, multiply(exact(above), point.weight)),
              `${region.kind} ${j}`,
            ).toBeLessThanOrEqual(0);
          });
        }
      }),
      { numRuns: runs(150) },
    );
    expect(finite).toBeGreaterThan(0);
  });

  test('curves, convolutions and pools: samples and extremes stay within the bounds', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const isConv = rng() < 0.3;
        const region = isConv
          ? makeRegion(pick(rng, ['box', 'ball', 'crossPolytope'] as const), CONV_SIZE, rng, 0.1)
          : anyRegion(rng);
        const curve = pick(rng, curves)();
        const net = isConv
          ? convNetwork(rng)
          : chain(region.size, [
              dense(
                Array.from({ length: 8 }, () => randomArray(rng, region.size)),
                randomArray(rng, 8),
              ),
              curve,
              dense(
                Array.from({ length: 2 }, () => randomArray(rng, 8)),
                randomArray(rng, 2),
              ),
            ]);
        const { lo, hi, error } = boundsOf(net, region);
        expect(error.every(Number.isFinite)).toBe(true);
        const points = pointsOf(region, 20, rng);
        // `forward` rounds too: far less than a chord's error, but not than an exact map's.
        forward(net, points).data.forEach((y, i) => {
          const j = i % net.outputSize;
          const rounding = 2 ** -36 * (1 + Math.abs(lo[j]) + Math.abs(hi[j]));
          expect(y).toBeGreaterThanOrEqual(lo[j] - rounding);
          expect(y).toBeLessThanOrEqual(hi[j] + rounding);
        });
      }),
      { numRuns: runs(60) },
    );
  });

  test('of one bend the stand-in itself is within its error, point by point', () => {
    const exactly = ({ coordinates: [x] }: ExactRow, { values, error }: Relaxed, y: readonly Dyadic[]) => {
      y.forEach((value, j) => {
        const standIn = add(exact(values.data[j]), multiply(x, exact(values.data[values.cols + j])));
        const gap = approximate(absolute(subtract(value, standIn)));
        expect(gap, `unit ${j}`).toBeLessThanOrEqual(error[j] * (1 + 2 ** -40));
      });
    };
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const bends: readonly NetworkNode[] = [
          {
            kind: 'activation',
            name: 'y',
            input: 'h',
            activation: makeActivation(pick(rng, activationKinds), 6, rng),
          },
          { kind: 'max', name: 'y', input: 'h', windows: maxoutWindows(2, 3) },
          {
            kind: 'max',
            name: 'y',
            input: 'h',
            windows: maxoutWindows(2, 3),
            lifts: { winner: Int32Array.of(1, -1), lift: Float64Array.of(rng(), 0) },
          },
          { kind: 'clamp', name: 'y', inputs: ['h', 'c', 'r'] },
        ];
        const net = network([
          { kind: 'input', name: 'x', size: 1 },
          randomDense(rng, 'h', 'x', 1, 6),
          randomDense(rng, 'c', 'x', 1, 6),
          {
            kind: 'affine',
            name: 'r',
            input: 'x',
            operator: dense(Array(6).fill([rng() / 2]), Array(6).fill(0.5 + rng())),
          },
          pick(rng, bends),
        ]);
        // Coordinates are frame coordinates here.
        const found = relaxed(net, box([-1], [1]));
        for (let i = -16; i <= 16; i++) {
          const point = { weight: exact(1), coordinates: [exact(i / 16)] };
          exactly(point, found, exactForward(net, point));
        }
      }),
      { numRuns: runs(200) },
    );
  });

  test('float32 runtimes stay within the bounds of float32, in any order of summation', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const region = makeRegion(pick(rng, regionKinds), 4, rng, 10 ** (2 * rng() - 2));
        const net = roundNetwork(randomGraph(rng, 4, 2), float32);
        const points = pointsOf(region, 6, rng);
        // Points in float32 are points of small boxes rather than of the region.
        for (let i = 0; i < points.rows; i++) {
          const x = rowOf(points, i).map(Math.fround);
          const around = boxAround(x, pick(rng, [0, 2 ** -10]));
          const { values, error } = relaxed(net, around, { arithmetic: 'float32' });
          const { lo, hi } = around.range(values);
          for (const order of ['forwards', 'backwards', 'pairwise'] as const) {
            float32Forward(net, matrixFromRows([x]), order).data.forEach((y, j) => {
              expect(y).toBeGreaterThanOrEqual(lo[j] - error[j]);
              expect(y).toBeLessThanOrEqual(hi[j] + error[j]);
            });
          }
        }
      }),
      { numRuns: runs(60) },
    );
  });

  test('where float32 overflows nothing is known', () => {
    const net = chain(1, [dense([[2 ** 100]]), dense([[2 ** 100]]), dense([[2 ** -200]])]);
    expect(relaxed(net, box([0], [1])).error[0]).toBeLessThan(1e-12);
    expect(relaxed(net, box([0], [1]), { arithmetic: 'float32' }).error[0]).toBe(Number.POSITIVE_INFINITY);
  });

  test('where a network is certified affine it is the affine map, to rounding', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const region = anyRegion(rng);
        const net = randomGraph(rng, region.size, 2);
        const frozen = freeze(enforce(net, [region]).network, [region]).network;
        const proof = certify(frozen, [region]);
        if (!proof.certified) throw new Error('a frozen network is certified');
        const { values, error } = proof.regions[0].outputFrame;
        const found = relaxed(frozen, region);
        const reach = region.reach(values);
        found.error.forEach((e, j) => {
          expect(e).toBeLessThanOrEqual(4 * error[j]);
          for (let i = 0; i < values.rows; i++) {
            const gap = Math.abs(found.values.data[i * 2 + j] - values.data[i * 2 + j]);
            expect(gap).toBeLessThanOrEqual(8 * Number.EPSILON * (1 + reach[j]));
          }
        });
      }),
      { numRuns: 40 },
    );
  });

  test('one that straddles takes its chord, with half the bend as error', () => {
    const { values, error } = relaxed(chain(1, [relu()]), box([-1], [3]));
    // The chord of ReLU on [−1, 3] is 3/4 (x + 1), and 3/4 above ReLU at 0: moved half way, 3/8.
    expect(values.data[0]).toBeCloseTo(3 / 4 + 3 / 4 - 3 / 8, 12);
    expect(values.data[1]).toBeCloseTo(3 / 2, 12);
    expect(error[0]).toBeCloseTo(3 / 8, 12);
    expect(error[0]).toBeGreaterThanOrEqual(3 / 8);
  });

  const held = (value: NetworkNode): Network =>
    network([
      { kind: 'input', name: 'x', size: 2 },
      value,
      { kind: 'affine', name: 'centre', input: 'x', operator: dense([[1, 2]], [3]) },
      // Twice the distance above 1 of the sum: 0 on the box below.
      { kind: 'affine', name: 'over', input: 'x', operator: dense([[1, 1]], [-1]) },
      { kind: 'activation', name: 'gap', input: 'over', activation: relu() },
      { kind: 'affine', name: 'radius', input: 'gap', operator: dense([[2]]) },
      { kind: 'clamp', name: 'y', inputs: ['f', 'centre', 'radius'] },
    ]);
  const opaque: NetworkNode = { kind: 'opaque', name: 'f', inputs: ['x'], size: 1 };

  test('a clamp of radius 0 is its centre exactly, whatever it holds', () => {
    const inside = boxAround([0, 0], 0.25);
    const net = held(opaque);
    const nodes = relaxedNodes(net, inside);
    expect(nodes('radius')).toMatchObject({ error: Float64Array.of(0) });
    expect(nodes('y')).toEqual(nodes('centre'));
  });

  test('elsewhere an opaque value is held within the radius of the centre, and alone it is unknown', () => {
    const outside = boxAround([1, 1], 0.25);
    const net = held(opaque);
    const { lo, hi, error } = boundsOf(net, outside);
    // The radius is at most 2 · 1.5 on the box, and the centre between 5.25 and 6.75.
    expect(error[0]).toBeCloseTo(3, 10);
    expect(lo[0]).toBeCloseTo(5.25 - 3, 10);
    expect(hi[0]).toBeCloseTo(6.75 + 3, 10);
    const alone = network([{ kind: 'input', name: 'x', size: 2 }, opaque]);
    expect(relaxed(alone, outside).error[0]).toBe(Number.POSITIVE_INFINITY);
  });

  test('what is not known does not poison the rest', () => {
    const net = network([
      { kind: 'input', name: 'x', size: 2 },
      opaque,
      { kind: 'concat', name: 'both', inputs: ['f', 'x'] },
      {
        kind: 'affine',
        name: 'y',
        input: 'both',
        operator: dense([
          [0, 1, 1],
          [1, 0, 0],
        ]),
      },
      { kind: 'activation', name: 'bent', input: 'y', activation: sigmoid(1e-3) },
    ]);
    const { values, error } = relaxed(net, boxAround([0, 0], 1));
    expect(error[0]).toBeLessThan(1);
    // A sigmoid is between 0 and 1 of anything; its bends are known to a cell's width.
    expect(error[1]).toBeGreaterThanOrEqual(0.5);
    expect(error[1]).toBeLessThan(0.55);
    expect(values.data.every(Number.isFinite)).toBe(true);
  });

  test('a value within its radius all over the region is let through', () => {
    const value: NetworkNode = { kind: 'affine', name: 'f', input: 'x', operator: dense([[1, 1.5]], [3]) };
    const { error } = relaxed(held(value), boxAround([1, 1], 0.25));
    expect(error[0]).toBeLessThan(1e-12);
  });

  test('frames carried in blocks give the same bounds', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const region = makeRegion(pick(rng, ['box', 'ball', 'crossPolytope'] as const), CONV_SIZE, rng, 0.1);
        const net = convNetwork(rng);
        const whole = boundsOf(net, region);
        expect(() => relaxed(net, makeRegion('simplex', CONV_SIZE, rng), { memory: 2 ** 16 })).toThrow(
          /memory/,
        );
        const streamed = relaxed(net, region, { memory: 2 ** 16 });
        const { lo, hi } = region.range(streamed.values);
        streamed.error.forEach((e, j) => {
          const close = 2 ** -30 * (1 + Math.abs(whole.lo[j]) + Math.abs(whole.hi[j]));
          expect(Math.abs(lo[j] - e - whole.lo[j])).toBeLessThan(close);
          expect(Math.abs(hi[j] + e - whole.hi[j])).toBeLessThan(close);
        });
      }),
      { numRuns: 5 },
    );
  });
});
