import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { regionFromJSON } from '@police/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { REGIONS_HELP } from '../src/help-regions.js';
import { REGION_WORDS } from '../src/regions/sources.js';
import { run } from '../src/run.js';
import { editDistance } from '../src/unknown-flags.js';
import { police, smallFiles, temporaryFolder } from './helpers.js';

const folder = await temporaryFolder();
const { model, region } = await smallFiles(folder);

describe('a misspelt flag', () => {
  test('is named with the one that was meant, even where another is missing', async () => {
    for (const [wrong, meant] of [
      ['--regoin', '--region'],
      ['--outptu', '--output'],
      ['--certifcate', '--certificate'],
      ['--jsn', '--json'],
    ]) {
      const { code, errors } = await police(['enforce', model, wrong, 'x']);
      expect(code).toBe(2);
      expect(errors).toContain(`unknown option '${wrong}'`);
      expect(errors).toContain(`Did you mean ${meant}?`);
    }
  });

  test('with nothing like it gets no suggestion', async () => {
    const { errors } = await police(['verify', model, '--zzzzzzzzzz']);
    expect(errors).toContain("unknown option '--zzzzzzzzzz'");
    expect(errors).not.toContain('Did you mean');
  });

  test('a value that looks like a flag, and what follows --, are no flags', async () => {
    const missing = await police(['verify', model, '--region', '--regoin']);
    expect(missing.errors).toContain('--regoin');
    expect(missing.errors).not.toContain('unknown option');
    expect((await police(['inspect', '--', '--odd'])).errors).not.toContain('unknown option');
  });
});

test('the distance of two words is symmetric, 0 for the same, and a letter more changes it by no more than two', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 7 });
  fc.assert(
    fc.property(word, word, fc.nat(7), fc.constantFrom('a', 'b', 'c'), (a, b, at, letter) => {
      const distance = editDistance(a, b);
      expect(editDistance(b, a)).toBe(distance);
      expect(distance === 0).toBe(a === b);
      const edited = a.slice(0, at) + letter + a.slice(at);
      // Its own edit, and a swap of neighbours that it parts.
      expect(Math.abs(editDistance(edited, b) - distance)).toBeLessThanOrEqual(2);
    }),
  );
  expect(editDistance('--regoin', '--region')).toBe(1);
});

describe('errors under --json', () => {
  test('are one JSON value on standard output, and words on standard error', async () => {
    const none = await police(['inspect', join(folder, 'none.onnx'), '--json']);
    expect(none.code).toBe(2);
    expect(JSON.parse(none.text).error).toMatchObject({ where: expect.stringContaining('none.onnx') });
    expect(none.errors).toContain('police: ');
    const bad = join(folder, 'bad.json');
    await writeFile(bad, '{"kind": "box", "lower": [1], "upper": [0]}');
    const refused = await police(['verify', model, '-r', bad, '--json']);
    expect(Object.keys(JSON.parse(refused.text).error)).toEqual([
      'code',
      'where',
      'expected',
      'actual',
      'message',
    ]);
  });

  test('of the command line, too', async () => {
    const { code, text } = await police(['verify', model, '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(text).error).toMatchObject({
      code: 'invalid-option',
      message: expect.stringContaining('--region'),
    });
  });

  test('go beside a file that standard output carries', async () => {
    const { text, errors } = await police(['enforce', 'none.onnx', '-r', region, '-o', '-', '--json']);
    expect(text).toBe('');
    expect(errors).toContain('"error"');
  });
});

test('help on regions has six examples that the reader accepts', async () => {
  const { code, text } = await police(['help', 'regions']);
  expect([code, text]).toEqual([0, `${REGIONS_HELP}${REGION_WORDS}`]);
  const examples = Array.from(text.matchAll(/^ {2}\d\. .*\n {5}(.*)$/gm), match => JSON.parse(match[1]));
  expect(examples).toHaveLength(6);
  for (const example of examples.flat()) expect(regionFromJSON(example).size).toBe(2);
});

describe('completion', () => {
  const completed = (script: string, words: string): string[] =>
    spawnSync(
      'bash',
      [
        '-c',
        `${script}\nCOMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _police; echo "\${COMPREPLY[@]}"`,
      ],
      {
        encoding: 'utf8',
      },
    )
      .stdout.trim()
      .split(' ');

  test('of commands, flags and choices in bash', async () => {
    const { text } = await police(['completion', 'bash']);
    expect(completed(text, 'police ver')).toEqual(['verify']);
    expect(completed(text, 'police enforce m.onnx --pol')).toEqual(['--policy']);
    expect(completed(text, 'police enforce m.onnx --policy m')).toEqual(['minimal', 'majority']);
  });

  test('zsh and fish have scripts that name every command; another shell is refused', async () => {
    for (const shell of ['zsh', 'fish']) {
      const { code, text } = await police(['completion', shell]);
      expect(code).toBe(0);
      for (const name of ['inspect', 'enforce', 'verify', 'bounds', 'export']) expect(text).toContain(name);
    }
    expect(await police(['completion', 'tcsh'])).toMatchObject({ code: 2 });
  });
});

test('nothing is coloured on a terminal, so that NO_COLOR has nothing to forbid', async () => {
  const written: string[] = [];
  const terminal = { isTTY: true, write: (chunk: string | Uint8Array) => written.push(String(chunk)) };
  const out = join(folder, 'plain.onnx');
  const code = await run(['enforce', model, '-r', region, '-o', out, '--no-run'], {
    stdin: process.stdin,
    stdout: terminal,
    stderr: terminal,
  });
  expect(code).toBe(0);
  expect(written.join('')).toContain('certified');
  // Of what steers a terminal only the erasing of a line, for the bar.
  expect(written.join('').replaceAll('\x1b[2K', '')).not.toContain('\x1b');
});

describe('the command of a clone', () => {
  const shim = fileURLToPath(new URL('../bin/police.js', import.meta.url));

  test('is committed, so that npm links it before anything is built', () => {
    const { status } = spawnSync('git', ['ls-files', '--error-unmatch', shim], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
    });
    expect(status).toBe(0);
  });

  test('says what to do where nothing is built', async () => {
    const bin = join(folder, 'bin');
    await mkdir(bin);
    await copyFile(shim, join(bin, 'police.mjs'));
    const { status, stderr } = spawnSync('node', [join(bin, 'police.mjs')], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([2, expect.stringContaining('npm ci && npm run build')]);
  });
});
