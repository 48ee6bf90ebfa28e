import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { cases, TERMS } from './audit-cases.js';
import { excess, on, ROUNDING, random, useBackend } from './helpers.js';
import { coreRefuses, cpuAndStockWrong, cpuWrong, stockRefuses, stockWrong } from './known.js';

// Without register(): when one of these fails, upstream has changed, and a kernel here may have become needless.

test('what upstream lacks and has wrong', async () => {
  const [refuses, wrong]: string[][] = [[], []];
  for (const { name, run } of cases.filter(one => !coreRefuses.includes(one.name))) {
    const expected = await on('cpu', run);
    try {
      if (excess(await on('wasm', run), expected, TERMS) > ROUNDING) wrong.push(name);
    } catch (error) {
      expect(String(error)).toMatch(/not registered|Cannot find/);
      refuses.push(name);
    }
  }
  expect(refuses.sort()).toEqual([...stockRefuses].sort());
  // Both backends share the error in the gradient of averages, so it does not show here.
  expect(wrong.sort()).toEqual([...stockWrong, ...cpuWrong].sort());
  expect(cpuAndStockWrong.filter(name => wrong.includes(name))).toEqual([]);
});

test.each(['cpu', 'wasm'] as const)('%s: the gradient of a padded average is wrong', async backend => {
  await useBackend(backend);
  const f = (x: tf.Tensor) => tf.avgPool(x as tf.Tensor4D, 2, 1, 'same');
  const x = random([1, 3, 3, 1]);
  const y = f(x);
  // Each average has weights that add up to 1, and so do all of the gradients to an average.
  const dx = tf.grad(f)(x, tf.onesLike(y));
  expect(Math.abs(tf.sum(dx).dataSync()[0] - y.size)).toBeGreaterThan(1);
});

test('no Einsum', async () => {
  await useBackend('wasm');
  expect(() => tf.einsum('ij,jk->ik', random([2, 3]), random([3, 4]))).toThrow(/not registered/);
});

test.each(['cpu', 'wasm'] as const)(
  '%s: too few products of batches broadcast along different axes',
  async backend => {
    await useBackend(backend);
    const products = tf.matMul(random([2, 1, 3, 4]), random([1, 3, 4, 2], 2));
    expect(products.dataSync().length).toBeLessThan(products.size);
  },
);

test('a sum over nothing is whatever was in memory', async () => {
  await useBackend('wasm');
  tf.dispose(Array.from({ length: 64 }, () => tf.fill([3], 7)));
  expect(Array.from(tf.sum(tf.zeros([0, 3]), 0).dataSync())).not.toEqual([0, 0, 0]);
  tf.dispose(Array.from({ length: 64 }, () => tf.fill([3], 7)));
  expect(Array.from(tf.mean(tf.zeros([0, 3]), 0).dataSync())).not.toEqual([0, 0, 0]);
  tf.dispose(Array.from({ length: 64 }, () => tf.fill([6], 7)));
  expect(Array.from(tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 3])).dataSync())).not.toEqual(Array(6).fill(0));
});

test('the bias of fused products of batches, and of transposed operands, is misplaced', async () => {
  await useBackend('wasm');
  const bias = tf.tensor1d([1, 2]);
  const batches = tf.fused.matMul({ a: tf.zeros([2, 2, 3]), b: tf.zeros([2, 3, 2]), bias });
  expect(Array.from(batches.dataSync())).not.toEqual([1, 2, 1, 2, 1, 2, 1, 2]);
  const transposed = tf.fused.matMul({ a: tf.zeros([2, 3]), b: tf.zeros([2, 3]), transposeB: true, bias });
  expect(Array.from(transposed.dataSync())).not.toEqual([1, 2, 1, 2]);
});

test('same padding gives zeros where the stride exceeds the filter', async () => {
  await useBackend('wasm');
  const ones = tf.ones([1, 4, 4, 1]) as tf.Tensor4D;
  const filter = tf.ones([2, 2, 1, 1]) as tf.Tensor4D;
  expect(tf.max(tf.conv2d(ones, filter, 4, 'same')).dataSync()[0]).toBe(0);
  expect(tf.max(tf.depthwiseConv2d(ones, filter, 4, 'same')).dataSync()[0]).toBe(0);
});

