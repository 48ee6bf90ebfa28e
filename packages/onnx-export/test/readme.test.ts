import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';

const example = new URL('readme-example.generated.ts', import.meta.url);

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(example, { force: true });
});

test('the README’s example runs, and its model is affine on the box', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  await writeFile(example, /```ts\n([\s\S]*?)```/.exec(readme)![1]);
  const print = vi.spyOn(console, 'log').mockReturnValue();
  await import(/* @vite-ignore */ fileURLToPath(example));
  expect(print).toHaveBeenCalledOnce();
  // On the box |W||x| + |b| ≤ 5 in the hidden layer (2.5, and at most as much in the bias), so γ₃·5 bounds its error,
  // 4·(γ₃·5) + γ₄·(4·5) ≈ 140u that of an output, and four times that the combination's.
  expect(Math.abs(print.mock.calls[0][0])).toBeLessThan(4 * 140 * 2 ** -24);
});
