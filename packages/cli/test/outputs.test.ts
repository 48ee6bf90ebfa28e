import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { assertWritable, writeOutputs } from '../src/outputs.js';
import { sweepTemporaries, temporaryIn } from '../src/temporaries.js';
import { police, smallFiles, temporaryFolder } from './helpers.js';

const root = await temporaryFolder();
const fresh = () => mkdtemp(join(root, 'f-'));
const nowhere = {
  stdin: (async function* () {})(),
  stdout: { write: () => true },
  stderr: { write: () => true },
};

const write = (files: Readonly<Record<string, string>>, isForced = true) =>
  writeOutputs(
    Object.entries(files).map(([path, content]) => ({ path, content })),
    nowhere,
    isForced,
  );

describe('found before any work', () => {
  test('one file twice, also through links and folders with other names', async () => {
    const folder = await fresh();
    const [a, b, hard, sub] = ['a', 'b', 'hard', 'sub'].map(name => join(folder, name));
    await writeFile(a, 'mine');
    await symlink('a', b);
    await link(a, hard);
    await symlink('.', sub);
    for (const other of [a, b, hard, join(sub, 'a'), `${folder}/./a`]) {
      await expect(assertWritable([a, other], true), other).rejects.toMatchObject({
        code: 'invalid-option',
        expected: 'a file for each output',
      });
    }
    // Also where it is not there yet.
    await expect(assertWritable([join(folder, 'new'), join(sub, 'new')], true)).rejects.toThrow(
      'a file for each',
    );
    await assertWritable([a, join(folder, 'new'), '-'], true);
  });

  test('folders, pipes, links to nothing, folders that are not there or may not be written', async () => {
    const folder = await fresh();
    const at = (name: string) => join(folder, name);
    await mkdir(at('sub'));
    await symlink('sub', at('to-sub'));
    await symlink('nothing', at('dangling'));
    await symlink('round', at('round'));
    await writeFile(at('file'), '');
    execFileSync('mkfifo', [at('pipe')]);
    for (const [name, actual] of [
      ['sub', 'a folder'],
      ['to-sub', 'a folder'],
      ['new/', 'a folder'],
      ['pipe', 'a pipe'],
      ['dangling', 'a link to nothing'],
      ['round', 'ELOOP'],
      ['missing/file', 'ENOENT'],
      ['file/file', 'ENOTDIR'],
    ]) {
      const refused = assertWritable([`${folder}/${name}`], true);
      await expect(refused, name).rejects.toMatchObject({ name: 'PoliceError', code: 'invalid-option' });
      await expect(refused, name).rejects.toThrow(actual);
    }
    if (process.getuid?.() !== 0) {
      await chmod(folder, 0o555);
      await expect(assertWritable([at('x')], true)).rejects.toThrow('EACCES');
    }
  });

  test('a device is told apart from a file without being opened', async () => {
    await expect(assertWritable(['/dev/null'], true)).rejects.toThrow('a device');
  });

  test('by the command, which then reads nothing', async () => {
    const folder = await fresh();
    const { region } = await smallFiles(folder);
    const out = join(folder, 'out');
    const args = ['enforce', join(folder, 'no-model'), '-r', region, '-o', out, '--certificate', out];
    const { code, errors } = await police(args);
    expect(code).toBe(2);
    expect(errors).toContain('a file for each output, got it twice');
  });
});

describe('written', () => {
  test('through a link, its target replaced with the same permissions', async () => {
    const folder = await fresh();
    const [real, current] = [join(folder, 'real'), join(folder, 'current')];
    await writeFile(real, 'old', { mode: 0o640 });
    await chmod(real, 0o640);
    await symlink('real', current);
    await write({ [current]: 'new' });
    expect((await lstat(current)).isSymbolicLink()).toBe(true);
    expect(await readFile(real, 'utf8')).toBe('new');
    expect((await stat(real)).mode & 0o777).toBe(0o640);
    expect((await readdir(folder)).sort()).toEqual(['current', 'real']);
  });

  test('all or none: what was there is back when a later one fails', async () => {
    const folder = await fresh();
    const at = (name: string) => join(folder, name);
    await writeFile(at('a'), 'old');
    // In place before the last file's folder goes.
    await mkdir(at('sub'));
    const outputs = [
      { path: at('a'), content: 'new' },
      { path: at('b'), content: 'new' },
      {
        path: join(at('sub'), 'c'),
        content: (function* () {
          yield 'some';
          // A folder by the name of the file, once all checks are done.
          execFileSync('mkdir', ['-p', join(at('sub'), 'c', 'full')]);
        })(),
      },
    ];
    await expect(writeOutputs(outputs, nowhere, true)).rejects.toMatchObject({ name: 'PoliceError' });
    expect(await readFile(at('a'), 'utf8')).toBe('old');
    expect((await readdir(folder)).sort()).toEqual(['a', 'sub']);
    expect(await readdir(at('sub'))).toEqual(['c']);
  });

  test('a content that fails leaves nothing', async () => {
    const folder = await fresh();
    const failing = (function* () {
      yield 'half';
      throw new Error('no more');
    })();
    const outputs = [{ path: join(folder, 'a'), content: failing }];
    await expect(writeOutputs(outputs, nowhere, false)).rejects.toThrow('no more');
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('temporary files', () => {
  test('of dead processes are swept by the next run, of living ones and of others not', async () => {
    const folder = await fresh();
    const dead = spawnSync('true').pid;
    const living = spawn('sleep', ['60']);
    try {
      const named = (pid: number) => basename(temporaryIn(folder)).replace(`-${process.pid}-`, `-${pid}-`);
      const foreign = named(dead).replace(/^\.police-[0-9a-f]{8}/, '.police-00000000');
      const names = [named(dead), named(living.pid!), basename(temporaryIn(folder)), foreign, '.x.tmp'];
      for (const name of names) await writeFile(join(folder, name), 'half');
      const { model, region } = await smallFiles(folder);
      expect(await police(['enforce', model, '-r', region, '-o', join(folder, 'o.onnx')])).toMatchObject({
        code: 0,
      });
      const left = await readdir(folder);
      expect(left).not.toContain(names[0]);
      expect(left).toEqual(expect.arrayContaining(names.slice(1)));
    } finally {
      living.kill();
    }
    await sweepTemporaries(join(folder, 'missing'));
  });
});
