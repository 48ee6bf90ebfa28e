import { register } from '@police/tfjs-wasm-training';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { agrees, excess, law, leaked, nothing, on, ROUNDING, random, sizes, useBackend } from './helpers.js';

beforeAll(() => register());

const run = (name: string, inputs: Record<string, tf.Tensor>, attrs: object) =>
  tf.engine().runKernel(name, inputs, attrs as never) as tf.Tensor;

const matrices = fc.record({
  m: sizes(40, 0),
  k: sizes(40, 0),
  n: sizes(40, 0),
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
});

const shapesOf = ({
  m,
  k,
  n,
  transposeA,
  transposeB,
}: {
  m: number;
  k: number;
  n: number;
  transposeA: boolean;
  transposeB: boolean;
}) => [transposeA ? [k, m] : [m, k], transposeB ? [n, k] : [k, n]] as const;

test('matMul, transposed or not, of no rows too', () =>
  law(matrices, async product => {
    const [shapeA, shapeB] = shapesOf(product);
    await agrees(product.k, () => [
      tf.matMul(random(shapeA), random(shapeB, 2), product.transposeA, product.transposeB),
    ]);
  }));

test('matMul of sizes where each way to transpose is the cheaper', async () => {
  for (const [m, k, n] of [
    [128, 256, 784],
    [784, 128, 256],
    [8, 300, 300],
    [300, 300, 8],
    [1, 300, 300],
  ]) {
    for (const [transposeA, transposeB] of [
      [false, true],
      [true, false],
      [true, true],
    ]) {
      const [shapeA, shapeB] = shapesOf({ m, k, n, transposeA, transposeB });
      await agrees(k, () => [tf.matMul(random(shapeA), random(shapeB, 2), transposeA, transposeB)]);
    }
  }
});

test('matMul of batches, broadcast or not: each is the product of its matrices', () =>
  law(
    fc.record({
      batch: fc.array(sizes(3), { maxLength: 3 }),
      onesA: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
      onesB: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
      dropped: sizes(3, 0),
      product: fc.oneof(matrices, fc.constant({ m: 50, k: 51, n: 52, transposeA: true, transposeB: false })),
    }),
    async ({ batch, onesA, onesB, dropped, product }) => {
      const [shapeA, shapeB] = shapesOf(product);
      const batchA = batch.map((n, i) => (onesA[i] ? 1 : n));
      const batchB = batch.map((n, i) => (onesB[i] ? 1 : n)).slice(Math.min(dropped, batch.length));
      const ranks = { a: batchA.length + 2, b: batchB.length + 2 };
      if (Math.min(ranks.a, ranks.b) < 2) return;
      const { transposeA, transposeB, k } = product;
      const operands = () => [random([...batchA, ...shapeA]), random([...batchB, ...shapeB], 2)] as const;
      // Not against cpu, which multiplies too few where both are broadcast.
      const expected = await on('cpu', () => {
        const [a, b] = operands();
        const common = tf.broadcast_util.assertAndGetBroadcastShape(batchA, batchB);
        const flat = (x: tf.Tensor, shape: readonly number[]) => {
          const whole = tf.broadcastTo(
            tf.reshape(x, [...Array(common.length + 2 - x.rank).fill(1), ...x.shape]),
            [...common, ...shape] as never,
          );
          return tf.reshape(whole, [tf.util.sizeFromShape(common), ...shape]);
        };
        const product = tf.matMul(flat(a, shapeA), flat(b, shapeB), transposeA, transposeB);
        return [tf.reshape(product, [...common, ...product.shape.slice(1)])];
      });
      const body = () => [tf.matMul(...operands(), transposeA, transposeB)];
      expect(excess(await on('wasm', body), expected, k)).toBeLessThan(ROUNDING);
      expect(leaked(() => tf.dispose(tf.tidy(body)))).toEqual(nothing);
    },
  ));

