import { constants, promises as fs, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PoliceError } from '@police/core';
import { unusable } from './files.js';
import { sweepTemporaries, temporaryIn } from './temporaries.js';
import type { Sink, Terminal } from './terminal.js';

/** What is written: whole, or in pieces that together may be longer than a string. */
export type Content = string | Uint8Array | Iterable<string>;

/** A file to be written: `-` is standard output. */
export interface Output {
  readonly path: string;
  readonly content: Content;
}

/** The file that a path stands for, links followed. */
interface Target {
  readonly path: string;
  readonly file: string;
  readonly found: Stats | undefined;
}

/** The files that a command which writes a model is to write. */
export interface ModelOutputs {
  readonly output: string;
  readonly report?: string;
  readonly certificate?: string;
  readonly force?: boolean;
}

/** Their paths, once it is sure that all can be written; see {@link assertWritable}. */
export async function writablePaths({ output, report, certificate, force }: ModelOutputs): Promise<string[]> {
  const paths = [output, report, certificate].filter(name => name !== undefined);
  await assertWritable(paths, force === true);
  return paths;
}

/**
 * Throws `invalid-option`, before any work is done, for outputs that cannot all be written: the same file twice, a folder, a
 * device, a pipe, a link to nothing, a missing or read-only folder, or a file that is there without `--force`. Temporary files of killed runs
 * in their folders are removed.
 */
export async function assertWritable(paths: readonly string[], isForced: boolean): Promise<void> {
  const targets = await targetsOf(paths, isForced);
  for (const folder of new Set(targets.map(({ file }) => dirname(file)))) await sweepTemporaries(folder);
}

/**
 * Writes all files or none: each to a temporary file in its folder first, put in place when all are complete; if one cannot be,
 * those before it are put back. A link is followed, and its target replaced.
 */
export async function writeOutputs(
  outputs: readonly Output[],
  { stdout }: Terminal,
  isForced: boolean,
): Promise<void> {
  const named = outputs.filter(({ path }) => path !== '-');
  const targets = await targetsOf(
    named.map(({ path }) => path),
    isForced,
  );
  const files = targets.map((target, i) => ({
    ...target,
    content: named[i].content,
    temporary: temporaryIn(dirname(target.file)),
    before: target.found ? temporaryIn(dirname(target.file)) : undefined,
  }));
  try {
    for (const { temporary, content, found } of files) await writeThrough(temporary, content, found?.mode);
    await replaceAll(files);
  } catch (error) {
    throw unusable(files.map(({ path }) => path).join(', '), 'files that can be written', error);
  } finally {
    const left = files.flatMap(({ temporary, before }) => [temporary, ...(before ? [before] : [])]);
    await Promise.all(left.map(path => fs.rm(path, { force: true })));
  }
  for (const { path, content } of outputs) if (path === '-') await writeTo(stdout, content);
}

interface Replacement {
  readonly file: string;
  readonly temporary: string;
  /** Where what is there is kept until all is done. */
  readonly before: string | undefined;
}

async function replaceAll(files: readonly Replacement[]): Promise<void> {
  const done: Replacement[] = [];
  try {
    for (const file of files) {
      if (file.before) await keep(file.file, file.before);
      await fs.rename(file.temporary, file.file);
      done.push(file);
    }
  } catch (error) {
    for (const { file, before } of done.reverse()) await (before ? fs.rename(before, file) : fs.rm(file));
    throw error;
  }
}

/** A second name of a file, or a copy where there are no links. */
async function keep(file: string, before: string): Promise<void> {
  try {
    await fs.link(file, before);
  } catch {
    await fs.copyFile(file, before, constants.COPYFILE_EXCL);
  }
}

async function targetsOf(paths: readonly string[], isForced: boolean): Promise<Target[]> {
  const targets: Target[] = [];
  for (const path of paths) if (path !== '-') targets.push(await targetOf(path));
  for (const [i, target] of targets.entries()) {
    const twin = targets.slice(0, i).find(other => isSame(other, target));
    if (twin) {
      const actual = twin.path === target.path ? 'it twice' : `the file that ${twin.path} is`;
      throw refused(target.path, 'a file for each output', actual);
    }
    if (!target.found || isForced) continue;
    throw refused(target.path, 'a file that is not there yet', 'one that is', 'Pass --force to replace it.');
  }
  return targets;
}

function isSame(a: Target, b: Target): boolean {
  if (a.file === b.file) return true;
  // Two names of one file, or of a disk that does not tell capitals from others.
  return a.found !== undefined && a.found.ino === b.found?.ino && a.found.dev === b.found.dev;
}

async function targetOf(path: string): Promise<Target> {
  const expected = 'a file that can be written';
  try {
    const isLink = (await statOf(path, fs.lstat))?.isSymbolicLink();
    if (isLink && !(await statOf(path, fs.stat))) throw refused(path, expected, 'a link to nothing');
    if (path === '' || path.endsWith('/')) throw refused(path, expected, 'a folder');
    const file = isLink ? await fs.realpath(path) : join(await fs.realpath(dirname(path)), basename(path));
    const found = await statOf(file, fs.stat);
    if (found && !found.isFile()) throw refused(path, expected, kindOf(found), FOLDER_REMEDY[kindOf(found)]);
    await fs.access(dirname(file), constants.W_OK);
    return { path, file, found };
  } catch (error) {
    if (error instanceof PoliceError) throw error;
    throw unusable(path, expected, error);
  }
}

async function statOf(path: string, stat: (path: string) => Promise<Stats>): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function kindOf(found: Stats): string {
  if (found.isDirectory()) return 'a folder';
  if (found.isFIFO()) return 'a pipe';
  return found.isSocket() ? 'a socket' : 'a device';
}

const FOLDER_REMEDY: Readonly<Record<string, string>> = {
  'a folder': 'Name a file in it; of enforce, a folder ends in /.',
  'a pipe': 'Write to standard output, -, instead.',
};

async function writeThrough(path: string, content: Content, mode: number | undefined): Promise<void> {
  const file = await fs.open(path, 'wx', mode === undefined ? undefined : mode & 0o777);
  try {
    for (const piece of piecesOf(content)) await file.writeFile(piece);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function writeTo(stdout: Sink, content: Content): Promise<void> {
  for (const piece of piecesOf(content)) {
    // A reader that stopped wants nothing more.
    if (stdout.destroyed) return;
    if (stdout.write(piece) === false && stdout.once) await drained(stdout);
  }
}

function drained(stdout: Sink): Promise<void> {
  return new Promise(resolve => {
    if (stdout.destroyed) resolve();
    for (const event of ['drain', 'close', 'error']) stdout.once?.(event, () => resolve());
  });
}

const piecesOf = (content: Content): Iterable<string | Uint8Array> =>
  typeof content === 'string' || content instanceof Uint8Array ? [content] : content;

function refused(where: string, expected: string, actual: string, remedy?: string): PoliceError {
  return new PoliceError({ code: 'invalid-option', where: where || '--output', expected, actual, remedy });
}
