import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AffineMap, box, chain, dense, enforce, relu } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { toNetwork } from '@police/tfjs';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterEach, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const example = new URL('readme-example.generated.ts', import.meta.url);

/** What a fence of at most ten lines may hold. */
const MOST_LINES = 10;

afterEach(() => rm(example, { force: true }));

async function blocksOf(readme: string, language: string): Promise<string[]> {
  const text = await readFile(join(root, readme), 'utf8');
  return Array.from(
    text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g')),
    match => match[1],
  );
}

/** Runs a TypeScript block and returns what it exports at its end. */
async function runExample(code: string, exported = ''): Promise<unknown> {
  await writeFile(example, code + exported);
  return import(/* @vite-ignore */ `${fileURLToPath(example)}?${code.length}`);
}

test('the README’s doors are blocks of at most ten lines', async () => {
  const blocks = [...(await blocksOf('README.md', 'ts')), ...(await blocksOf('README.md', 'sh'))];
  expect(blocks).toHaveLength(3);
  for (const block of blocks) expect(block.trimEnd().split('\n').length).toBeLessThanOrEqual(MOST_LINES);
});

test('to train: the frozen model needs no further shift, and is the map it tells', async () => {
  const [code] = await blocksOf('README.md', 'ts');
  const { plain, maps } = (await runExample(code, 'export { plain, maps };\n')) as {
    plain: LayersModel;
    maps: AffineMap[];
  };
  const { report } = enforce(toNetwork(plain), [box([-1, -1], [1, 1])]);
  expect(report.shifted).toBe(0);
  expect(Array.from(maps[0].A.data)).toEqual(Array.from(report.maps[0].A.data));
});

test('to prove a file: every line of it ends well', async context => {
  const isBuilt = existsSync(join(root, 'packages/cli/dist/bin.js'));
  if (!isBuilt && process.env.CI) throw new Error('not built');
  if (!isBuilt) context.skip();
  const [block] = await blocksOf('README.md', 'sh');
  const [setUp, ...lines] = block.trimEnd().split('\n');
  expect(setUp).toBe('npm ci && npm run build');
  const folder = await mkdtemp(join(tmpdir(), 'police-door-'));
  try {
    const net = chain(2, [
      dense(
        [
          [1, -1],
          [0.5, 2],
        ],
        [0.125, 0],
      ),
      relu(),
      dense([[1, -2]]),
    ]);
    await writeFile(join(folder, 'model.onnx'), exportOnnx(net));
    // Not in the clone's folder, so npx is told where the clone's command is.
    const script = `set -euo pipefail\nnpx() { "${root}node_modules/.bin/$1" "\${@:2}"; }\n${lines.join('\n')}`;
    const { status, stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' });
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('as the certificate says');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('to look: the playground is served', async () => {
  const [, block] = await blocksOf('README.md', 'sh');
  expect(block.trimEnd().split('\n')).toEqual(['npm ci', 'npm run playground']);
  const server = spawn('npm', ['run', 'playground'], {
    cwd: root,
    detached: true,
    env: { ...process.env, NO_COLOR: '1' },
  });
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let said = '';
      server.stdout.on('data', chunk => {
        said += String(chunk);
        const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(said);
        if (found) resolve(found[0]);
      });
      server.on('exit', code => reject(new Error(`npm run playground ended with ${code}: ${said}`)));
    });
    expect(await (await fetch(url)).text()).toContain('<title>');
  } finally {
    process.kill(-server.pid!);
  }
});

test('the example of core’s README runs', async () => {
  const [code] = await blocksOf('packages/core/README.md', 'ts');
  await runExample(code);
});
