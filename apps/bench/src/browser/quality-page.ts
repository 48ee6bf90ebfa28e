import '@tensorflow/tfjs-backend-webgl';
import '@tensorflow/tfjs-backend-webgpu';
import { startBackend } from '@police/tfjs/all';
import { rules, tasks, train } from '../train.js';
import type { QualityGlobals } from './train-in-browser.js';

/** Trains in the page what `quality.ts` trains in Node. */
const page = globalThis as unknown as QualityGlobals;
page.train = async ({ backend, task, rule, seed, steps }) => {
  await startBackend(backend);
  const find = <T extends { readonly name: string }>(all: readonly T[], name: string) =>
    all.find(each => each.name === name)!;
  return train(find(tasks, task), find(rules, rule), seed, steps, () => void page.stepped());
};
