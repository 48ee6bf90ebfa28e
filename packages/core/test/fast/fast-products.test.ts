import { dense, type Matrix, matrix, type Rng } from '@police/core';
import { useFastProducts } from '@police/core/fast';
import { randomArray, seededRng, seeds } from '@police/testing/helpers';
import { integer, randomConv } from '@police/testing/operators/oracles';
import { randomConvTranspose } from '@police/testing/operators/random';
import { randomRows } from '@police/testing/operators/rows';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { conv, convTranspose } from '../../src/network/operators/index.js';
import { sumErrorBound } from '../../src/numeric/precision.js';
import {
  loadedProducts,
  type Products,
  type TapProduct,
  useProducts,
} from '../../src/numeric/tap-product.js';

let fast: Products;

beforeAll(() => {
  expect(useFastProducts()).toBe(true);
  fast = loadedProducts()!;
});

afterEach(() => useProducts(undefined));

/** The definition, one product and one sum at a time. */
function defined(product: TapProduct, x: Matrix): Matrix {
  const { groups, inChannels, outChannels, inPlane, outPlane, taps, positionOf, weight } = product;
  const y = matrix(x.rows, groups * outChannels * outPlane);
  for (let i = 0; i < x.rows; i++) {
    for (let o = 0; o < groups * outChannels; o++) {
      const group = Math.floor(o / outChannels);
      for (let p = 0; p < outPlane; p++) {
        let sum = 0;
        for (let c = 0; c < inChannels; c++) {
          for (let t = 0; t < taps; t++) {
            const from = positionOf[p * taps + t];
            if (from < 0) continue;
            sum +=
              weight[(o * inChannels + c) * taps + t] *
              x.data[i * x.cols + (group * inChannels + c) * inPlane + from];
          }
        }
        y.data[i * y.cols + o * outPlane + p] = sum;
      }
    }
  }
  return y;
}

function randomProduct(rng: Rng): TapProduct {
  const groups = integer(rng, 1, 3);
  const inChannels = integer(rng, 1, 9);
  const outChannels = integer(rng, 1, 11);
  const inPlane = integer(rng, 1, 12);
  const outPlane = integer(rng, 1, 7);
  const taps = integer(rng, 1, 5);
  const positionOf = Int32Array.from({ length: outPlane * taps }, () => integer(rng, -1, inPlane - 1));
  const weight = Float64Array.from(randomArray(rng, groups * outChannels * inChannels * taps));
  return { groups, inChannels, outChannels, inPlane, outPlane, taps, positionOf, weight };
}

/** Rows of which some are dense, some sparse and some zero. */
function mixedRows(rng: Rng, count: number, cols: number): Matrix {
  const x = randomRows(rng, count, cols);
  for (let i = 0; i < count; i++) {
    const share = [0, 0.05, 0.5, 1][integer(rng, 0, 3)];
    for (let j = 0; j < cols; j++) if (rng() >= share) x.data[i * cols + j] = 0;
  }
  return x;
}

function expectSameBits(actual: Matrix, expected: Matrix): void {
  expect([actual.rows, actual.cols]).toEqual([expected.rows, expected.cols]);
  const different = actual.data.findIndex((value, i) => !Object.is(value, expected.data[i]));
  expect(different, `of ${actual.data.length} entries the first that differs`).toBe(-1);
}

test('any table of taps, to the last bit of its definition', () => {
  fc.assert(
    fc.property(seeds, seed => {
      const rng = seededRng(seed);
      const product = randomProduct(rng);
      const x = mixedRows(rng, integer(rng, 0, 40), product.groups * product.inChannels * product.inPlane);
      expectSameBits(fast.multiply(product, x)!, defined(product, x));
    }),
  );
});

describe('the same bits whatever the number of threads', () => {
  for (const threads of [1, 2, 3]) {
    test(`${threads}`, () => {
      expect(useFastProducts({ threads })).toBe(true);
      const { multiply } = loadedProducts()!;
      fc.assert(
        fc.property(seeds, seed => {
          const rng = seededRng(seed);
          const product = withChannels(randomProduct(rng), rng, 64);
          const x = mixedRows(
            rng,
            integer(rng, 1, 300),
            product.groups * product.inChannels * product.inPlane,
          );
          expectSameBits(multiply(product, x)!, fast.multiply(product, x)!);
        }),
        { numRuns: 30 },
      );
    });
  }

  for (const threads of [0, 1.5, -1, Number.NaN]) {
    test(`not ${threads}`, () => {
      expect(() => useFastProducts({ threads })).toThrow('option threads: expected a whole number from 1 up');
    });
  }
});