test('fused matMul with bias and activation, transposed or not', () =>
  law(
    fc.record({
      product: matrices,
      batch: fc.constantFrom([], [1], [3]),
      shared: fc.boolean(),
      sharedLeft: fc.boolean(),
      bias: fc.boolean(),
      activation: fc.constantFrom(
        'linear' as const,
        'relu' as const,
        'relu6' as const,
        'leakyrelu' as const,
        'sigmoid' as const,
        'elu' as const,
        'prelu' as const,
      ),
    }),
    async ({ product, batch, shared, sharedLeft, bias, activation }) => {
      const [shapeA, shapeB] = shapesOf(product);
      const { transposeA, transposeB, k, n } = product;
      await agrees(k, () => [
        tf.fused.matMul({
          a: random([...(sharedLeft ? batch.map(() => 1) : batch), ...shapeA]),
          b: random([...(shared ? batch.map(() => 1) : batch), ...shapeB], 2),
          transposeA,
          transposeB,
          ...(bias && n > 0 ? { bias: random([n], 3) } : {}),
          activation,
          ...(activation === 'prelu' ? { preluActivationWeights: random([n], 4) } : {}),
        }),
      ]);
    },
  ));

test('transpose, of int32 and bool too', () =>
  law(
    fc.record({
      shape: fc
        .array(fc.oneof(sizes(5), fc.constantFrom(16, 17, 128)), { minLength: 1, maxLength: 4 })
        .filter(shape => tf.util.sizeFromShape(shape) < 2 ** 16),
      shuffle: fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
      dtype: fc.constantFrom('float32' as const, 'int32' as const, 'bool' as const),
    }),
    async ({ shape, shuffle, dtype }) => {
      const perm = shape.map((_, i) => i).sort((i, j) => shuffle[i] - shuffle[j]);
      await agrees(0, () => [
        tf.transpose(
          dtype === 'bool' ? tf.greater(random(shape), 0) : tf.cast(tf.mul(random(shape), 100), dtype),
          perm,
        ),
      ]);
    },
    100,
  ));

test('transpose by blocks: all permutations of sizes with multiples of 128 rows', async () => {
  for (const shape of [
    [128, 20],
    [3, 128, 20],
    [128, 20, 3],
    [3, 64, 2, 20],
  ]) {
    const permutations = shape.reduce<number[][]>(
      perms =>
        perms.flatMap(perm => shape.flatMap((_, axis) => (perm.includes(axis) ? [] : [[...perm, axis]]))),
      [[]],
    );
    for (const perm of permutations) await agrees(0, () => [tf.transpose(random(shape), perm)]);
  }
});

test('sum and mean over any axes, of int32 and of nothing too', () =>
  law(
    fc.record({
      shape: fc.array(sizes(9, 0), { minLength: 1, maxLength: 4 }),
      reduced: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      dtype: fc.constantFrom('float32' as const, 'int32' as const),
      keepDims: fc.boolean(),
    }),
    async ({ shape, reduced, dtype, keepDims }) => {
      const axes = shape.flatMap((_, i) => (reduced[i] ? [i] : []));
      const x = () => tf.cast(tf.mul(random(shape), 100), dtype);
      await agrees(tf.util.sizeFromShape(shape), () => [tf.sum(x(), axes, keepDims)]);
      await agrees(tf.util.sizeFromShape(shape), () => [tf.mean(x(), axes, keepDims)]);
    },
    100,
  ));

