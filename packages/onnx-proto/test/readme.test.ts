import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';

const example = new URL('readme-example.generated.ts', import.meta.url);

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(example, { force: true });
});

test('the README’s example runs', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  await writeFile(example, /```ts\n([\s\S]*?)```/.exec(readme)![1]);
  const print = vi.spyOn(console, 'log').mockReturnValue();
  await import(/* @vite-ignore */ fileURLToPath(example));
  expect(print.mock.calls).toEqual([[['Add']]]);
});