/** The same taps between more channels: work enough for several threads. */
function withChannels(product: TapProduct, rng: Rng, channels: number): TapProduct {
  const { groups, taps } = product;
  const weight = Float64Array.from(randomArray(rng, groups * channels * channels * taps));
  return { ...product, inChannels: channels, outChannels: channels, weight };
}

test('more rows than a chunk holds', () => {
  const rng = seededRng(1);
  // 40 kB a batch of four rows: some twenty batches fill a chunk of a mebibyte.
  const product = {
    ...randomProduct(rng),
    groups: 1,
    inChannels: 1000,
    outChannels: 6,
    inPlane: 1,
    outPlane: 1,
    taps: 1,
  };
  const whole = {
    ...product,
    positionOf: new Int32Array(1),
    weight: Float64Array.from(randomArray(rng, 6000)),
  };
  const x = mixedRows(rng, 203, 1000);
  expectSameBits(fast.multiply(whole, x)!, defined(whole, x));
});

/** Runs something with the fast products, which must be asked, and without. */
function bothWays(run: () => Matrix): [fast: Matrix, plain: Matrix] {
  let asked = 0;
  useProducts({
    multiply: (product, x) => {
      asked++;
      return fast.multiply(product, x);
    },
  });
  const quick = run();
  useProducts(undefined);
  expect(asked).toBeGreaterThan(0);
  return [quick, run()];
}

/** So many that small layers are worth a kernel, too. */
const ROWS = 1200;

describe('layers give the same bits with and without', () => {
  const makers = {
    dense: (rng: Rng) => {
      const [rows, cols] = [integer(rng, 20, 40), integer(rng, 20, 40)];
      return dense(matrix(rows, cols, Float64Array.from(randomArray(rng, rows * cols))));
    },
    conv: (rng: Rng) => {
      for (;;) {
        const operator = conv(randomConv(rng));
        if (operator.outSize * operator.terms * ROWS > 2 ** 18) return operator;
      }
    },
  };
  for (const [name, make] of Object.entries(makers)) {
    test(name, () => {
      fc.assert(
        fc.property(seeds, seed => {
          const rng = seededRng(seed);
          const operator = make(rng);
          const x = randomRows(rng, ROWS, operator.inSize);
          expectSameBits(...bothWays(() => operator.linear(x)));
          expectSameBits(...bothWays(() => operator.magnitude({ ...x, data: x.data.map(Math.abs) })));
        }),
        { numRuns: 10 },
      );
    });
  }
});

test('adjoints of convolutions and transposed ones differ by the rounding of their sums alone', () => {
  fc.assert(
    fc.property(seeds, seed => {
      const rng = seededRng(seed);
      const forward = conv(randomConv(rng));
      const y = randomRows(rng, ROWS, forward.outSize);
      const back = convTranspose(randomConvTranspose(rng));
      const x = randomRows(rng, ROWS, back.inSize);
      for (const [operator, run] of [
        [forward, () => forward.adjoint(y)],
        [back, () => back.linear(x)],
      ] as const) {
        useProducts(fast);
        const quick = run();
        useProducts(undefined);
        const plain = run();
        const most = operator.parameters[0].reduce((sum, w) => sum + Math.abs(w), 0);
        // Both are sums of at most as many products as there are weights, of entries up to 1, in different orders.
        const allowed = 2 * sumErrorBound(operator.parameters[0].length, most);
        const worst = quick.data.reduce((max, value, i) => Math.max(max, Math.abs(value - plain.data[i])), 0);
        expect(worst).toBeLessThanOrEqual(allowed);
      }
    }),
    { numRuns: 20 },
  );
});

test('where there is no memory for it, plain JavaScript multiplies', () => {
  const layer = dense(matrix(40, 40, Float64Array.from(randomArray(seededRng(2), 1600))));
  const x = randomRows(seededRng(3), 100, 40);
  const expected = layer.linear(x);
  useProducts({ multiply: () => undefined });
  expectSameBits(layer.linear(x), expected);
});