test('comparisons, with ties, NaN, infinities, broadcast and int32 too', () => {
  const special = [0, -0, 1, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  return law(
    fc.record({
      a: fc.array(fc.constantFrom(...special), { minLength: 1, maxLength: 9 }),
      b: fc.constantFrom(...special),
      how: fc.constantFrom('scalar', 'same shape', 'broadcast', 'reversed', 'int32', 'one element'),
    }),
    async ({ a, b, how }) =>
      agrees(0, () => {
        const x = tf.tensor1d(a);
        const y = tf.scalar(b);
        const one = tf.tensor1d([b]);
        const operands: [tf.Tensor, tf.Tensor] =
          how === 'scalar'
            ? [x, y]
            : how === 'same shape'
              ? [x, tf.reverse(x)]
              : how === 'broadcast'
                ? [tf.expandDims(x, 1), x]
                : how === 'reversed'
                  ? [y, x]
                  : how === 'one element'
                    ? [x, one]
                    : [
                        tf.tensor1d(
                          a.map(v => v || 0),
                          'int32',
                        ),
                        tf.scalar(0, 'int32'),
                      ];
        return [tf.greater, tf.greaterEqual, tf.less, tf.lessEqual].map(compare => compare(...operands));
      }),
    100,
  );
});

const windows = fc
  .record({
    batch: sizes(3),
    height: sizes(9),
    width: sizes(9),
    channels: sizes(4),
    filterHeight: sizes(4),
    filterWidth: sizes(4),
    strides: fc.tuple(sizes(3), sizes(3)),
    outChannels: sizes(4),
    pad: fc.oneof(fc.constantFrom('same' as const, 'valid' as const), sizes(2, 0)),
    dilations: fc.tuple(sizes(3), sizes(3)),
  })
  // core computes the output's width from the filter's height and the vertical stride if the padding is a number.
  .map(w =>
    typeof w.pad === 'number'
      ? { ...w, filterWidth: w.filterHeight, strides: [w.strides[0], w.strides[0]] as [number, number] }
      : w,
  )
  .filter(({ pad, height, width, filterHeight, filterWidth, dilations }) => {
    const around = pad === 'same' ? 9 : pad === 'valid' ? 0 : 2 * pad;
    return (
      height + around > (filterHeight - 1) * dilations[0] && width + around > (filterWidth - 1) * dilations[1]
    );
  });

const rounding = (w: { batch: number; height: number; width: number }) =>
  w.batch * (w.height + 4) * (w.width + 4);

test('the gradients of a convolution to filter and input', () =>
  law(
    windows,
    async w => {
      const inputShape = [w.batch, w.height, w.width, w.channels];
      const filterShape = [w.filterHeight, w.filterWidth, w.channels, w.outChannels] as const;
      const rest = { pad: w.pad, dimRoundingMode: 'floor', dataFormat: 'NHWC', strides: w.strides };
      const info = tf.backend_util.computeConv2DInfo(
        inputShape as never,
        filterShape as never,
        w.strides,
        1,
        w.pad,
        'floor',
      );
      await agrees(rounding(w), () => [
        run(
          'Conv2DBackpropFilter',
          { x: random(inputShape), dy: random(info.outShape, 2) },
          { ...rest, filterShape },
        ),
        run(
          'Conv2DBackpropInput',
          { filter: random([...filterShape]), dy: random(info.outShape, 2) },
          { ...rest, inputShape },
        ),
      ]);
    },
    150,
  ));

test('convolutions with same padding, whose stride may exceed the filter', () =>
  law(
    windows,
    async w => {
      const shape = [w.batch, w.height, w.width, w.channels];
      const filter = (channels: number) =>
        random([w.filterHeight, w.filterWidth, w.channels, channels], 2) as tf.Tensor4D;
      const bias = () => random([w.outChannels], 3);
      const x = () => random(shape) as tf.Tensor4D;
      const { strides } = w;
      const depthwise: [number, number] = [strides[0], strides[0]]; // cpu takes only equal ones
      await agrees(64, () => [
        tf.conv2d(x(), filter(w.outChannels), strides, 'same'),
        tf.fused.conv2d({
          x: x(),
          filter: filter(w.outChannels),
          strides,
          pad: 'same',
          bias: bias() as tf.Tensor1D,
          activation: 'relu',
        }),
        tf.depthwiseConv2d(x(), filter(2), depthwise, 'same'),
        tf.fused.depthwiseConv2d({
          x: x(),
          filter: filter(1),
          strides: depthwise,
          pad: 'same',
          activation: 'relu',
        }),
      ]);
    },
    100,
  ));

test('the gradients of a depthwise convolution', () =>
  law(
    windows,
    async w => {
      const inputShape = [w.batch, w.height, w.width, w.channels];
      const filterShape = [w.filterHeight, w.filterWidth, w.channels, 1 + (w.outChannels % 3)];
      const { pad } = w;
      const dilations = [1, 1]; // cpu's gradients ignore them
      const info = tf.backend_util.computeConv2DInfo(
        inputShape as never,
        filterShape as never,
        w.strides,
        1,
        pad,
        'floor',
        true,
      );
      const rest = { pad, dimRoundingMode: 'floor', dilations, strides: w.strides };
      await agrees(rounding(w), () => [
        run(
          'DepthwiseConv2dNativeBackpropFilter',
          { x: random(inputShape), dy: random(info.outShape, 2) },
          { ...rest, filterShape },
        ),
        run(
          'DepthwiseConv2dNativeBackpropInput',
          { filter: random(filterShape), dy: random(info.outShape, 2) },
          { ...rest, inputShape },
        ),
      ]);
    },
    150,
  ));

test('the gradient of a convolution too large for one product of patches', () =>
  agrees(3200, () => {
    const dy = random([3, 36, 36, 2]);
    const attrs = { strides: 1, pad: 'valid', dataFormat: 'NHWC', inputShape: [3, 40, 40, 16] };
    return [run('Conv2DBackpropInput', { dy, filter: random([5, 5, 16, 2], 2) }, attrs)];
  }));

test('the gradient of max-pooling, ties and negative windows included', () =>
  law(
    windows.filter(w => w.pad !== 2 || Math.min(w.filterHeight, w.filterWidth) > 2),
    async w => {
      const shape = [w.batch, w.height, w.width, w.channels];
      const filter: [number, number] = [w.filterHeight, w.filterWidth];
      const pad = typeof w.pad === 'number' ? 'same' : w.pad;
      const coarse = () => tf.sub(tf.round(tf.mul(random(shape), 3)), 2);
      const pool = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, filter, w.strides, pad);
      await agrees(rounding(w), () => {
        const y = pool(coarse());
        return [y, tf.grad(pool)(coarse(), random(y.shape, 2))];
      });
    },
    100,
  ));

