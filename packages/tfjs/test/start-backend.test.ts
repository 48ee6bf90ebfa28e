import '@tensorflow/tfjs-backend-cpu';
import { startBackend } from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';

test('starts a backend that is there', async () => {
  await startBackend('cpu');
  expect(tf.getBackend()).toBe('cpu');
});

test('names one that is not imported, with its package', async () => {
  await expect(startBackend('webgl')).rejects.toMatchObject({
    code: 'not-loaded',
    remedy: expect.stringContaining('@tensorflow/tfjs-backend-webgl'),
  });
});

test('refuses one that does not start, at once or later, where TensorFlow.js resolves to false', async () => {
  tf.registerBackend('broken', () => {
    throw new Error('no device');
  });
  tf.registerBackend('refused', () => Promise.reject(new Error('no file')));
  for (const name of ['broken', 'refused'])
    await expect(startBackend(name)).rejects.toMatchObject({ code: 'not-loaded', where: 'startBackend' });
  await startBackend('cpu');
});