test('clones are copies', async () => {
  await useBackend('wasm');
  const x = tf.ones([3]);
  expect(tf.clone(x).dataId).not.toBe(x.dataId);
});

test('casts to bool keep numbers', async () => {
  await useBackend('wasm');
  expect(tf.cast(tf.tensor1d([300]), 'bool').dataSync()[0]).toBe(44);
});

const valuesOf = (x: tf.Tensor): number[] => Array.from(x.dataSync());

test('refuses int32 products, and biases that are not one for each channel', async () => {
  await useBackend('wasm');
  const [a, image] = [tf.ones([2, 2], 'int32'), tf.ones([1, 3, 3, 1]) as tf.Tensor4D];
  expect(() => tf.matMul(a, a)).toThrow(/not yet supported/);
  const matrix = tf.ones([2, 2]) as tf.Tensor2D;
  expect(() => tf.fused.matMul({ a: matrix, b: matrix, bias: matrix })).toThrow(/rank-1 bias/);
  const filter = tf.ones([2, 2, 1, 1]) as tf.Tensor4D;
  const scalar = tf.scalar(1) as unknown as tf.Tensor1D;
  expect(() => tf.fused.conv2d({ x: image, filter, strides: 1, pad: 0, bias: scalar })).toThrow(
    /rank-1 bias/,
  );
  expect(() => tf.conv2d(tf.ones([1, 1, 3, 3]) as tf.Tensor4D, filter, 1, 0, 'NCHW')).toThrow(/channelsLast/);
});

test('the last windows of what is rounded up are whatever was in memory', async () => {
  await useBackend('wasm');
  tf.dispose(Array.from({ length: 64 }, () => tf.fill([9], 7777)));
  const x = tf.ones([1, 6, 6, 1]) as tf.Tensor4D;
  const up = tf.conv2d(x, tf.ones([3, 3, 1, 1]) as tf.Tensor4D, 2, 0, 'NHWC', 1, 'ceil');
  expect(valuesOf(up)).not.toEqual([9, 9, 6, 9, 9, 6, 6, 6, 4]);
});

test('the maximum of nothing is whatever was in memory', async () => {
  await useBackend('wasm');
  tf.dispose(Array.from({ length: 64 }, () => tf.fill([3], 7)));
  expect(valuesOf(tf.prod(tf.zeros([0, 3]), 0))).not.toEqual([1, 1, 1]);
});

test('one type is taken for another', async () => {
  await useBackend('wasm');
  const label = tf.tensor1d([1], 'int32');
  expect(valuesOf(tf.oneHot(label, 2, 1, 0, 'float32'))).not.toEqual([0, 1]);
  expect(tf.stridedSlice(tf.tensor1d([1, 2, 3], 'int32'), [0], [3], [2]).dtype).toBe('float32');
  expect(valuesOf(tf.clipByValue(tf.tensor1d([5], 'int32'), -2, 3))).not.toEqual([3]);
  expect(valuesOf(tf.isNaN(tf.tensor1d([-1], 'int32')))).not.toEqual([0]);
});

test('clipping hides NaN, PReLU misplaces shared weights, grey dilation starts at 0', async () => {
  await useBackend('wasm');
  expect(valuesOf(tf.clipByValue(tf.tensor1d([Number.NaN]), -1, 1))).not.toEqual([Number.NaN]);
  const shared = tf.prelu(tf.fill([2, 2], -1), tf.tensor2d([[1], [2]]));
  expect(valuesOf(shared)).not.toEqual([-1, -1, -2, -2]);
  const negative = tf.fill([1, 2, 2, 1], -5) as tf.Tensor4D;
  expect(valuesOf(tf.dilation2d(negative, tf.zeros([2, 2, 1]) as tf.Tensor3D, 1, 'valid'))).not.toEqual([-5]);
});
