import { createHash } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const repository = join(root, '../..');
const BUILT = join(root, 'dist-test');

/** The page as static files, built once for all suites: anew only when something that it is made of has changed. */
export async function builtFolder(): Promise<string> {
  const name = stateOfSources();
  const folder = join(BUILT, name);
  if (existsSync(folder)) return folder;
  const draft = join(BUILT, `draft-${process.pid}-${name}`);
  await build({
    root,
    configFile: `${root}/vite.config.ts`,
    logLevel: 'silent',
    build: { outDir: draft, emptyOutDir: true },
  });
  // Suites may run beside each other: whoever is first has built it.
  if (existsSync(folder)) rmSync(draft, { recursive: true });
  else renameSync(draft, folder);
  for (const each of readdirSync(BUILT))
    if (each !== name && !each.startsWith('draft-')) rmSync(join(BUILT, each), { recursive: true });
  return folder;
}

/** Of all files that may be in the page: their names, sizes and when they were last written. */
function stateOfSources(): string {
  const sources = [
    root,
    ...['packages', 'apps'].flatMap(kind =>
      readdirSync(join(repository, kind)).map(each => join(repository, kind, each)),
    ),
  ]
    .map(folder => join(folder, 'src'))
    .filter(existsSync);
  const hash = createHash('sha256');
  for (const folder of [...sources, join(root, 'index.html'), join(root, 'vite.config.ts')]) {
    const entries = statSync(folder).isDirectory() ? readdirSync(folder, { recursive: true }) : [''];
    for (const entry of entries.map(String).sort()) {
      const { size, mtimeMs } = statSync(join(folder, entry));
      hash.update(`${join(folder, entry)} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest('hex').slice(0, 16);
}
