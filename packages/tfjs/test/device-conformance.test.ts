import { afterAll, beforeAll, describe } from 'vitest';
import { takeForDevice } from '../src/ops/peek.js';
import { useBackend } from './helpers.js';
import { tfjsConformance } from './tfjs-conformance.js';

/** The form that webgl and webgpu use, where every value can be read. */
describe('on a cpu taken for a device', () => {
  beforeAll(async () => {
    await useBackend('cpu');
    takeForDevice(true);
  });
  afterAll(() => takeForDevice(false));
  tfjsConformance(['leakyRelu', 'prelu', 'denseRelu', 'hardTanh', 'relu6', 'abs']);
});