test('sums by segment, of int32 and of other than the segments too', () =>
  law(
    fc.record({
      ids: fc.array(fc.integer({ min: -2, max: 6 }), { minLength: 1, maxLength: 12 }),
      inner: fc.array(sizes(4), { maxLength: 2 }),
      dtype: fc.constantFrom('float32' as const, 'int32' as const),
    }),
    async ({ ids, inner, dtype }) =>
      agrees(ids.length, () => [
        // cpu gives float32 for int32.
        tf.cast(
          tf.unsortedSegmentSum(
            tf.cast(tf.mul(random([ids.length, ...inner]), 50), dtype),
            tf.tensor1d(ids, 'int32'),
            4,
          ),
          'float32',
        ),
      ]),
  ));

test.each([
  ['ij,jk->ik', [2, 3], [3, 4]],
  ['ij,kj->ik', [2, 3], [4, 3]],
  ['ij,ij->', [2, 3], [2, 3]],
  ['ij,ij->ij', [2, 3], [2, 3]],
  ['i,j->ji', [2], [3]],
  ['bij,bjk->bik', [5, 2, 3], [5, 3, 4]],
  ['bij,bjk->kbi', [5, 2, 3], [5, 3, 4]],
  ['bthd,bshd->bhts', [2, 3, 4, 5], [2, 6, 4, 5]],
  ['ij->ji', [2, 3]],
  ['ij->i', [2, 3]],
  ['ij->', [2, 3]],
  ['ij->ij', [2, 3]],
] as [string, ...number[][]][])('einsum %s', (equation, ...shapes) =>
  agrees(100, () => [tf.einsum(equation, ...shapes.map((shape, i) => random(shape, i + 1)))]),
);

test('einsum where each operand has an axis of its own to be summed, which cpu refuses', async () => {
  const actual = await on('wasm', () => [tf.einsum('abc,cde->bd', random([2, 3, 4]), random([4, 5, 6], 2))]);
  const expected = await on('cpu', () => [
    tf.matMul(tf.sum(random([2, 3, 4]), 0), tf.sum(random([4, 5, 6], 2), 2)),
  ]);
  expect(excess(actual, expected, 48)).toBeLessThan(ROUNDING);
});

/** f is linear, so that `⟨dy, f(x)⟩ = ⟨f'(dy), x⟩`: the law of the adjoint, which needs no other backend. */
function adjointGap(f: (x: tf.Tensor) => tf.Tensor, shape: number[]): number {
  return tf.tidy(() => {
    const x = random(shape);
    const y = f(x);
    const dy = random(y.shape, 2);
    const [forward, back] = [tf.mul(y, dy), tf.mul(tf.grad(f)(x, dy), x)];
    const scale = tf.add(tf.sum(tf.abs(forward)), tf.sum(tf.abs(back)));
    const gap = tf.sub(tf.sum(forward), tf.sum(back)).dataSync()[0];
    return Math.abs(gap) / (scale.dataSync()[0] * 2 ** -24 * (tf.util.sizeFromShape(shape) + 16));
  });
}

