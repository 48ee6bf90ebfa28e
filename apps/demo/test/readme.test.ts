import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';

const root = new URL('../../../', import.meta.url);
const example = new URL('readme-example.generated.ts', import.meta.url);

afterEach(() => rm(example, { force: true }));

/** Runs the first TypeScript block of a README and returns what it printed. */
async function runFirstExample(readme: string): Promise<string[]> {
  const text = await readFile(new URL(readme, root), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(text)?.[1];
  if (!code) throw new Error(`${readme} has no TypeScript example`);
  await writeFile(example, code);
  const printed: string[] = [];
  const spy = vi.spyOn(console, 'log').mockImplementation(line => printed.push(`${line}`));
  try {
    await import(/* @vite-ignore */ `${fileURLToPath(example)}?${readme}`);
  } finally {
    spy.mockRestore();
  }
  return printed;
}

test('the README’s example runs, and its frozen network needs no further shift', async () => {
  const printed = await runFirstExample('README.md');
  expect(printed.at(-1)).toMatch(
    /^y = \[-?[\d.e-]+,-?[\d.e-]+\] x \+ -?[\d.e-]+ on the box; 0 shifts left to make$/,
  );
});

test('the example of core’s README runs', async () => {
  await runFirstExample('packages/core/README.md');
});
