import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { box, certify, enforce, type Region } from '@police/core';
import { type FrozenPatch, type PatchedModel, toNetwork } from '@police/tfjs/all';
import type * as tfl from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backends, bend, useBackend } from './helpers.js';

interface Example {
  policed: tfl.Sequential;
  plain: tfl.Sequential;
  regions: Region[];
}

interface FadeExample {
  stock: tfl.LayersModel;
  regions: Region[];
}

interface PatchExample extends Pick<FrozenPatch, 'maps' | 'network'> {
  patched: PatchedModel;
}

const example = new URL('readme-example.generated.ts', import.meta.url);
const patchExample = new URL('readme-patch-example.generated.ts', import.meta.url);
const fadeExample = new URL('readme-fade-example.generated.ts', import.meta.url);
afterAll(() => Promise.all([example, fadeExample, patchExample].map(file => rm(file, { force: true }))));

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));

  test('the README’s example runs and keeps what it says', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const code = /```ts\n([\s\S]*?)```/.exec(readme)![1];
    await writeFile(example, `${code}export { plain, policed, regions };\n`);
    const { policed, plain, regions }: Example = await import(
      /* @vite-ignore */ `${fileURLToPath(example)}?${backend}`
    );
    expect(bend(policed, toNetwork(policed), regions, 1)).toBeLessThan(1);
    expect(bend(plain, toNetwork(plain), regions, 1)).toBeLessThan(1);
    expect(enforce(toNetwork(plain), regions).report.shifted).toBe(0);
    expect(plain.layers.map(layer => layer.getClassName())).toEqual(['Dense', 'LeakyReLU', 'Dense']);
  });

  test('and so does that of shifts that fade', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const [, [, code]] = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)];
    await writeFile(fadeExample, `${code}export { stock, regions };\n`);
    const { stock, regions }: FadeExample = await import(
      /* @vite-ignore */ `${fileURLToPath(fadeExample)}?${backend}`
    );
    expect(certify(toNetwork(stock), regions).certified).toBe(true);
    expect(stock.layers.some(layer => layer.getClassName().startsWith('Police'))).toBe(false);
  });

  test('and so does that of the patch', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const [, , [, code]] = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)];
    await writeFile(patchExample, `${code}export { maps, network, patched };\n`);
    const { maps, network, patched }: PatchExample = await import(
      /* @vite-ignore */ `${fileURLToPath(patchExample)}?${backend}`
    );
    expect(certify(network, [box([-0.5, -0.5], [0.5, 0.5])]).certified).toBe(true);
    expect(patched.maps[0].A.rows).toBe(3);
    expect(Array.from(maps[0].A.data, Math.fround)).toEqual(Array.from(patched.maps[0].A.data));
  });
});
