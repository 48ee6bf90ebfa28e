import { beforeAll, describe } from 'vitest';
import { maximaLaws } from '../device-maxima.js';
import { ruleLaws } from '../device-rule.js';
import { useBackend, watchRefusals } from '../helpers.js';

describe.each(['webgl', 'webgpu'] as const)('on %s', backend => {
  beforeAll(() => useBackend(backend));
  if (backend === 'webgpu') watchRefusals();
  ruleLaws({ exact: 200, rounded: 100 });
  maximaLaws(100);
});
