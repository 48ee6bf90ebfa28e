import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publishedPackages } from '../release/manifests.mjs';

export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Runs a command to its end and returns what it printed; throws with that where it fails. */
export function run(command, args, { cwd, env = {} }) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, CI: '1', ...env },
    maxBuffer: 2 ** 26,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} in ${cwd}:\n${stdout}${stderr}`);
  return stdout;
}

/** A folder outside the repository, removed when this process ends, unless KEEP=1 asks to look at it. */
export function emptyFolder(name) {
  const folder = mkdtempSync(join(tmpdir(), `stranger-${name}-`));
  if (process.env.KEEP === '1') process.stderr.write(`${folder}\n`);
  else process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Packs every package as it is published; returns the tarball of each name and the paths in it. */
export function packAll(into) {
  const packed = new Map();
  for (const { folder, manifest } of publishedPackages()) {
    const output = run('npm', ['pack', '--json', '--pack-destination', into], {
      cwd: `${root}/packages/${folder}`,
    });
    const json = JSON.parse(output);
    const { filename, files } = Array.isArray(json) ? json[0] : Object.values(json)[0];
    packed.set(manifest.name, { path: join(into, filename), files: files.map(({ path }) => path) });
  }
  return packed;
}

/**
 * What `npm install` is told for packages' names: of ours, the tarballs of all, since they need one another and lie in no registry.
 */
export function installFrom(packed) {
  return (folder, names) => {
    const foreign = names.filter(name => !packed.has(name));
    const ours = Array.from(withDependencies(names.filter(name => packed.has(name))));
    install(folder, [...ours.map(name => packed.get(name).path), ...foreign]);
  };
}

export function install(folder, specs) {
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', ...specs], {
    cwd: folder,
  });
}

function withDependencies(names, found = new Set()) {
  for (const name of names) {
    if (found.has(name)) continue;
    found.add(name);
    const { manifest } = publishedPackages().find(({ manifest }) => manifest.name === name);
    withDependencies(
      Object.keys(manifest.dependencies ?? {}).filter(dependency => dependency.startsWith('@police/')),
      found,
    );
  }
  return found;
}

/** A project of these files, by path, in an empty folder. */
export function project(name, files) {
  const folder = emptyFolder(name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), typeof text === 'string' ? text : JSON.stringify(text, null, 2));
  }
  return folder;
}
