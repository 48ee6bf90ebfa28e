import { register, unregister } from '@police/tfjs-wasm-training';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { beforeEach, expect, test } from 'vitest';
import { pendingCount } from '../src/deferred.js';
import { leaked, nothing, random, useBackend } from './helpers.js';

beforeEach(async () => {
  await useBackend('wasm');
  register();
});

/** Deferred: the product with a transposed right operand. */
const product = (a: tf.Tensor, b: tf.Tensor) => tf.matMul(a, b, false, true);
const row = () => tf.tensor2d([[1, 2]]);

test('is computed when read and only then', () => {
  const x = product(row(), row());
  expect(pendingCount()).toBe(1);
  const clone = tf.reshape(tf.clone(x), [1]);
  expect(pendingCount()).toBe(1);
  expect(clone.dataSync()[0]).toBe(5);
  expect(pendingCount()).toBe(0);
  expect(x.dataSync()[0]).toBe(5);
});

test('feeds other kernels', () => {
  const x = product(row(), row());
  expect(tf.add(x, 1).dataSync()[0]).toBe(6);
  const chained = product(product(row(), row()), tf.tensor2d([[2]]));
  expect(pendingCount()).toBe(2);
  expect(chained.dataSync()[0]).toBe(10);
  expect(pendingCount()).toBe(0);
});

test('unread, is dropped with its tidy, and leaves nothing', () => {
  expect(leaked(() => tf.tidy(() => void product(row(), row())))).toEqual(nothing);
  expect(pendingCount()).toBe(0);
});

test('keeps its operands as they were', () => {
  const v = tf.variable(row());
  const gone = row();
  const x = product(gone, v);
  gone.dispose();
  v.assign(tf.tensor2d([[100, 100]]));
  expect(x.dataSync()[0]).toBe(5);
  v.dispose();
});

test('read or not, gives back operands disposed before', () => {
  for (const read of [true, false]) {
    const left = leaked(() => {
      const [a, b] = [row(), row()];
      const x = product(a, b);
      tf.dispose([a, b]);
      if (read) x.dataSync();
      x.dispose();
    });
    expect(left).toEqual(nothing);
  }
});

test('survives its operands moving to another backend', async () => {
  const left = { tensors: 0 };
  const before = tf.memory();
  const [a, b] = [row(), row()];
  const x = product(a, b);
  await useBackend('cpu');
  expect(tf.add(a, 1).dataSync()[0]).toBe(2);
  expect(tf.add(x, 1).dataSync()[0]).toBe(6);
  await useBackend('wasm');
  expect(tf.add(x, 1).dataSync()[0]).toBe(6);
  expect(a.dataSync()[1]).toBe(2);
  tf.dispose([a, b, x]);
  left.tensors = tf.memory().numTensors - before.numTensors;
  expect(left.tensors).toBe(3); // the three sums
});

test('is computed before upstream takes a view of the heap', () => {
  // ScatterNd and the like read several tensors through views: a view taken before the heap grows is void.
  const big = random([1500, 1500]);
  const x = product(big, big);
  const backend = tf.backend() as unknown as { typedArrayFromHeap: (t: tf.Tensor) => Float32Array };
  const first = backend.typedArrayFromHeap(big);
  const second = backend.typedArrayFromHeap(x);
  expect(first.length).toBe(big.size);
  expect(second.length).toBe(x.size);
  expect(pendingCount()).toBe(0);
  tf.dispose([big, x]);
});

test('waits for one that waits, whichever is computed first', () => {
  const x = random([1, 3, 3, 1]) as tf.Tensor4D;
  const filter = random([2, 2, 1, 1], 2) as tf.Tensor4D;
  const inner = tf.conv2dTranspose(x, filter, [1, 4, 4, 1], 1, 'valid'); // computed by way of a heap view
  const outer = product(tf.reshape(inner, [4, 4]), tf.eye(4));
  expect(pendingCount()).toBe(2);
  (tf.backend() as unknown as { typedArrayFromHeap: (t: tf.Tensor) => unknown }).typedArrayFromHeap(x);
  expect(pendingCount()).toBe(0);
  expect(outer.dataSync()).toEqual(inner.dataSync());
});

test('dropped, gives back operands that moved to another backend', async () => {
  await useBackend('cpu');
  const onCpu = tf.backend().numDataIds();
  await useBackend('wasm');
  const before = tf.memory().numDataBuffers;
  const [a, b] = [row(), row()];
  const x = product(a, b);
  await useBackend('cpu');
  tf.add(a, 1).dispose();
  x.dispose();
  tf.dispose([a, b]);
  expect(tf.backend().numDataIds() - onCpu).toBe(0);
  expect(tf.memory().numDataBuffers - before).toBe(0);
});

test('unregister computes what waits and restores the backend', () => {
  const x = product(row(), row());
  expect(Object.hasOwn(tf.backend(), 'typedArrayFromHeap')).toBe(true);
  unregister();
  expect(pendingCount()).toBe(0);
  expect(Object.hasOwn(tf.backend(), 'typedArrayFromHeap')).toBe(false);
  expect(x.dataSync()[0]).toBe(5);
});

test('the gradient of a first layer to its input is not computed', () => {
  unregister();
  const upstream = tf.getKernel('BatchMatMul', 'wasm');
  let products = 0;
  tf.unregisterKernel('BatchMatMul', 'wasm');
  tf.registerKernel({
    ...upstream,
    kernelFunc: params => {
      products++;
      return upstream.kernelFunc(params);
    },
  });
  register();
  const w = tf.variable(random([3, 2]));
  const x = random([4, 3]);
  const loss = () => tf.sum(tf.fused.matMul({ a: x as tf.Tensor2D, b: w as tf.Tensor2D })) as tf.Scalar;
  const left = leaked(() => tf.tidy(() => void tf.variableGrads(loss)));
  expect(products).toBe(1); // that to the weights
  expect(left).toEqual(nothing);
  expect(pendingCount()).toBe(0);
  unregister();
  tf.unregisterKernel('BatchMatMul', 'wasm');
  tf.registerKernel(upstream);
  tf.dispose([w, x]);
});
