import {
  ball,
  box,
  boxAround,
  type Certified,
  certify,
  chain,
  type Dense,
  dense,
  type Enforced,
  enforce,
  freeze,
  imageUnder,
  leakyRelu,
  lookahead,
  maxPoolWindows,
  type Network,
  network,
  operators,
  type Region,
  type Rng,
  relu,
  vPolytope,
} from '@police/core';
import { mapNodes } from '@police/core/adapter';
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

const withBiases = (net: Network, change: (bias: Float64Array) => Float64Array): Network =>
  mapNodes(net, {
    affine: node =>
      node.operator.storesBias && !node.operator.biasGroups
        ? { ...node, operator: node.operator.withBias(change(node.operator.bias)) }
        : node,
  });

/** Every weight of products times a factor. */
const withWeights = (net: Network, factor: number): Network =>
  mapNodes(net, {
    affine: node => {
      const { operator } = node;
      if (operator.kind !== 'dense' && operator.kind !== 'conv') return node;
      const [weight, bias] = operator.parameters;
      return {
        ...node,
        operator: operator.withParameters(
          weight.map(w => factor * w),
          bias,
        ),
      };
    },
  });

const parametersOf = (net: Network) =>
  net.nodes.map(node => [
    node.kind === 'affine' ? node.operator.parameters : [],
    node.kind === 'activation' ? node.shift : undefined,
    node.kind === 'max' ? node.lifts : undefined,
  ]);

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

  test.each([false, true])(
    'are taken over by enforcing anew and by freezing where they are the same, and only there (convolutional: %s)',
    isConv => {
      fc.assert(
        fc.property(seeds, memories, (seed, factor) => {
          const rng = seededRng(seed);
          const { net, regions } = randomCase(rng, isConv);
          const memory = Math.ceil(factor * regions.length * leastMemory(net));
          const { network, frames } = enforce(net, regions, { memory });
          // Frames of other biases are on other pieces, those of other weights on none.
          const biased = enforce(
            withBiases(net, bias => bias.map(b => b + rng() - 0.5)),
            regions,
            { memory },
          );
          const others = [frames, biased.frames, enforce(withWeights(net, -1), regions, { memory }).frames];
          const options = { memory, sharing: 'per-channel' as const };
          const enforced = enforce(net, regions, options);
          for (const each of others) {
            const again = enforce(net, regions, { ...options, frames: each });
            expect(again.shifts).toEqual(enforced.shifts);
          }
          for (const precision of ['float32', 'float64'] as const) {
            const expected = freeze(network, regions, { memory, precision });
            for (const each of others) {
              const frozen = freeze(network, regions, { memory, precision, frames: each });
              expect(frozen.layers).toEqual(expected.layers);
              expect(parametersOf(frozen.network)).toEqual(parametersOf(expected.network));
            }
          }
        }),
        { numRuns: isConv ? 12 : 30 },
      );
    },
  );

  test('are those of the units that lookahead spares', () => {
    let freed = 0;
    fc.assert(
      fc.property(seeds, memories, (seed, factor) => {
        const rng = seededRng(seed);
        // Later units that are far below their kinks read earlier ones that bend.
        const net = chain(4, [
          dense(
            Array.from({ length: 6 }, () => randomArray(rng, 4)),
            randomArray(rng, 6),
          ),
          relu(),
          dense(
            Array.from({ length: 6 }, () => randomArray(rng, 6)),
            randomArray(rng, 6).map(b => b - 4),
          ),
          relu(),
          dense([randomArray(rng, 6)]),
        ]);
        const region = box([-1, -1, -1, -1], [1, 1, 1, 1]);
        const memory = Math.ceil(factor * leastMemory(net));
        const [plain, other] = [{}, { memory }].map(each => enforce(net, [region], each));
        fc.pre(JSON.stringify(plain.sides) === JSON.stringify(other.sides));
        const [whole, streamed] = [{}, { memory }].map(each =>
          enforce(net, [region], { ...each, lookahead }),
        );
        freed += whole.report.freed ?? 0;
        expect(streamed.sides).toEqual(whole.sides);
        expectSameShifts(streamed, whole, 64 * roundingBoundOn(net, region));
      }),
      { numRuns: 60 },
    );
    expect(freed).toBeGreaterThan(20);
  });

  test('refute what bends, and show where', () => {
    const net = chain(3, [dense([[1, 1, 1]], [0.1]), relu(), dense([[1]])]);
    const region = box([-1, -1, -1], [1, 1, 1]);
    const whole = certify(net, [region]);
    expect(certify(net, [region], { memory: leastMemory(net) })).toEqual(whole);
    expect(whole).toMatchObject({ certified: false, layer: 'relu_2', unit: 0 });
  });

  test('keep what fits, drop what is no longer read, and are not sent again by freezing', () => {
    // Three layers: without stored directions the first would be multiplied in each of the three sweeps.
    const rng = seededRng(4);
    const layer = (n: number, m: number) =>
      dense(
        Array.from({ length: m }, () => randomArray(rng, n)),
        randomArray(rng, m),
      );
    let rows = 0;
    const counted = (operator: Dense): Dense => ({
      ...operator,
      linear: x => {
        rows += x.rows;
        return operator.linear(x);
      },
      withBias: bias => counted(operator.withBias(bias)),
      rounded: precision => counted(operator.rounded(precision)),
    });
    const net = chain(40, [counted(layer(40, 10)), relu(), layer(10, 10), relu(), layer(10, 1)]);
    const region = boxAround(new Float64Array(40), 1);
    const all = 40 * 10 * 8;
    // Once for the origin; directions once where they can be stored, else for every layer after.
    enforce(net, [region], { memory: 2 * all });
    expect(rows).toBe(1 + 40);
    rows = 0;
    const { network: shifted, frames } = enforce(net, [region], { memory: all - 1 });
    expect(rows).toBe(1 + 3 * 40);
    rows = 0;
    freeze(shifted, [region], { memory: all - 1, precision: 'float64', frames });
    expect(rows).toBe(1);
    rows = 0;
    enforce(net, [region], { memory: all - 1, sharing: 'per-channel', frames });
    expect(rows).toBe(1);
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
