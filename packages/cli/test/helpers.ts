import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chain, dense, type Network, relu } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { afterAll } from 'vitest';
import { run } from '../src/run.js';

/** A folder that is gone after the test file. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'police-cli-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface Outcome {
  readonly code: number;
  readonly stdout: Uint8Array;
  readonly text: string;
  readonly errors: string;
}

/** Runs a command line with `input` as standard input. */
export async function police(args: readonly string[], input: Uint8Array | string = ''): Promise<Outcome> {
  const out: Uint8Array[] = [];
  const errors: string[] = [];
  const code = await run(args, {
    stdin: (async function* () {
      yield input;
    })(),
    stdout: { write: chunk => out.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk) },
    stderr: { write: chunk => errors.push(String(chunk)) },
  });
  const stdout = Buffer.concat(out);
  return { code, stdout, text: stdout.toString(), errors: errors.join('') };
}

/** 2 → 3 ReLU → 2. On the square of half-side 1 the first hidden unit is mixed, the second 0, the third positive. */
export const smallNetwork: Network = chain(2, [
  dense(
    [
      [1, 0.5],
      [1, 1],
      [0.25, 0],
    ],
    [0.25, -4, 1],
  ),
  relu(),
  dense(
    [
      [1, 2, -1],
      [0.5, -1, 1],
    ],
    [0, 1],
  ),
]);

export const square = { kind: 'box', lower: [-1, -1], upper: [1, 1] };

/** The small network and its square as files. */
export async function smallFiles(folder: string): Promise<{ model: string; region: string }> {
  const model = join(folder, 'model.onnx');
  const region = join(folder, 'square.json');
  await writeFile(model, exportOnnx(smallNetwork));
  await writeFile(region, JSON.stringify(square));
  return { model, region };
}
