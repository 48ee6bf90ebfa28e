import { matrix, type Rng } from '@police/core';
import { expectClose, pick, seededRng, seeds } from '@police/testing/helpers';
import { testOperatorLaws } from '@police/testing/operators/laws';
import { flat, integer, multiIndices } from '@police/testing/operators/oracles';
import { coordinateModes, nearestModes, randomShape } from '@police/testing/operators/random-gather';
import { randomRows } from '@police/testing/operators/rows';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Gather,
  gather,
  gatherAlong,
  pad,
  reshape,
  resizeNearest,
  type Shape,
  sizeOf,
  slice,
  transpose,
} from '../../../src/network/operators/index.js';

testOperatorLaws('gather', rng => {
  const inSize = integer(rng, 1, 12);
  const index = Int32Array.from({ length: integer(rng, 1, 20) }, () => integer(rng, -1, inSize - 1));
  return { operator: gather({ inSize, index, fill: pick(rng, [0, rng()]) }), sumsInOrder: true };
});

testOperatorLaws('each use of gather', rng => {
  const shape = randomShape(rng);
  const operator = pick(rng, [
    () => reshape(shape, [sizeOf(shape)]),
    () => transpose(shape, shape.map((_, i) => i).reverse()),
    () =>
      pad(
        shape,
        [...shape, ...shape].map(() => integer(rng, 0, 2)),
        rng(),
      ),
    () => slice(shape, { starts: [-1], ends: [Number.NEGATIVE_INFINITY], steps: [-2] }),
    () => gatherAlong(shape, -1, [0, -1, 0]),
    () => resizeNearest(shape, { outShape: shape.map(() => integer(rng, 1, 6)) }),
  ])();
  return { operator, sumsInOrder: true };
});

/** Checks an operator against a function from the result's multi-index to the input's, undefined for the fill. */
function expectMoves(
  operator: Gather,
  shape: Shape,
  outShape: Shape,
  from: (at: number[]) => number[] | undefined,
  rng: Rng,
) {
  expect(operator.outShape).toEqual(outShape);
  const x = randomRows(rng, 2, sizeOf(shape));
  const y = operator.linear(x);
  for (let row = 0; row < x.rows; row++) {
    const expected = multiIndices(outShape).map(at => {
      const source = from(at);
      return source ? x.data[row * x.cols + flat(source, shape)] : 0;
    });
    expectClose(y.data.subarray(row * y.cols, (row + 1) * y.cols), expected, 0, `row ${row}`);
  }
  const filled = multiIndices(outShape).map(at => (from(at) ? 0 : operator.fill));
  expectClose(operator.bias, filled, 0, 'fill');
}

function check(what: string, property: (rng: Rng) => void, numRuns = 60) {
  test(what, () => {
    fc.assert(
      fc.property(seeds, seed => property(seededRng(seed))),
      { numRuns },
    );
  });
}

