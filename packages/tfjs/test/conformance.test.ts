import { beforeAll, describe } from 'vitest';
import { backends, useBackend } from './helpers.js';
import { tfjsConformance, tfjsPatchConformance } from './tfjs-conformance.js';

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));
  tfjsConformance(['leakyRelu', 'prelu', 'denseRelu', 'hardTanh']);
  tfjsPatchConformance(['relu', 'tanh']);
});
