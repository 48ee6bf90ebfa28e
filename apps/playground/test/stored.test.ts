import '@tensorflow/tfjs-backend-wasm';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { register } from '@police/tfjs-wasm-training';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { PRESET_NAMES, PRESETS, type PresetName } from '../src/presets/presets.js';
import { Session } from '../src/training/session.js';
import { ROUNDING } from './drive.js';

const fileOf = (name: PresetName) =>
  fileURLToPath(new URL(`../src/presets/stored/${name}.bin`, import.meta.url));

const stored = (name: PresetName): Float32Array => {
  const bytes = readFileSync(fileOf(name));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

const progress = { steps: 0, running: false, stepsPerSecond: 0, cost: 0 };

beforeAll(async () => {
  register();
  await tf.setBackend('wasm');
});

describe.runIf(process.env.PLAYGROUND_STORE === '1')('stores', () => {
  test.each(PRESET_NAMES)(
    '%s',
    name => {
      const session = new Session(PRESETS[name].settings);
      for (let step = 0; step < PRESETS[name].trained; step++) session.step();
      writeFileSync(fileOf(name), session.save());
      session.dispose();
    },
    1_200_000,
  );
});

describe.each(PRESET_NAMES)('the stored networks of %s', name => {
  test('are affine on the regions, as trained, and proved so', () => {
    const session = new Session(PRESETS[name].settings);
    const { residual: untrained } = session.snapshot(false, progress).free;
    session.load(stored(name));
    const { police, free } = session.snapshot(false, progress);
    expect(police.residual).toBeLessThan(ROUNDING);
    expect(free.residual).toBeGreaterThan(2 ** -6);
    expect(free.residual).not.toBe(untrained);
    expect(session.freeze().maps).toHaveLength(PRESETS[name].settings.regions.length);
    expect(session.save()).toEqual(stored(name));
    session.dispose();
  });

  test('train on, still affine', () => {
    const session = new Session(PRESETS[name].settings);
    session.load(stored(name));
    for (let step = 0; step < 3; step++) session.step();
    expect(session.snapshot(false, progress).police.residual).toBeLessThan(ROUNDING);
    session.dispose();
  });
});

test('other numbers of weights are refused', () => {
  const session = new Session(PRESETS.prior.settings);
  expect(() => session.load(stored('prior').subarray(1))).toThrow();
  session.dispose();
});
