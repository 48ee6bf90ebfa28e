import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { builtFolder } from './built-folder.js';

/** Kilobytes, gzipped, of the page, its style, the threads' script, all scripts that these import at once, and the networks it opens with. */
const LARGEST = 400;

test(`page and threads stay under ${LARGEST} kB gzipped`, { timeout: 120_000 }, async () => {
  const folder = await builtFolder();
  const names = readdirSync(folder, { recursive: true }).map(String);
  const files = new Map(
    names
      .filter(name => statSync(join(folder, name)).isFile())
      .map(name => [basename(name), readFileSync(join(folder, name))]),
  );

  const needed = new Set<string>();
  const need = (name: string): void => {
    if (needed.has(name)) return;
    needed.add(name);
    for (const next of importsOf(`${files.get(name)!}`)) need(next);
  };
  const starts = [...files.keys()].filter(name => /^(index|worker|control)[-.]/.test(name));
  expect(starts).toHaveLength(5); // page, script, style, threads, networks
  starts.forEach(need);

  const total = [...needed].reduce((sum, name) => sum + gzipSync(files.get(name)!).length / 1000, 0);
  console.info(`${needed.size} files, ${total.toFixed(1)} kB`);
  expect(total).toBeGreaterThan(100);
  expect(total).toBeLessThan(LARGEST);
});

/** The scripts of the same folder that a script imports at once, not on demand. */
const importsOf = (code: string): string[] =>
  [...code.matchAll(/(?:\bfrom|\bimport)\s*["'`]\.\/([^"'`]+)["'`]/g)].map(([, name]) => name);
