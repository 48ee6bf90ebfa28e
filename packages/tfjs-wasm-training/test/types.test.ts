import { register } from '@police/tfjs-wasm-training';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { agrees, law, leaked, nothing, on, random, sizes, useBackend } from './helpers.js';

beforeAll(() => register());

type Dtype = 'float32' | 'int32' | 'bool';

const shapes = fc.array(sizes(4, 0), { minLength: 1, maxLength: 4 });
const dtypes = fc.constantFrom<Dtype>('float32', 'int32', 'bool');

/** In [−9, 9), or 0 and 1. */
const some = (shape: number[], dtype: Dtype, seed = 1): tf.Tensor =>
  dtype === 'bool' ? tf.greater(random(shape, seed), 0) : tf.cast(tf.mul(random(shape, seed), 9), dtype);

const axisOf = (shape: number[], axis: number): number => (axis % (2 * shape.length)) - shape.length;
const fromStart = (shape: number[], axis: number): number => (axis < 0 ? axis + shape.length : axis);

test('matMul of int32, transposed, broadcast or of nothing', () =>
  law(
    fc.record({
      m: sizes(6, 0),
      k: sizes(6, 0),
      n: sizes(6, 0),
      batches: fc.constantFrom(
        [[], []],
        [[3], [3]],
        [[1], [3]],
        [
          [2, 3],
          [2, 3],
        ],
      ),
      transposeA: fc.boolean(),
      transposeB: fc.boolean(),
      mixed: fc.constantFrom<Dtype>('int32', 'bool'),
    }),
    ({ m, k, n, batches: [batchA, batchB], transposeA, transposeB, mixed }) =>
      agrees(0, () => [
        tf.matMul(
          some([...batchA, ...(transposeA ? [k, m] : [m, k])], 'int32'),
          some([...batchB, ...(transposeB ? [n, k] : [k, n])], mixed, 2),
          transposeA,
          transposeB,
        ),
      ]),
    100,
  ));

test('products of int32 beyond 2⁵³ are exact modulo 2³²', async () => {
  const [a, b] = [2 ** 31 - 1, 2 ** 31 - 3];
  const body = () => [
    tf.matMul(tf.tensor2d([[a, 5]], [1, 2], 'int32'), tf.tensor2d([[b], [7]], [2, 1], 'int32')),
  ];
  const exact = Number(BigInt.asIntN(32, BigInt(a) * BigInt(b) + 35n));
  expect((await on('wasm', body))[0].values).toEqual([exact]);
});

test('confusion matrices', () =>
  law(fc.array(fc.tuple(sizes(3, 0), sizes(3, 0)), { minLength: 1, maxLength: 20 }), pairs => {
    const vector = (index: 0 | 1) =>
      tf.tensor1d(
        pairs.map(pair => pair[index]),
        'int32',
      );
    return agrees(0, () => [tf.math.confusionMatrix(vector(0), vector(1), 4)]);
  }));

test('fused matMul with biases and weights of PReLU of all ranks, and of int32', () =>
  law(
    fc.record({
      m: sizes(4),
      k: sizes(4, 0),
      n: sizes(4),
      batch: fc.constantFrom([], [1], [3]),
      transposeA: fc.boolean(),
      transposeB: fc.boolean(),
      bias: fc.option(sizes(5, 0)),
      weights: sizes(5, 0),
      activation: fc.constantFrom('linear' as const, 'relu' as const, 'prelu' as const),
      isInteger: fc.boolean(),
    }),
    ({ m, k, n, batch, transposeA, transposeB, bias, weights, activation, isInteger }) => {
      const shapes = [[], [1], [n], [1, n], [m, 1], [...batch, m, n]];
      const dtype = isInteger && activation === 'linear' ? 'int32' : 'float32';
      return agrees(9 * (k + 2), () => [
        tf.fused.matMul({
          a: some([...batch, ...(transposeA ? [k, m] : [m, k])], dtype),
          b: some([...batch, ...(transposeB ? [n, k] : [k, n])], dtype, 2),
          transposeA,
          transposeB,
          ...(bias === null ? {} : { bias: some(shapes[bias], dtype, 3) }),
          activation,
          ...(activation === 'prelu' ? { preluActivationWeights: some(shapes[weights], 'float32', 4) } : {}),
        }),
      ]);
    },
    150,
  ));

const scans = { cumsum: tf.cumsum, cumprod: tf.cumprod };

