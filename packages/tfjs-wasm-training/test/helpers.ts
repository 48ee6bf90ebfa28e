import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { seededRng } from '@police/testing/random';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect } from 'vitest';

export async function useBackend(name: 'cpu' | 'wasm'): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`backend ${name} did not start`);
}

/** Uniform in [-1, 1), seeded. */
export function randomValues(size: number, seed: number): Float32Array {
  const rng = seededRng(seed);
  return Float32Array.from({ length: size }, () => 2 * rng() - 1);
}

export const random = (shape: number[], seed = 1): tf.Tensor =>
  tf.tensor(randomValues(tf.util.sizeFromShape(shape), seed), shape, 'float32');

export interface Values {
  shape: number[];
  dtype: string;
  values: number[];
}

/** What `body` computes on a backend, all of its tensors released. */
export async function on(backend: 'cpu' | 'wasm', body: () => tf.Tensor[]): Promise<Values[]> {
  await useBackend(backend);
  const tensors = tf.tidy(body);
  const out = tensors.map(t => ({ shape: t.shape, dtype: t.dtype, values: Array.from(t.dataSync()) }));
  tf.dispose(tensors);
  return out;
}

/**
 * The largest difference, as a multiple of what rounding explains: `terms` float32 roundings of numbers as large as the
 * largest value, and 16 more for exp and the like. Infinite if shapes or dtypes differ.
 */
export function excess(actual: Values[], expected: Values[], terms: number): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  actual.forEach((a, k) => {
    const e = expected[k];
    if (String(a.shape) !== String(e.shape) || a.dtype !== e.dtype || a.values.length !== e.values.length)
      worst = Number.POSITIVE_INFINITY;
    const scale = e.values.reduce((m, v) => Math.max(m, Math.abs(v)), 1);
    const bound = 2 ** -24 * (terms + 16) * scale;
    a.values.forEach((v, i) => {
      const over = Object.is(v, e.values[i]) ? 0 : Math.abs(v - e.values[i]) / bound;
      worst = Math.max(worst, Number.isNaN(over) ? Number.POSITIVE_INFINITY : over);
    });
  });
  return worst;
}

/** Differences up to this many times the rounding of a chain of operations count as rounding. */
export const ROUNDING = 4;

/** The numbers of live tensors, buffers and wasm data that `body` leaves behind. */
export function leaked(body: () => void): { tensors: number; buffers: number; data: number } {
  const count = () => {
    const { numTensors, numDataBuffers } = tf.memory();
    return { tensors: numTensors, buffers: numDataBuffers, data: tf.backend().numDataIds() };
  };
  const before = count();
  body();
  const after = count();
  return {
    tensors: after.tensors - before.tensors,
    buffers: after.buffers - before.buffers,
    data: after.data - before.data,
  };
}

export const nothing = { tensors: 0, buffers: 0, data: 0 };

/** Sizes 1 … max, small ones preferred. */
export const sizes = (max: number, min = 1): fc.Arbitrary<number> => fc.integer({ min, max });

/** Leaves numbers in memory that is free again, for kernels that do not write all of their output to give away. */
function soil(): void {
  for (let size = 1; size < 2000; size *= 2)
    tf.dispose(Array.from({ length: 8 }, () => tf.fill([size], 7777)));
}

/** The kernel computes on wasm what cpu does, up to the rounding of `terms` terms, and leaves nothing behind. */
export async function agrees(
  terms: number,
  body: () => tf.Tensor[],
  oracle: () => tf.Tensor[] = body,
): Promise<void> {
  const expected = await on('cpu', oracle);
  await useBackend('wasm');
  soil();
  expect(excess(await on('wasm', body), expected, terms)).toBeLessThan(ROUNDING);
  expect(leaked(() => tf.dispose(tf.tidy(body)))).toEqual(nothing);
}

export const law = <T>(arbitrary: fc.Arbitrary<T>, holds: (value: T) => Promise<void>, numRuns = 60) =>
  fc.assert(fc.asyncProperty(arbitrary, holds), { numRuns });
