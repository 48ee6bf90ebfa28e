import { beforeAll, describe } from 'vitest';
import { countLaws } from '../device-counts.js';
import { useBackend } from '../helpers.js';

/** A run to itself, as its neighbours. */
describe('on webgpu', () => {
  beforeAll(() => useBackend('webgpu'));
  countLaws();
});
