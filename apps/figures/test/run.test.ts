import '@tensorflow/tfjs-backend-wasm';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { register } from '@police/tfjs-wasm-training';
import * as tf from '@tensorflow/tfjs-core';
import { parseHTML } from 'linkedom';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NetworkRecord } from '../src/figures/figure.js';
import { figures } from '../src/figures/index.js';
import { type Progress, run } from '../src/run.js';
import type { Scale, Setup } from '../src/settings.js';

const setup: Setup = {
  width: 10,
  depth: 2,
  leak: 0.01,
  steps: 70,
  batch: 64,
  rate: 1e-2,
  decay: 0.01,
  drops: 2,
};
const tiny: Scale = {
  regression: setup,
  ways: setup,
  evolution: setup,
  classification: { ...setup, steps: 30 },
  image: { ...setup, steps: 10 },
  side: 20,
  samples: 200,
};

const silent: Progress = { start() {}, training() {}, work() {}, picture() {} };

let folder: string;
beforeAll(async () => {
  register();
  await tf.setBackend('wasm');
  folder = await mkdtemp(join(tmpdir(), 'figures-'));
});
afterAll(() => rm(folder, { recursive: true }));

const options = (name: string, names: readonly string[]) => ({
  figures: figures.filter(figure => names.includes(figure.name)),
  scale: tiny,
  seed: 5,
  out: join(folder, name),
  cache: join(folder, name, 'cache'),
});

async function recordsOf(out: string, picture: string): Promise<NetworkRecord[]> {
  const text = await readFile(join(out, `${picture}.jsonl`), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as NetworkRecord);
}

/** What float32 loses in two small layers of outputs of size 1. */
const ROUNDING = 1e-5;

test.each([
  ['classification', 3],
  ['evolution', 12],
  ['kinks', 3],
  ['regions', 6],
  ['prescribed', 9],
  ['ways', 8],
  ['cones', 1],
  ['image', 3],
])('%s: a picture, and %i lines of figures that hold what is claimed', async (name, lines) => {
  const chosen = options(name, [name]);
  await run(chosen, silent);
  const svg = await readFile(join(chosen.out, `${name}.svg`), 'utf8');
  const { document } = parseHTML(svg);
  expect(document.querySelectorAll('path').length).toBeGreaterThan(0);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  const png = await readFile(join(chosen.out, `${name}.png`));
  expect(png.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
  const root = document.querySelector('svg')!;
  expect(png.readUInt32BE(16)).toBe(Math.floor(1.5 * Number(root.getAttribute('width'))));

  const records = await recordsOf(chosen.out, name);
  expect(records.length).toBe(lines);
  for (const record of records) {
    expect(record.floor).toBeGreaterThan(0);
    expect(record.loss).toBeGreaterThan(0);
    if (record.rule === 'unconstrained') {
      expect(record.residual).toBeGreaterThan(100 * ROUNDING);
      expect(record.loss).toBe(record.unconstrainedLoss);
      expect(record.certified).toBeUndefined();
    } else {
      expect(record.residual).toBeLessThan(ROUNDING);
      expect(record.loss).toBeGreaterThan(record.floor);
      expect(record.certified).toBe(true);
      if (name === 'prescribed') expect(record.mapError).toBeLessThan(ROUNDING);
    }
  }
});

test('a run that was stopped and resumed gives what an uninterrupted one gives', async () => {
  const whole = options('whole', ['classification']);
  await run(whole, silent);

  const resumed = options('resumed', ['classification']);
  const stepsBefore = 45;
  let steps = 0;
  const stopping: Progress = {
    ...silent,
    work: () => {
      if (++steps === stepsBefore) throw new Error('stopped');
    },
  };
  await expect(run(resumed, stopping)).rejects.toThrow('stopped');
  expect(await readdir(resumed.cache)).toHaveLength(1);
  steps = 0;
  await run(resumed, { ...silent, work: () => steps++ });
  // The first of the three trainings was finished, the second had to start again.
  expect(steps).toBe(2 * tiny.classification.steps);

  const file = (out: string) => readFile(join(out, 'classification.svg'), 'utf8');
  expect(await file(resumed.out)).toBe(await file(whole.out));
  const withoutTime = async (out: string) =>
    (await recordsOf(out, 'classification')).map(({ seconds, ...rest }) => {
      expect(seconds).toBeGreaterThan(0);
      return rest;
    });
  expect(await withoutTime(resumed.out)).toEqual(await withoutTime(whole.out));

  await run(resumed, {
    ...silent,
    training: name => {
      throw new Error(`trained ${name} again`);
    },
  });
});
