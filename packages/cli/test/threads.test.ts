import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { freeze } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { randomNetwork, seededRng } from '@police/testing/helpers';
import { beforeAll, describe, expect, test } from 'vitest';
import { police, temporaryFolder } from './helpers.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = await temporaryFolder();

test('files are the same whatever the number of threads', async () => {
  const model = join(folder, 'model.onnx');
  // Layers wide enough that threads are worth their while.
  const net = randomNetwork(seededRng(1), [100, 150, 150, 5], 'relu');
  await writeFile(model, exportOnnx(freeze(net, []).network));
  const written: Buffer[] = [];
  for (const threads of ['1', '2', '3']) {
    const output = join(folder, `${threads}.onnx`);
    const args = ['enforce', model, '--box', '-0.01..0.01', '-o', output, '--threads', threads, '--no-run'];
    expect(await police(args)).toMatchObject({ code: 0 });
    written.push(await readFile(output));
  }
  expect(written[1]).toEqual(written[0]);
  expect(written[2]).toEqual(written[0]);
}, 300_000);

describe('a process with threads ends', () => {
  const script = join(folder, 'ends.mjs');

  beforeAll(async () => {
    execFileSync('npx', ['tsc', '-b', 'packages/core'], { cwd: root, stdio: 'inherit' });
    const module = (path: string) => pathToFileURL(join(root, 'packages/core/dist', path)).href;
    await writeFile(
      script,
      `import { dense, matrix } from '${module('index.js')}';
import { useFastProducts } from '${module('fast/index.js')}';
useFastProducts({ threads: 3 });
const x = matrix(300, 300, new Float64Array(90000).fill(1));
const layer = dense(x);
console.log(layer.linear(x).data[0]);
if (process.argv[2] === 'error') throw new Error('on the way');
while (process.argv[2] === 'busy') layer.linear(x);
`,
    );
  }, 300_000);

  for (const [how, code, signal] of [
    ['when it is done', 0, null],
    ['error', 1, null],
    ['busy', null, 'SIGINT'],
  ] as const) {
    test(`${how}: ${code ?? signal}`, async () => {
      const child = spawn(process.execPath, [script, how]);
      const ended = once(child, 'exit');
      const [said] = await once(child.stdout, 'data');
      expect(String(said)).toBe('300\n');
      if (signal) child.kill(signal);
      expect(await ended).toEqual([code, signal]);
    }, 60_000);
  }
});
