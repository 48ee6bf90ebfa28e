import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, expect, test } from 'vitest';

const example = new URL('readme-example.generated.ts', import.meta.url);
afterAll(() => rm(example, { force: true }));

test('the README’s example runs', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1];
  await writeFile(
    example,
    code.replace('unregister();', 'export const during = tf.getKernel("Einsum", "wasm");\n$&'),
  );
  const { during } = await import(/* @vite-ignore */ fileURLToPath(example));
  expect(during).toBeDefined();
  expect(tf.getKernel('Einsum', 'wasm')).toBeUndefined();
});
