import { beforeAll, describe } from 'vitest';
import { useBackend } from '../helpers.js';
import { tfjsConformance } from '../tfjs-conformance.js';

/** A run to itself: each value read takes a canvas, and Chromium’s emulated device is lost over too many. */
describe('on webgpu', () => {
  beforeAll(() => useBackend('webgpu'));
  tfjsConformance(['leakyRelu'], ['project']);
});
