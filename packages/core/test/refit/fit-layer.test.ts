import { type AffineOperator, type Matrix, matrix, type Rng } from '@police/core';
import { applyAffine, rowRange } from '@police/core/adapter';
import { expectClose, randomArray, seededRng, seeds } from '@police/testing/helpers';
import { integer, randomConv } from '@police/testing/operators/oracles';
import { randomConvTranspose, randomOperators } from '@police/testing/operators/random';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dense } from '../../src/network/operators/dense.js';
import { conv, convTranspose } from '../../src/network/operators/index.js';
import { productOf, withProduct } from '../../src/network/product-layer.js';
import { fittedLayer } from '../../src/refit/fit-layer.js';
import { patchesOf } from '../../src/refit/patches.js';

function randomRows(rng: Rng, rows: number, cols: number): Matrix {
  return matrix(rows, cols, Float64Array.from(randomArray(rng, rows * cols, 2)));
}

const layers: Record<string, (rng: Rng) => AffineOperator> = {
  dense: rng => {
    const [inputs, outputs] = [integer(rng, 1, 5), integer(rng, 1, 4)];
    return dense(randomRows(rng, outputs, inputs), randomArray(rng, outputs));
  },
  conv: rng => conv(randomConv(rng)),
  'depthwise conv': rng => {
    const channels = integer(rng, 2, 4);
    const weight = randomArray(rng, channels * 6);
    return conv({
      inShape: [channels, 5, 4],
      weight,
      weightShape: [channels, 1, 3, 2],
      groups: channels,
      padding: [1, 0, 1, 1],
    });
  },
  convTranspose: rng => convTranspose(randomConvTranspose(rng)),
  'permuted conv': rng => randomOperators.permuted(rng),
};

const parametersOf = (operator: AffineOperator) => productOf(operator)!.parameters.map(p => p.slice());

/** The operator with other parameters. */
function withParameters(operator: AffineOperator, [weight, bias]: readonly Float64Array[]): AffineOperator {
  return withProduct(operator, productOf(operator)!.withParameters(weight, bias));
}

/** What every weight and every bias alone makes of x, `[n · outSize]` each: the explicit rows, turned over, asked of the operator itself. */
function columnsOf(operator: AffineOperator, x: Matrix): { weights: Float64Array[]; biases: Float64Array[] } {
  const zeros = parametersOf(operator).map(({ length }) => new Float64Array(length));
  const [weights, biases] = zeros.map((values, which) =>
    Array.from(values, (_, k) => {
      const alone = zeros.map(p => p.slice());
      alone[which][k] = 1;
      return applyAffine(withParameters(operator, alone), x).data;
    }),
  );
  return { weights, biases };
}

const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, v, i) => sum + v * b[i], 0);