test.each([['cumsum'], ['cumprod']] as const)(
  '%s along any axis, counted from either end, of nothing too',
  name =>
    law(
      fc.record({
        shape: shapes,
        axis: fc.nat(),
        dtype: fc.constantFrom('float32' as const, 'int32' as const),
        exclusive: fc.boolean(),
        reverse: fc.boolean(),
      }),
      ({ shape, axis, dtype, exclusive, reverse }) => {
        const scan = (along: number) => [scans[name](some(shape, dtype), along, exclusive, reverse)];
        const along = axisOf(shape, axis);
        // cpu takes a negative axis for one more axis.
        return agrees(
          9 ** 4,
          () => scan(along),
          () => scan(fromStart(shape, along)),
        );
      },
      100,
    ),
);

test('a scan along a negative axis leaves its neighbours in memory alone', async () => {
  await useBackend('wasm');
  for (let size = 1; size < 300; size += 7) {
    const before = tf.fill([size], 5);
    const scanned = tf.cumsum(tf.ones([2, size]), -1);
    const after = tf.fill([size], 6);
    expect(Math.max(...tf.cumsum(tf.ones([3, size]), -2).dataSync())).toBe(3);
    expect(new Set(before.dataSync())).toEqual(new Set([5]));
    expect(new Set(after.dataSync())).toEqual(new Set([6]));
    expect(scanned.dataSync()[2 * size - 1]).toBe(size);
    tf.dispose([before, scanned, after]);
  }
});

type Reduce = (x: tf.Tensor, axis: number, keepDims?: boolean) => tf.Tensor;
const reductions: [string, Reduce][] = [
  ['sum', tf.sum],
  ['mean', tf.mean],
  ['max', tf.max],
  ['min', tf.min],
  ['prod', tf.prod],
  ['all', tf.all],
  ['any', tf.any],
  ['argMax', (x, axis) => tf.argMax(x, axis)],
  ['argMin', (x, axis) => tf.argMin(x, axis)],
];

test.each(reductions)('%s along any axis, counted from either end, of nothing too', (name, reduce) =>
  law(
    fc.record({ shape: shapes, axis: fc.nat(), dtype: dtypes, keepDims: fc.boolean() }),
    ({ shape, axis, dtype, keepDims }) => {
      const along = axisOf(shape, axis);
      const type =
        name === 'all' || name === 'any'
          ? 'bool'
          : name.startsWith('arg') && dtype === 'bool'
            ? 'int32'
            : dtype;
      return agrees(9 ** 4, () => [reduce(some(shape, type), along, keepDims)]);
    },
    60,
  ),
);

test('ops with an axis, counted from either end', () =>
  law(
    fc.record({ shape: shapes.filter(shape => !shape.includes(0)), axis: fc.nat(), dtype: dtypes }),
    ({ shape, axis, dtype }) => {
      const along = axisOf(shape, axis);
      const x = () => some(shape, dtype);
      const indices = () => tf.tensor1d([0, shape[fromStart(shape, along)] - 1], 'int32');
      return agrees(0, () => [
        tf.reverse(x(), along),
        tf.concat([x(), x()], along),
        tf.stack([x(), x()], along),
        ...tf.unstack(x(), along),
        ...tf.split(tf.concat([x(), x()], along), 2, along),
        tf.gather(x(), indices(), along),
        tf.expandDims(x(), along),
      ]);
    },
  ));

test('bool: casts, one-hot, where, strided slices', () =>
  law(
    fc.record({ shape: shapes, dtype: dtypes, seed: sizes(99), step: fc.constantFrom(1, 2, -1) }),
    ({ shape, dtype, seed, step }) =>
      agrees(0, () => [
        tf.cast(tf.mul(some(shape, dtype, seed), tf.scalar(dtype === 'bool' ? 1 : 256, dtype)), 'bool'),
        tf.where(some(shape, 'bool', seed + 1), some(shape, dtype, seed), some(shape, dtype, seed + 2)),
        tf.oneHot(tf.cast(some([3], 'int32', seed), 'int32'), 5, 1, 0, dtype),
        tf.oneHot(tf.cast(some([2, 2], 'int32', seed), 'int32'), 5, 1, 0, dtype),
        ...(shape.includes(0)
          ? []
          : [
              tf.stridedSlice(
                some(shape, dtype, seed),
                shape.map(n => (step < 0 ? n - 1 : 0)),
                shape.map(n => (step < 0 ? -n - 1 : n)),
                shape.map(() => step),
              ),
            ]),
      ]),
    100,
  ));

