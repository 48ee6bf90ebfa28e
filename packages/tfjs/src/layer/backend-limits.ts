import { PoliceError, type Region } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import { type Graph, sizeOf } from '../graph/node.js';
import { assertPrecision } from '../ops/half-precision.js';

const checked = new WeakSet<object>();

/**
 * Throws `invalid-option` on a backend that trains in half precision unasked, and on one whose values cannot be read at once. Shifts are computed from values read in the middle
 * of a pass; WebGPU reads by way of a canvas, and some browsers then give zeros and no error.
 */
export function assertReadable(): void {
  const backend = tf.backend();
  assertPrecision();
  if (checked.has(backend)) return;
  const two = tf.tidy(() => tf.add(tf.ones([1]), 1).dataSync()[0]);
  if (two !== 2) {
    throw new PoliceError({
      code: 'invalid-option',
      where: `the ${tf.getBackend()} backend`,
      expected: 'values that can be read at once',
      actual: `${two} for 1 + 1`,
      remedy: 'Use the wasm or the webgl backend.',
    });
  }
  checked.add(backend);
}

/** The whole of a wasm backend's memory; tensors of this size fail on the others too. */
const LARGEST_FRAMES = 2 ** 32;

/**
 * Throws `too-large`, naming the layer, where the regions' frames at one layer fill the memory of the wasm backend alone: an
 * allocation that fails there ends the backend for good. What fails for want of memory beside other tensors is not foreseen.
 */
export function assertFramesFit({ nodes, leadsToNonlinearity }: Graph, regions: readonly Region[]): void {
  const rows = regions.reduce((sum, { frame }) => sum + frame.rows, 0);
  nodes.forEach(({ layer, shape }, place) => {
    const bytes = 4 * rows * sizeOf(shape);
    if (!leadsToNonlinearity.has(place) || bytes < LARGEST_FRAMES) return;
    throw new PoliceError({
      code: 'too-large',
      where: layer,
      expected: `frames of less than ${gibibytes(LARGEST_FRAMES)}`,
      actual: `${rows} rows of ${sizeOf(shape)}: ${gibibytes(bytes)}`,
      remedy: 'Constrain a region of fewer dimensions, or enforce after training: core works in blocks.',
    });
  });
}

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