describe.each(Object.keys(layers))('fitting a %s', kind => {
  test('solves the normal equations over explicit rows', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.constantFrom(1e-4, 1e-2, 1),
        fc.constantFrom(0, 1e-2, 1),
        (seed, ridge, narrow) => {
          const rng = seededRng(seed);
          const operator = layers[kind](rng);
          const x = randomRows(rng, integer(rng, 2, 12), operator.inSize);
          const target = randomRows(rng, x.rows, operator.outSize);
          const frame = randomRows(rng, integer(rng, 1, 4), operator.inSize);
          const narrowing = narrow > 0 ? { frames: [frame], weight: narrow } : undefined;
          const found = fittedLayer(operator, x, target, ridge, rng, narrowing);
          const [before, after] = [parametersOf(operator), parametersOf(found)];
          const left = applyAffine(found, x).data.map((y, i) => target.data[i] - y);
          const { weights, biases } = columnsOf(operator, x);
          // The origin is no direction.
          const f = rowRange(frame, 1, frame.rows);
          const held = columnsOf(operator, f).weights;
          const reaches = found.linear(f).data;
          const share = narrow * x.rows * f.rows;
          const size = Math.sqrt(dot(left, left)) + Math.sqrt(dot(target.data, target.data));
          // Of sums over the rows, and of a solution by Cholesky of as many unknowns as a layer here has.
          const rounding = 1e3 * (x.rows * operator.outSize + before[0].length) * Number.EPSILON * size;

          // No bias: what is left sums to 0 over all that share it.
          for (const column of biases) {
            expect(Math.abs(dot(column, left)), 'bias').toBeLessThanOrEqual(
              rounding * Math.sqrt(dot(column, column)),
            );
          }
          // No weight: what is left along it is the ridge's pull, λ times its change, and what it makes of the directions; λ is one number a group.
          const pulls = weights.map((column, k) => ({
            along: dot(column, left) - share * dot(held[k], reaches),
            by: after[0][k] - before[0][k],
            reach: Math.sqrt(dot(column, column)) + share * Math.sqrt(dot(held[k], held[k])),
          }));
          const { groups, outChannels } = productOf(operator)!.taps();
          const perGroup = pulls.length / groups;
          for (let g = 0; g < groups; g++) {
            const group = pulls.slice(g * perGroup, (g + 1) * perGroup);
            const columns = weights.slice(g * perGroup, (g + 1) * perGroup);
            const strength = (ridge * spreadOf(columns, biases, outChannels)) / (perGroup / outChannels);
            for (const { along, by, reach } of group) {
              const tolerance = rounding * (reach + Math.sqrt(strength)) * (1 + Math.abs(by));
              expect(Math.abs(along - strength * by), 'weight').toBeLessThanOrEqual(tolerance);
            }
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test('leaves it to the last bit as it is where it already gives the targets', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const operator = layers[kind](rng);
        const x = randomRows(rng, 4, operator.inSize);
        const found = fittedLayer(operator, x, applyAffine(operator, x), 1e-4, rng);
        expect(parametersOf(found)).toEqual(parametersOf(operator));
      }),
      { numRuns: 20 },
    );
  });

  test('finds one of the same kind that is there', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const operator = layers[kind](rng);
        const other = withParameters(
          operator,
          parametersOf(operator).map(({ length }) => Float64Array.from(randomArray(rng, length))),
        );
        const x = randomRows(rng, 60, operator.inSize);
        const target = applyAffine(other, x);
        const found = applyAffine(fittedLayer(operator, x, target, 1e-12, rng), x);
        // The ridge leaves 1e-12 of a change of about 1; sums of weights, inputs and rows of a few units.
        expectClose(found.data, target.data, 1e-8, 'outputs');
      }),
      { numRuns: 20 },
    );
  });
});

/** Σ ‖xᵢ − x̄‖² over the patches of a group: the columns of the weights of one output channel, where that channel's bias is read. */
function spreadOf(
  columns: readonly Float64Array[],
  biases: readonly Float64Array[],
  outChannels: number,
): number {
  // The weights of one channel are those that reach the outputs of the first bias that any of them reaches.
  const bias = biases.find(each => columns.some(column => column.some((v, i) => v !== 0 && each[i] !== 0)));
  if (!bias) return 0;
  const places = Array.from(bias.keys()).filter(i => bias[i] !== 0);
  let spread = 0;
  for (const column of columns) {
    const values = places.map(i => column[i]);
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    for (const v of values) spread += (v - mean) ** 2;
  }
  expect(columns.length % outChannels).toBe(0);
  return spread;
}

test('where there are too many patches, as many random ones of every row, none twice', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 60 }), (seed, most) => {
      const rng = seededRng(seed);
      const product = conv({ ...randomConv(rng), bias: undefined as never }).taps();
      const { groups, inChannels, outChannels, inPlane, outPlane } = product;
      const x = randomRows(rng, 3, groups * inChannels * inPlane);
      // Outputs that tell where they are.
      const y = matrix(3, groups * outChannels * outPlane);
      for (let i = 0; i < y.data.length; i++) y.data[i] = i;
      const group = integer(rng, 0, groups - 1);
      const rowsOf = (limit: number) => {
        const rows = new Map<number, number[]>();
        for (const block of patchesOf(product, group, x, y, rng, limit).blocks())
          for (let i = 0; i < block.y.rows; i++) {
            const at = block.y.data[i * outChannels];
            expect(rows.has(at), 'twice').toBe(false);
            rows.set(at, [...block.x.data.subarray(i * block.x.cols, (i + 1) * block.x.cols)]);
          }
        return rows;
      };
      const [all, some] = [rowsOf(1e9), rowsOf(most)];
      expect(all.size).toBe(3 * outPlane);
      expect(some.size).toBe(3 * Math.max(1, Math.min(outPlane, Math.floor(most / 3))));
      for (const [at, patch] of some) expect(patch).toEqual(all.get(at));
      for (let row = 0; row < 3; row++) {
        const own = [...some.keys()].filter(at => Math.floor(at / y.cols) === row);
        expect(own.length).toBe(some.size / 3);
      }
    }),
    { numRuns: 60 },
  );
});
