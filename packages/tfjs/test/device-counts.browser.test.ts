import { beforeAll, describe } from 'vitest';
import { countLaws } from './device-counts.js';
import { useBackend, watchRefusals } from './helpers.js';

/** A few cases; all are in `webgpu/counts.browser.test.ts`. */
describe('on webgl', () => {
  beforeAll(() => useBackend('webgl'));
  countLaws(['a box, leaky ReLU', 'max-pooling, two regions']);
});

describe('on webgpu', () => {
  beforeAll(() => useBackend('webgpu'));
  watchRefusals();
  countLaws(['a box, leaky ReLU']);
});
