import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { certify, type Region } from '@police/core';
import { type constrain, toNetwork } from '@police/synaptic';
import type synaptic from 'synaptic';
import { afterAll, expect, test } from 'vitest';
import { bend, probesOf, ROUNDINGS } from './helpers.js';

interface Example {
  policed: ReturnType<typeof constrain>;
  plain: synaptic.Network;
  regions: Region[];
}

const example = new URL('readme-example.generated.ts', import.meta.url);
afterAll(() => rm(example, { force: true }));

test('the README’s example runs and keeps what it says', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1];
  await writeFile(example, `${code}export { plain, policed, regions };\n`);
  const { policed, plain, regions }: Example = await import(/* @vite-ignore */ fileURLToPath(example));
  for (const network of [policed, plain]) expect(bend(network, probesOf(regions))).toBeLessThan(ROUNDINGS);
  expect(certify(toNetwork(plain), regions)).toMatchObject({ certified: true });
  expect(plain.standalone()([0.1, 0.2])).toEqual(plain.activate([0.1, 0.2]));
});
