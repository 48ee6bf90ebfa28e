import { beforeAll, describe } from 'vitest';
import { maximaLaws } from './device-maxima.js';
import { ruleLaws } from './device-rule.js';
import { useBackend, watchRefusals } from './helpers.js';

/** A few cases of each law, fewer on webgl, which compiles anew for each shape; the whole is in `webgpu/rule.browser.test.ts`. */
describe('on webgl', () => {
  beforeAll(() => useBackend('webgl'));
  ruleLaws({ exact: 3, rounded: 8 });
  maximaLaws(3);
});

describe('on webgpu', () => {
  beforeAll(() => useBackend('webgpu'));
  watchRefusals();
  ruleLaws({ exact: 20, rounded: 20 });
  maximaLaws(10);
});
