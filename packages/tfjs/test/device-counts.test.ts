import { afterAll, beforeAll, describe } from 'vitest';
import { takeForDevice } from '../src/ops/peek.js';
import { countLaws } from './device-counts.js';
import { useBackend } from './helpers.js';

describe('on a cpu taken for a device', () => {
  beforeAll(async () => {
    await useBackend('cpu');
    takeForDevice(true);
  });
  afterAll(() => takeForDevice(false));
  countLaws();
});