test('gradients of averages are adjoint to them', async () => {
  await useBackend('wasm');
  fc.assert(
    fc.property(windows, w => {
      const pad = typeof w.pad === 'number' ? 'same' : w.pad;
      const filter: [number, number] = [w.filterHeight, w.filterWidth];
      const pool = (x: tf.Tensor) => tf.avgPool(x as tf.Tensor4D, filter, w.strides, pad);
      expect(adjointGap(pool, [w.batch, w.height, w.width, w.channels])).toBeLessThan(ROUNDING);
    }),
    { numRuns: 100 },
  );
});

test('gradients in three dimensions are adjoint', async () => {
  await useBackend('wasm');
  fc.assert(
    fc.property(windows, sizes(4), sizes(2), fc.boolean(), (w, depth, filterDepth, same) => {
      const pad =
        same || filterDepth > depth || w.pad === 'same' || typeof w.pad === 'number' ? 'same' : 'valid';
      const filter = [filterDepth, w.filterHeight, w.filterWidth] as [number, number, number];
      const strides = [1, ...w.strides] as [number, number, number];
      const shape = [w.batch, depth, w.height, w.width, w.channels];
      const weights = random([...filter, w.channels, w.outChannels], 3) as tf.Tensor5D;
      const conv = (x: tf.Tensor) => tf.conv3d(x as tf.Tensor5D, weights, strides, pad);
      expect(adjointGap(conv, shape)).toBeLessThan(ROUNDING);
      const pool = (x: tf.Tensor) => tf.avgPool3d(x as tf.Tensor5D, filter, strides, pad);
      expect(adjointGap(pool, shape)).toBeLessThan(ROUNDING);
      weights.dispose();
    }),
    { numRuns: 50 },
  );
});

test('gradients of dilated depthwise convolutions are adjoint', async () => {
  await useBackend('wasm');
  fc.assert(
    fc.property(windows, w => {
      const shape = [w.batch, w.height, w.width, w.channels];
      const filterShape = [w.filterHeight, w.filterWidth, w.channels, 2];
      // core computes other sizes than the forward kernel for paddings in numbers.
      const pad = typeof w.pad === 'number' ? 'same' : w.pad;
      const attrs = { pad, dilations: w.dilations, strides: [1, 1] };
      const gap = tf.tidy(() => {
        const [x, filter] = [random(shape), random(filterShape, 2)];
        const y = run('DepthwiseConv2dNative', { x, filter }, attrs);
        const dy = random(y.shape, 3);
        const dw = run('DepthwiseConv2dNativeBackpropFilter', { x, dy }, { ...attrs, filterShape });
        const dx = run('DepthwiseConv2dNativeBackpropInput', { dy, filter }, { ...attrs, inputShape: shape });
        const inner = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(a, b)).dataSync()[0];
        const scale = tf.sum(tf.abs(tf.mul(y, dy))).dataSync()[0] + 1;
        return (
          Math.max(Math.abs(inner(y, dy) - inner(dx, x)), Math.abs(inner(y, dy) - inner(dw, filter))) / scale
        );
      });
      expect(gap / (2 ** -24 * (rounding(w) + 16))).toBeLessThan(ROUNDING);
    }),
    { numRuns: 100 },
  );
});

test('resizing, whose gradient cpu has wrong, is adjoint', async () => {
  await useBackend('wasm');
  for (const size of [
    [18, 16],
    [5, 11],
  ] as [number, number][]) {
    const nearest = (x: tf.Tensor) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, size);
    const bilinear = (x: tf.Tensor) => tf.image.resizeBilinear(x as tf.Tensor4D, size);
    expect(adjointGap(nearest, [2, 9, 8, 3])).toBeLessThan(ROUNDING);
    expect(adjointGap(bilinear, [2, 9, 8, 3])).toBeLessThan(ROUNDING);
  }
});
