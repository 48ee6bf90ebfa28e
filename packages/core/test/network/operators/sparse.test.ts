import { matrix, type Rng } from '@police/core';
import { expectClose, seededRng, seeds } from '@police/testing/helpers';
import { testOperatorLaws } from '@police/testing/operators/laws';
import { flat, multiIndices } from '@police/testing/operators/oracles';
import { randomPool, randomReduction, randomResize, randomSparse } from '@police/testing/operators/random';
import { randomRows } from '@police/testing/operators/rows';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  averagePool,
  globalAveragePool,
  meanOver,
  resizeLinear,
  type Sparse,
  sparse,
  sumOver,
} from '../../../src/network/operators/index.js';
import { sumErrorBound } from '../../../src/numeric/precision.js';

const cases: Record<string, (rng: Rng) => Sparse> = {
  sparse: rng => sparse(randomSparse(rng)),
  averagePool: rng => averagePool(randomPool(rng)),
  meanOver: rng => meanOver(randomReduction(rng)),
  sumOver: rng => sumOver(randomReduction(rng)),
  resizeLinear: rng => resizeLinear(randomResize(rng)),
};
for (const [name, make] of Object.entries(cases)) {
  testOperatorLaws(name, rng => ({ operator: make(rng), sumsInOrder: true }));
}

function check(what: string, property: (rng: Rng) => void, numRuns = 100) {
  test(what, () => {
    fc.assert(
      fc.property(seeds, seed => property(seededRng(seed))),
      { numRuns },
    );
  });
}

/** Checks `linear` against a value per multi-index of the result, up to the rounding of both, |x| being at most 1. */
function expectValues(
  operator: Sparse,
  outShape: readonly number[],
  value: (at: number[], x: Float64Array) => number,
  rng: Rng,
  oracleTerms = operator.terms,
) {
  expect(operator.outShape).toEqual(outShape);
  const x = randomRows(rng, 1, operator.inSize);
  const reach = operator.magnitude(matrix(1, x.cols, x.data.map(Math.abs))).data;
  const tolerance =
    2 *
    sumErrorBound(
      oracleTerms,
      reach.reduce((a, b) => Math.max(a, b), 1),
    );
  const expected = multiIndices(outShape).map(at => value(at, x.data));
  expectClose(operator.linear(x).data, expected, tolerance, 'linear(x)');
}

describe('sparse operators equal their definitions', () => {
  check(
    'averagePool',
    rng => {
      const options = randomPool(rng);
      const {
        shape,
        kernel,
        strides = [],
        padding = [],
        dilations = [],
        countIncludePad,
        ceilMode,
      } = options;
      const plane = shape.slice(1);
      const starts = plane.map((size, a) => {
        // Every window that fits in the padded axis; with ceilMode also those that start in it but not in its end.
        const list: number[] = [];
        const padded = size + padding[a + plane.length];
        for (let start = -padding[a]; start < padded; start += strides[a]) {
          const last = start + (kernel[a] - 1) * dilations[a];
          const previousEnds = start - strides[a] + (kernel[a] - 1) * dilations[a] < padded - 1;
          if (last < padded || (ceilMode && start < size && previousEnds)) list.push(start);
        }
        return list;
      });
      const outShape = [shape[0], ...starts.map(list => list.length)];
      const windows = (at: number[]) =>
        multiIndices(kernel).map(taps => taps.map((t, a) => starts[a][at[a + 1]] + t * dilations[a]));
      const isInside = (point: number[]) => point.every((i, a) => i >= 0 && i < plane[a]);
      const isPadded = (point: number[]) => point.every((i, a) => i < plane[a] + padding[a + plane.length]);
      const empty = multiIndices(outShape).some(
        at => !windows(at).some(countIncludePad ? isPadded : isInside),
      );
      if (empty) {
        expect(() => averagePool(options)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
        return;
      }
      const mean = (at: number[], x: Float64Array) => {
        const points = windows(at);
        const sum = points.filter(isInside).reduce((s, point) => s + x[flat([at[0], ...point], shape)], 0);
        return sum / points.filter(countIncludePad ? isPadded : isInside).length;
      };
      expectValues(averagePool(options), outShape, mean, rng);
    },
    300,
  );

  check('meanOver, sumOver', rng => {
    const { shape, axes } = randomReduction(rng);
    const kept = shape.map((_, a) => a).filter(a => !axes.includes(a));
    const outShape = kept.map(a => shape[a]);
    const sum = (at: number[], x: Float64Array) =>
      multiIndices(shape)
        .filter(point => kept.every((a, i) => point[a] === at[i]))
        .reduce((s, point) => s + x[flat(point, shape)], 0);
    const count = axes.reduce((product, a) => product * shape[a], 1);
    expectValues(sumOver({ shape, axes }), outShape, sum, rng);
    const negative = axes.map(a => a - shape.length);
    expectValues(meanOver({ shape, axes: negative }), outShape, (at, x) => sum(at, x) / count, rng);
  });

  check('resizeLinear', rng => {
    const options = randomResize(rng);
    const { shape, outSize, coordinates } = options;
    const weightsOf = (o: number, a: number): [number, number][] => {
      const [size, out] = [shape[a + 1], outSize[a]];
      const scale = out / size;
      const coordinate = {
        half_pixel: (o + 0.5) / scale - 0.5,
        pytorch_half_pixel: out > 1 ? (o + 0.5) / scale - 0.5 : 0,
        asymmetric: o / scale,
        align_corners: out > 1 ? (o * (size - 1)) / (out - 1) : 0,
      }[coordinates];
      const at = Math.min(Math.max(coordinate, 0), size - 1);
      const below = Math.floor(at);
      return [
        [below, 1 - (at - below)],
        [Math.min(below + 1, size - 1), at - below],
      ];
    };
    const value = (at: number[], x: Float64Array) => {
      const mixes = outSize.map((_, a) => weightsOf(at[a + 1], a));
      return multiIndices(outSize.map(() => 2)).reduce((sum, choice) => {
        const point = choice.map((side, a) => mixes[a][side][0]);
        const weight = choice.reduce((product, side, a) => product * mixes[a][side][1], 1);
        return sum + weight * x[flat([at[0], ...point], shape)];
      }, 0);
    };
    // The oracle's coordinates go up to the axis size, each with a few roundings.
    const oracleTerms = 16 * Math.max(...shape, ...outSize);
    expectValues(resizeLinear(options), [shape[0], ...outSize], value, rng, oracleTerms);
  });

  test('bilinear doubling has quarters, exactly', () => {
    const operator = resizeLinear({ shape: [1, 2], outSize: [4] });
    expect(Array.from(operator.linear(matrix(1, 2, Float64Array.of(1, 2))).data)).toEqual([1, 1.25, 1.75, 2]);
    expect(operator.terms).toBe(2);
  });

  test('an overhang beyond the padding does not count, as in ONNX Runtime', () => {
    const x = matrix(1, 5, Float64Array.of(1, 2, 3, 4, 5));
    const options = { shape: [1, 5], kernel: [2], strides: [2], ceilMode: true };
    for (const countIncludePad of [false, true]) {
      expect(Array.from(averagePool({ ...options, countIncludePad }).linear(x).data)).toEqual([1.5, 3.5, 5]);
    }
    expect(averagePool({ ...options, ceilMode: false }).outShape).toEqual([1, 2]);
  });

  test('globalAveragePool', () => {
    const operator = globalAveragePool([2, 2, 2]);
    expect(operator.outShape).toEqual([2]);
    expect(Array.from(operator.linear(matrix(1, 8, Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8))).data)).toEqual([
      2.5, 6.5,
    ]);
  });

  test('weights that are rounded count as a term, exact ones do not', () => {
    expect(averagePool({ shape: [1, 8], kernel: [4] }).terms).toBe(4);
    expect(averagePool({ shape: [1, 8], kernel: [3] }).terms).toBe(3 + 1);
  });
});

