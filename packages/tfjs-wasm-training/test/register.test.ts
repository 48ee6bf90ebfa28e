import { readFileSync } from 'node:fs';
import { register, unregister } from '@police/tfjs-wasm-training';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test, vi } from 'vitest';

// The order of the tests is part of them: the wasm backend is imported late and started later.

const kernels = () => new Map(tf.getKernelsForBackend('wasm').map(config => [config.kernelName, config]));

test('without the wasm backend, says what to import', () => {
  expect(() => register()).toThrow(/Import '@tensorflow\/tfjs-backend-wasm' first/);
  expect(() => unregister()).not.toThrow();
});

test('before the backend starts: its set-up still happens', async () => {
  await import('@tensorflow/tfjs-backend-wasm');
  const warn = vi.spyOn(console, 'warn');
  register();
  expect(warn).not.toHaveBeenCalled();
  expect(await tf.setBackend('wasm')).toBe(true);
  const a = tf.tensor2d([[1, 2]]);
  expect(tf.matMul(a, a, true, false).dataSync()).toEqual(Float32Array.of(1, 2, 2, 4));
  unregister();
});

test('twice is once, and unregister restores every kernel', () => {
  const before = kernels();
  register();
  const once = kernels();
  register();
  expect(kernels()).toEqual(once);
  const changed = [...once].filter(([name, config]) => before.get(name) !== config).map(([name]) => name);
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  expect(changed.length).toBeGreaterThan(0);
  for (const name of changed) expect(readme).toContain(`\`${name}\``);
  unregister();
  const after = kernels();
  expect(after.size).toBe(before.size);
  for (const [name, config] of before) expect(after.get(name)).toBe(config);
  unregister();
  expect(kernels().size).toBe(before.size);
});

test("leaves alone what somebody put in our kernel's place", () => {
  register();
  const theirs = { kernelName: 'Einsum', backendName: 'wasm', kernelFunc: () => [] };
  tf.unregisterKernel('Einsum', 'wasm');
  tf.registerKernel(theirs);
  unregister();
  expect(tf.getKernel('Einsum', 'wasm')).toBe(theirs);
  tf.unregisterKernel('Einsum', 'wasm');
});
