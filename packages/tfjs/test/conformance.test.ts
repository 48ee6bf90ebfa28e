import { beforeAll, describe } from 'vitest';
import { backends, useBackend } from './helpers.js';
import { tfjsConformance } from './tfjs-conformance.js';

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));
  tfjsConformance(['leakyRelu', 'prelu', 'denseRelu', 'hardTanh']);
});
