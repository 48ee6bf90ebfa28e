import type { Backend } from './backend.js';

/** What needs a browser, so that the report says why it is missing. */
const inBrowser = (name: string): Backend => ({
  name,
  roundoff: 2 ** -24,
  speed: Number.POSITIVE_INFINITY,
  batchOf: spec => spec.batch,
  refusal: () =>
    'needs a browser, which this command does not start yet; on a machine without a GPU it would be a software one, which says nothing about GPU speed',
  prepare: () => Promise.reject(new Error(`${name} cannot run`)),
});

export const webgl = inBrowser('tfjs-webgl');
export const webgpu = inBrowser('tfjs-webgpu');
