import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { enforce, type Region } from '@police/core';
import { toNetwork } from '@police/tfjs';
import type * as tfl from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backends, bend, useBackend } from './helpers.js';

interface Example {
  policed: tfl.Sequential;
  plain: tfl.Sequential;
  regions: Region[];
}

const example = new URL('readme-example.generated.ts', import.meta.url);
afterAll(() => rm(example, { force: true }));

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
});
