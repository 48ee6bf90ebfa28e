import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, expect, test, vi } from 'vitest';

// Nothing here imports tfjs-layers: the example has to bring its gradients.

const example = new URL('readme-example.generated.ts', import.meta.url);
afterAll(() => rm(example, { force: true }));

test('the README’s example trains as it is written, and leaves upstream’s kernels', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  await writeFile(example, /```ts\n([\s\S]*?)```/.exec(readme)![1]);
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import(/* @vite-ignore */ fileURLToPath(example));
  const [[losses]] = log.mock.calls as [number[]][];
  log.mockRestore();
  expect(tf.getBackend()).toBe('wasm');
  expect(losses.length).toBe(10);
  expect(losses[9]).toBeLessThan(losses[0] / 2);
  expect(tf.getKernel('Conv2DBackpropFilter', 'wasm')).toBeUndefined();
});
