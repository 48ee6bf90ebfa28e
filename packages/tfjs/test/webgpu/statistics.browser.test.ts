import { beforeAll, describe } from 'vitest';
import { useBackend, watchRefusals } from '../helpers.js';
import { statisticsLaws } from '../statistics-laws.js';

describe.each(['webgl', 'webgpu'] as const)('batch normalisation on %s', backend => {
  beforeAll(() => useBackend(backend));
  if (backend === 'webgpu') watchRefusals();
  statisticsLaws(backend === 'webgl');
});
