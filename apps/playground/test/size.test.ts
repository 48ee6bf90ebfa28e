import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';
import { expect, test } from 'vitest';

/** Kilobytes, gzipped, of the page, its style, the threads' script, all scripts that these import at once, and the networks it opens with. */
const LARGEST = 400;

test(`page and worker stay under ${LARGEST} kB gzipped`, async () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { output } = (await build({
    root,
    configFile: `${root}/vite.config.ts`,
    logLevel: 'silent',
    build: { write: false },
  })) as Rolldown.RolldownOutput;
  const files = new Map(
    output.map(file => [file.fileName.split('/').at(-1)!, file.type === 'chunk' ? file.code : file.source]),
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