describe('every use of gather moves entries as its definition says', () => {
  check('reshape', rng => {
    const shape = randomShape(rng);
    const operator = reshape(shape, [1, sizeOf(shape)]);
    const x = randomRows(rng, 2, sizeOf(shape));
    expect(operator.linear(x)).toEqual(x);
    expect(operator.outShape).toEqual([1, sizeOf(shape)]);
  });

  check('transpose', rng => {
    const shape = randomShape(rng);
    const keys = shape.map(() => rng());
    const permutation = shape.map((_, i) => i).sort((a, b) => keys[a] - keys[b]);
    const outShape = permutation.map(axis => shape[axis]);
    const source = (at: number[]) => shape.map((_, axis) => at[permutation.indexOf(axis)]);
    expectMoves(transpose(shape, permutation), shape, outShape, source, rng);
  });

  check('pad', rng => {
    const shape = randomShape(rng);
    const mode = pick(rng, ['constant', 'edge', 'reflect'] as const);
    const most = (axis: number) => (mode === 'reflect' ? shape[axis % shape.length] - 1 : 2);
    const pads = [...shape, ...shape].map((_, i) =>
      integer(rng, shape[i % shape.length] > 2 ? -1 : 0, most(i)),
    );
    const outShape = shape.map((size, i) => size + pads[i] + pads[i + shape.length]);
    const source = (at: number[]) => {
      const raw = at.map((i, axis) => i - pads[axis]);
      const inside = raw.every((i, axis) => i >= 0 && i < shape[axis]);
      if (inside || mode !== 'constant') {
        return raw.map((i, axis) => {
          const last = shape[axis] - 1;
          if (mode === 'edge') return Math.min(Math.max(i, 0), last);
          return i < 0 ? -i : i > last ? 2 * last - i : i;
        });
      }
      return undefined;
    };
    expectMoves(pad(shape, pads, 2.5, mode), shape, outShape, source, rng);
  });

  check(
    'slice',
    rng => {
      const shape = randomShape(rng);
      const axis = integer(rng, 0, shape.length - 1);
      const [start, end] = [integer(rng, -6, 6), integer(rng, -6, 6)];
      const step = pick(rng, [-2, -1, 1, 2]);
      // The positions that a walk from `start` meets before `end`. Unlike numpy, ONNX lets a walk back from before the
      // first entry start at it.
      const bound = (x: number) => (x < 0 ? x + shape[axis] : x);
      const first =
        step > 0 ? Math.max(bound(start), 0) : Math.max(0, Math.min(bound(start), shape[axis] - 1));
      const kept: number[] = [];
      for (
        let i = first;
        i >= 0 && i < shape[axis] && (step > 0 ? i < bound(end) : i > bound(end));
        i += step
      )
        kept.push(i);
      const build = () =>
        slice(shape, { starts: [start], ends: [end], axes: [axis - shape.length], steps: [step] });
      if (kept.length === 0) {
        expect(build).toThrow(expect.objectContaining({ code: 'invalid-option' }));
        return;
      }
      const outShape = shape.map((size, i) => (i === axis ? kept.length : size));
      expectMoves(build(), shape, outShape, at => at.map((i, a) => (a === axis ? kept[i] : i)), rng);
    },
    200,
  );

  check('gatherAlong', rng => {
    const shape = randomShape(rng);
    const axis = integer(rng, 0, shape.length - 1);
    const indices = Array.from({ length: integer(rng, 1, 5) }, () =>
      integer(rng, -shape[axis], shape[axis] - 1),
    );
    const outShape = shape.map((size, i) => (i === axis ? indices.length : size));
    const source = (at: number[]) =>
      at.map((i, a) => (a === axis ? (indices[i] + shape[axis]) % shape[axis] : i));
    expectMoves(gatherAlong(shape, axis, indices), shape, outShape, source, rng);
  });

  check(
    'resizeNearest',
    rng => {
      const shape = randomShape(rng);
      const coordinates = pick(rng, coordinateModes);
      const rounding = pick(rng, nearestModes);
      // Dyadic scales, so that the oracle's coordinates are exact.
      const scales = shape.map(size => Math.max(pick(rng, [0.5, 1, 1.5, 2, 4]), 1 / size === 1 ? 1 : 0.5));
      const outShape = shape.map((size, i) => Math.floor(size * scales[i]));
      const nearest = (o: number, axis: number) => {
        const out = outShape[axis];
        const at = {
          half_pixel: (o + 0.5) / scales[axis] - 0.5,
          pytorch_half_pixel: out > 1 ? (o + 0.5) / scales[axis] - 0.5 : 0,
          asymmetric: o / scales[axis],
          align_corners: out > 1 ? (o * (shape[axis] - 1)) / (out - 1) : 0,
        }[coordinates];
        const rounded = {
          round_prefer_floor: Math.ceil(at - 0.5),
          round_prefer_ceil: Math.floor(at + 0.5),
          floor: Math.floor(at),
          ceil: Math.ceil(at),
        }[rounding];
        return Math.min(Math.max(rounded, 0), shape[axis] - 1);
      };
      const operator = resizeNearest(shape, { scales, coordinates, rounding });
      expectMoves(operator, shape, outShape, at => at.map(nearest), rng);
    },
    200,
  );

  test('nearest upsampling by 2, the old Upsample', () => {
    const operator = resizeNearest([1, 2, 2], {
      scales: [1, 2, 2],
      coordinates: 'asymmetric',
      rounding: 'floor',
    });
    const y = operator.linear(matrix(1, 4, Float64Array.of(1, 2, 3, 4)));
    expect(Array.from(y.data)).toEqual([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4]);
  });
});

describe('gather refuses what does not fit', () => {
  test.each<[string, () => unknown, string]>([
    ['an index beyond the input', () => gather({ inSize: 2, index: Int32Array.of(2) }), 'invalid-option'],
    ['an index below −1', () => gather({ inSize: 2, index: Int32Array.of(-2) }), 'invalid-option'],
    ['a NaN fill', () => gather({ inSize: 2, index: Int32Array.of(0), fill: Number.NaN }), 'not-finite'],
    [
      'an outShape of another size',
      () => gather({ inSize: 2, index: Int32Array.of(0), outShape: [2] }),
      'shape',
    ],
    ['another size', () => reshape([2, 3], [5]), 'shape'],
    ['a size of 0', () => reshape([2, 0], [0]), 'shape'],
    ['a permutation with repeats', () => transpose([2, 3], [0, 0]), 'invalid-option'],
    ['too short a permutation', () => transpose([2, 3], [0]), 'invalid-option'],
    ['the number of pads', () => pad([2, 3], [1, 1]), 'shape'],
    ['nothing left', () => pad([2], [-1, -1]), 'invalid-option'],
    ['a reflection beyond the input', () => pad([2], [2, 0], 0, 'reflect'), 'invalid-option'],
    ['a pad mode', () => pad([2], [1, 0], 0, 'wrap' as never), 'invalid-option'],
    ['a step of 0', () => slice([2], { starts: [0], ends: [1], steps: [0] }), 'invalid-option'],
    ['fewer ends than starts', () => slice([2], { starts: [0], ends: [] }), 'shape'],
    ['an axis twice', () => slice([2, 2], { starts: [0, 0], ends: [1, 1], axes: [0, -2] }), 'invalid-option'],
    ['an unknown axis', () => gatherAlong([2], 1, [0]), 'invalid-option'],
    ['an index along an axis', () => gatherAlong([2], 0, [2]), 'invalid-option'],
    ['scales and outShape', () => resizeNearest([2], { scales: [1], outShape: [2] }), 'invalid-option'],
    ['neither', () => resizeNearest([2], {}), 'invalid-option'],
    ['the number of scales', () => resizeNearest([2], { scales: [1, 1] }), 'shape'],
    ['a scale to nothing', () => resizeNearest([2], { scales: [0.4] }), 'invalid-option'],
    [
      'a coordinate mode',
      () => resizeNearest([2], { scales: [1], coordinates: 'tf' as never }),
      'invalid-option',
    ],
    ['a rounding', () => resizeNearest([2], { scales: [1], rounding: 'round' as never }), 'invalid-option'],
  ])('%s', (_, build, code) => {
    expect(build).toThrow(expect.objectContaining({ name: 'PoliceError', code }));
  });
});