test('functions of int32, and clipping, which keeps NaN', () =>
  law(
    fc.record({ shape: shapes, bounds: fc.tuple(sizes(5, -5), sizes(5, 0)) }),
    ({ shape, bounds: [least, range] }) =>
      agrees(0, () => [
        ...[
          tf.acos,
          tf.acosh,
          tf.asin,
          tf.asinh,
          tf.atanh,
          tf.log1p,
          tf.reciprocal,
          tf.isFinite,
          tf.isNaN,
        ].map(f => f(some(shape, 'int32'))),
        tf.clipByValue(some(shape, 'int32'), least, least + range),
        tf.clipByValue(some(shape, 'float32'), least, least + range),
        tf.clipByValue(tf.tensor1d([Number.NaN, 1, -1, Number.POSITIVE_INFINITY]), -0.5, 0.5),
      ]),
  ));

test('PReLU with weights broadcast along any axes, and its gradients', () =>
  law(
    fc.record({
      shape: fc.array(sizes(4), { minLength: 1, maxLength: 4 }),
      ones: fc.nat(),
      dropped: sizes(3, 0),
    }),
    ({ shape, ones, dropped }) => {
      const weights = shape.map((n, i) => ((ones >> i) & 1 ? 1 : n)).slice(Math.min(dropped, shape.length));
      return agrees(256, () => {
        const [x, alpha] = [random(shape), random(weights, 2)];
        const y = tf.prelu(x, alpha);
        return [y, ...tf.grads((a, b) => tf.prelu(a, b))([x, alpha], random(shape, 3))];
      });
    },
    100,
  ));

test('grey dilation, of windows without a positive sum too, and its gradients', () =>
  law(
    fc
      .record({
        shape: fc.tuple(sizes(2), sizes(6), sizes(6), sizes(3)),
        filter: fc.tuple(sizes(3), sizes(3)),
        strides: fc.tuple(sizes(2), sizes(2)),
        pad: fc.constantFrom('same' as const, 'valid' as const),
        offset: sizes(3, -3),
      })
      .filter(({ shape, filter, pad }) => pad === 'same' || (shape[1] >= filter[0] && shape[2] >= filter[1])),
    ({ shape, filter, strides, pad, offset }) => {
      const f = (x: tf.Tensor, w: tf.Tensor) =>
        tf.dilation2d(x as tf.Tensor4D, w as tf.Tensor3D, strides, pad);
      return agrees(64, () => {
        const [x, w] = [tf.add(random(shape), offset), random([...filter, shape[3]], 2)];
        const y = f(x, w);
        return [y, ...tf.grads(f)([x, w], random(y.shape, 3))];
      });
    },
    100,
  ));

test('sums of segments of bool do not write beyond their end', async () => {
  await useBackend('wasm');
  const ids = tf.tensor1d([0, 1, 0], 'int32');
  const x = tf.ones([3, 50], 'bool');
  const left = leaked(() => {
    const sums = tf.unsortedSegmentSum(x, ids, 40);
    const next = tf.fill([20], 7);
    expect(sums.dataSync()[0]).toBe(2);
    expect(new Set(next.dataSync())).toEqual(new Set([7]));
    tf.dispose([sums, next]);
  });
  expect(left).toEqual(nothing);
});

test('what has no right answer here is refused, and leaves the backend running', async () => {
  await useBackend('wasm');
  const bool = tf.tensor1d([true, false]);
  const string = tf.tensor1d(['a', 'b']);
  const left = leaked(() =>
    tf.tidy(() => {
      for (const f of [tf.abs, tf.neg, tf.square, tf.relu, tf.round, tf.sign])
        expect(() => f(bool)).toThrow(/: expected x of a type .* got bool/);
      for (const f of [tf.equal, tf.notEqual, tf.greater, tf.lessEqual])
        expect(() => f(string, string)).toThrow(/got string/);
      expect(() => tf.tile(string, [2])).toThrow(/got string/);
      expect(() => tf.slice(tf.ones([3]), [2], [4])).toThrow();
      expect(tf.sum(tf.ones([5])).dataSync()[0]).toBe(5);
    }),
  );
  expect(left).toEqual(nothing);
  tf.dispose([bool, string]);
});
