import { beforeAll, describe } from 'vitest';
import { countLaws } from './device-counts.js';
import { useBackend } from './helpers.js';

describe('on webgl', () => {
  beforeAll(() => useBackend('webgl'));
  countLaws();
});
