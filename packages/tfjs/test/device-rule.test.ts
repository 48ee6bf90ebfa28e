import { beforeAll, describe } from 'vitest';
import { maximaLaws } from './device-maxima.js';
import { ruleLaws } from './device-rule.js';
import { backends, useBackend } from './helpers.js';

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));
  ruleLaws({ exact: 300, rounded: 200 });
  maximaLaws(100);
});
