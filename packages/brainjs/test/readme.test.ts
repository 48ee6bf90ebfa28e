import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { PolicedNeuralNetwork } from '@police/brainjs';
import { certify, type Network } from '@police/core';
import { NeuralNetwork } from 'brain.js';
import { afterAll, expect, test } from 'vitest';

interface Example {
  net: PolicedNeuralNetwork<number[], number[]>;
  model: NeuralNetwork<number[], number[]>;
  network: Network;
  data: { input: number[]; output: number[] }[];
}

const example = new URL('readme-example.generated.ts', import.meta.url);
afterAll(() => rm(example, { force: true }));

test('the README’s example runs and keeps what it says', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1];
  await writeFile(example, `${code}export { data, model, net, network };\n`);
  const { net, model, network, data }: Example = await import(/* @vite-ignore */ fileURLToPath(example));
  expect(certify(network, net.regions)).toMatchObject({ certified: true });
  expect(model.constructor).toBe(NeuralNetwork);
  expect(net).toBeInstanceOf(NeuralNetwork);
  // brain.js starts from random weights: a quarter of the targets' variance, or so, is what the worst of 60 starts left.
  expect(net.test(data).error).toBeLessThan(0.04);
  // Freezing keeps every unit off its kink by what float32 may err.
  expect(model.run([0.3, 0.4])[0]).toBeCloseTo(net.run([0.3, 0.4])[0], 5);
});
