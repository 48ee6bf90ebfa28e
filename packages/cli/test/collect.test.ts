import { expect, test } from 'vitest';
import { collectAfter } from '../src/collect.js';

/** Made in a function of its own, so that nothing here holds it. */
const letGo = (): WeakRef<object> => new WeakRef({ values: new Float64Array(2 ** 20) });

test('what was let go of a large model is given back at once', async () => {
  const before = letGo();
  // A weak reference that was just made lasts until the task ends.
  await new Promise(resolve => setImmediate(resolve));
  collectAfter(2 ** 26);
  expect(before.deref()).toBeUndefined();
});
