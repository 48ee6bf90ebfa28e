import {
  ball,
  box,
  boxAround,
  type Certified,
  certify,
  chain,
  dense,
  type Enforced,
  enforce,
  freeze,
  imageUnder,
  leakyRelu,
  maxPoolWindows,
  type Network,
  network,
  operators,
  type Region,
  type Rng,
  relu,
  vPolytope,
} from '@police/core';
import { useFastProducts } from '@police/core/fast';
import { CONV_SIZE, convNetwork, randomGraph } from '@police/testing/graphs';
import {
  expectClose,
  makeRegion,
  pick,
  randomArray,
  roundingBoundOn,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { loadedProducts, useProducts } from '../../src/numeric/tap-product.js';

/** Bytes of the least block a network can be streamed with: every node's values, of one direction, four times. */
function leastMemory(net: Network): number {
  const values = [...net.sizes.values()].reduce((sum, size) => sum + size, 0);
  const pairs = net.nodes.map(node => (node.kind === 'max' ? pairsOf(node.windows.offsets) : 0));
  return 4 * 8 * (values + Math.max(...pairs));
}

const pairsOf = (offsets: Int32Array) =>
  offsets.reduce((sum, end, w) => sum + (w === 0 ? 0 : (end - offsets[w - 1]) ** 2), 0);

interface Case {
  readonly net: Network;
  readonly regions: readonly Region[];
}

/** A network of every kind of node on regions whose frames can be streamed. */
function randomCase(rng: Rng, isConv: boolean): Case {
  const size = isConv ? CONV_SIZE : 9;
  const net = isConv ? convNetwork(rng) : randomGraph(rng, size, 2);
  const kind = () => pick(rng, ['box', 'ball', 'crossPolytope', 'flatBox'] as const);
  const first = makeRegion(kind(), size, rng, 0.5);
  const moved = imageUnder(
    makeRegion(kind(), size, rng, 0.5),
    randomArray(rng, size),
    randomArray(rng, size),
  );
  return { net, regions: rng() < 0.5 ? [first] : [first, moved] };
}

/** Memory from the least to about what all directions take, per region. */
const memories = fc.double({ min: 1, max: 12, noNaN: true });

function expectSameShifts(actual: Enforced, expected: Enforced, tolerance: number): void {
  expect(Object.keys(actual.shifts)).toEqual(Object.keys(expected.shifts));
  for (const [name, shift] of Object.entries(expected.shifts)) {
    expectClose(actual.shifts[name], shift, tolerance, name);
  }
}

describe('frames carried in blocks', () => {
  test.each([false, true])('give the shifts, maps and proofs of whole ones (convolutional: %s)', isConv => {
    fc.assert(
      fc.property(seeds, memories, (seed, factor) => {
        const rng = seededRng(seed);
        const { net, regions } = randomCase(rng, isConv);
        const memory = Math.ceil(factor * regions.length * leastMemory(net));
        const tolerance = Math.max(...regions.map(region => roundingBoundOn(net, region)));
        const policy = pick(rng, ['minimal', 'majority'] as const);
        const whole = enforce(net, regions, { policy });
        const streamed = enforce(net, regions, { policy, memory });
        // A unit exactly on its kink may fall on either side by rounding; all after it differs then.
        fc.pre(JSON.stringify(streamed.sides) === JSON.stringify(whole.sides));
        expectSameShifts(streamed, whole, 64 * tolerance);
        regions.forEach((_, r) => {
          const [a, b] = [streamed.report.maps[r], whole.report.maps[r]];
          expectClose(a.A.data, b.A.data, 64 * tolerance, `A on region ${r}`);
          expectClose(a.b, b.b, 64 * tolerance, `b on region ${r}`);
        });
        const frozen = freeze(streamed.network, regions, { memory }).network;
        const proof = certify(frozen, regions, { memory });
        const other = certify(frozen, regions);
        expect(proof.certified).toBe(true);
        expect(other.certified).toBe(true);
        regions.forEach((_, r) => {
          const [a, b] = [(proof as Certified).regions[r], (other as Certified).regions[r]];
          for (const key of ['mapError', 'inferenceError'] as const) {
            a[key].forEach((error, j) => {
              // Both may be 0: a layer that reads nothing but zeros rounds nothing.
              if (error === b[key][j]) return;
              expect(error / b[key][j]).toBeGreaterThan(0.99);
              expect(error / b[key][j]).toBeLessThan(1.01);
            });
          }
        });
      }),
      { numRuns: isConv ? 12 : 30 },
    );
  });

  test('refute what bends, and show where', () => {
    const net = chain(3, [dense([[1, 1, 1]], [0.1]), relu(), dense([[1]])]);
    const region = box([-1, -1, -1], [1, 1, 1]);
    const whole = certify(net, [region]);
    expect(certify(net, [region], { memory: leastMemory(net) })).toEqual(whole);
    expect(whole).toMatchObject({ certified: false, layer: 'relu_2', unit: 0 });
  });

  test('keep what fits, and drop what is no longer read', () => {
    // Three layers: without stored directions the first would be multiplied in each of the three sweeps.
    const rng = seededRng(4);
    const layer = (n: number, m: number) =>
      dense(
        Array.from({ length: m }, () => randomArray(rng, n)),
        randomArray(rng, m),
      );
    let rows = 0;
    const first = layer(40, 10);
    const counted = {
      ...first,
      linear: (x: Parameters<typeof first.linear>[0]) => {
        rows += x.rows;
        return first.linear(x);
      },
    };
    const net = chain(40, [counted, relu(), layer(10, 10), relu(), layer(10, 1)]);
    const region = boxAround(new Float64Array(40), 1);
    const all = 40 * 10 * 8;
    // Once for the origin; directions once where they can be stored, else for every layer after.
    enforce(net, [region], { memory: 2 * all });
    expect(rows).toBe(1 + 40);
    rows = 0;
    enforce(net, [region], { memory: all - 1 });
    expect(rows).toBe(1 + 3 * 40);
  });
});

describe('directions that are 0 nearly everywhere', () => {
  afterEach(() => useProducts(undefined));

  /** Two convolutions with a bend, a pool and a sum around them, on images of 16 × 16. */
  function imageNetwork(rng: Rng): Network {
    const conv = (inShape: [number, number, number], out: number) =>
      operators.conv({
        inShape,
        weight: randomArray(rng, out * inShape[0] * 9),
        weightShape: [out, inShape[0], 3, 3],
        bias: randomArray(rng, out),
        padding: [1, 1, 1, 1],
      });
    const { windows, outShape } = maxPoolWindows({ shape: [4, 16, 16], kernel: [2, 2] });
    const size = outShape[0] * outShape[1] * outShape[2];
    return network([
      { kind: 'input', name: 'x', size: 256 },
      { kind: 'affine', name: 'conv1', input: 'x', operator: conv([1, 16, 16], 4) },
      { kind: 'activation', name: 'bend1', input: 'conv1', activation: leakyRelu(0.1) },
      { kind: 'max', name: 'pool', input: 'bend1', windows },
      { kind: 'affine', name: 'conv2', input: 'pool', operator: conv(outShape, 4) },
      { kind: 'sum', name: 'sum', inputs: ['conv2', 'pool'], coefficients: [1, -0.5] },
      { kind: 'activation', name: 'bend2', input: 'sum', activation: relu() },
      { kind: 'affine', name: 'head', input: 'bend2', operator: dense([randomArray(rng, size)], [0.5]) },
    ]);
  }

  test.each(['box', 'ball', 'crossPolytope'] as const)('%s: left out, to the same bits', kind => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 4, max: 40 }), (seed, rows) => {
        const rng = seededRng(seed);
        const [net, region] = [imageNetwork(rng), makeRegion(kind, 256, rng, 0.2)];
        const memory = rows * leastMemory(net);
        useProducts(undefined);
        const plain = enforce(net, [region], { memory });
        useFastProducts();
        const fast = loadedProducts()!;
        let leftOut = 0;
        useProducts({
          multiply: (product, x) => {
            leftOut += Number(x.live !== undefined && columnsIn(x.live) < x.cols);
            return fast.multiply(product, x);
          },
        });
        const found = enforce(net, [region], { memory });
        expectSameShifts(found, plain, 0);
        expect(found.sides).toEqual(plain.sides);
        expect(leftOut).toBeGreaterThan(0);
      }),
      { numRuns: 5 },
    );
  });

  const columnsIn = (live: Int32Array) => live.reduce((sum, end, r) => sum + (r % 2 === 0 ? -end : end), 0);
});

describe('a frame that does not fit', () => {
  const net = chain(200, [dense(Array.from({ length: 50 }, () => new Float64Array(200))), relu()]);

  test('is refused with its size where it cannot be carried in blocks', () => {
    const corners = [new Float64Array(200), new Float64Array(200).fill(1)];
    for (const act of [enforce, freeze, certify]) {
      expect(() => act(net, [vPolytope(corners)], { memory: 2000 })).toThrow(
        expect.objectContaining({ code: 'too-large' }),
      );
    }
  });

  test('is refused where not even one direction fits', () => {
    expect(() => enforce(net, [ball(new Float64Array(200), 1)], { memory: 2000 })).toThrow(
      expect.objectContaining({ code: 'too-large', actual: '201 rows through all layers, 0.000449 GiB' }),
    );
  });
});