describe('sparse operators refuse what does not fit', () => {
  const rows = { rowStart: Int32Array.of(0, 2), columns: Int32Array.of(0, 1), values: Float64Array.of(1, 2) };
  test.each<[string, () => unknown, string]>([
    [
      'fewer values than columns',
      () => sparse({ inSize: 2, rows: { ...rows, values: Float64Array.of(1) } }),
      'shape',
    ],
    [
      'a NaN value',
      () => sparse({ inSize: 2, rows: { ...rows, values: Float64Array.of(1, Number.NaN) } }),
      'not-finite',
    ],
    [
      'row starts that end early',
      () => sparse({ inSize: 2, rows: { ...rows, rowStart: Int32Array.of(0, 1) } }),
      'invalid-option',
    ],
    [
      'row starts that fall',
      () => sparse({ inSize: 2, rows: { ...rows, rowStart: Int32Array.of(0, 2, 1, 2) } }),
      'invalid-option',
    ],
    [
      'no row starts',
      () => sparse({ inSize: 2, rows: { ...rows, rowStart: new Int32Array(0) } }),
      'invalid-option',
    ],
    ['a column beyond the input', () => sparse({ inSize: 1, rows }), 'invalid-option'],
    [
      'columns that fall',
      () => sparse({ inSize: 2, rows: { ...rows, columns: Int32Array.of(1, 0) } }),
      'invalid-option',
    ],
    ['an outShape of another size', () => sparse({ inSize: 2, rows, outShape: [2] }), 'shape'],
    ['a pool over rank 4', () => averagePool({ shape: [1, 2, 2, 2], kernel: [1, 1, 1] }), 'shape'],
    ['a pool kernel of 0', () => averagePool({ shape: [1, 2], kernel: [0] }), 'invalid-option'],
    ['a pool kernel beyond the input', () => averagePool({ shape: [1, 2], kernel: [3] }), 'invalid-option'],
    [
      'a window of padding only',
      () => averagePool({ shape: [1, 2], kernel: [1], padding: [1, 0] }),
      'invalid-option',
    ],
    ['an unknown axis to reduce', () => meanOver({ shape: [2, 2], axes: [2] }), 'invalid-option'],
    ['an axis to reduce twice', () => sumOver({ shape: [2, 2], axes: [1, -1] }), 'invalid-option'],
    ['a size of half', () => globalAveragePool([1, 0.5]), 'shape'],
    ['the number of output sizes', () => resizeLinear({ shape: [1, 2, 2], outSize: [4] }), 'shape'],
    ['an output size of 0', () => resizeLinear({ shape: [1, 2], outSize: [0] }), 'invalid-option'],
    [
      'a coordinate mode',
      () => resizeLinear({ shape: [1, 2], outSize: [4], coordinates: 'tf' as never }),
      'invalid-option',
    ],
  ])('%s', (_, build, code) => {
    expect(build).toThrow(expect.objectContaining({ name: 'PoliceError', code }));
  });
});
