import { beforeAll, describe } from 'vitest';
import { countLaws } from '../device-counts.js';
import { useBackend, watchRefusals } from '../helpers.js';

describe.each(['webgl', 'webgpu'] as const)('on %s', backend => {
  beforeAll(() => useBackend(backend));
  if (backend === 'webgpu') watchRefusals();
  countLaws();
});
