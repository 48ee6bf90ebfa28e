import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse, print } from '@police/vnnlib';
import { afterEach, expect, test, vi } from 'vitest';

const example = new URL('readme-example.generated.ts', import.meta.url);
const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(example, { force: true });
});

test('the README’s example runs and prints what it says', async () => {
  await writeFile(example, /```ts\n([\s\S]*?)```/.exec(readme)![1]);
  const log = vi.spyOn(console, 'log').mockReturnValue();
  await import(/* @vite-ignore */ fileURLToPath(example));
  const printed = log.mock.calls.map(([text]) => text as string);
  expect(printed.slice(0, 4)).toEqual([
    'x in [-1,0.09999999999999999] to [1,0.33333333333333337]',
    '-1 y0 <= -2.5',
    'x in [-1,0.09999999999999999] to [1,0.33333333333333337]',
    '1 y1 + -1 y0 <= 0',
  ]);
  expect(print(parse(printed[4]))).toBe(printed[4]);
  expect(printed[5].split('\n').map(line => line.slice(0, 17))).toEqual([
    'wrong.vnnlib:2:17',
    'wrong.vnnlib:3:9:',
  ]);
});

test('the README’s queries are read', () => {
  const queries = [...readme.matchAll(/```lisp\n([\s\S]*?)```/g)].map(([, text]) => parse(text));
  expect(queries.map(({ networks, assertions }) => [networks.length, assertions.length])).toEqual([
    [1, 4],
    [2, 1],
  ]);
});
