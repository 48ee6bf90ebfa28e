import { afterAll, beforeAll, describe } from 'vitest';
import { takeForDevice } from '../src/ops/peek.js';
import { backends, useBackend } from './helpers.js';
import { statisticsLaws } from './statistics-laws.js';

describe.each(backends)('batch normalisation on %s', backend => {
  beforeAll(() => useBackend(backend));
  statisticsLaws();
});

describe('batch normalisation on a cpu taken for a device', () => {
  beforeAll(async () => {
    await useBackend('cpu');
    takeForDevice(true);
  });
  afterAll(() => takeForDevice(false));
  statisticsLaws();
});
