import * as tf from '@tensorflow/tfjs-core';
import { DataPass } from '../data/data-pass.js';
import type { Previous } from '../frames/adjustment.js';
import type { Constraint } from '../frames/constraint.js';
import { framePassOf } from '../frames/regions-pass.js';

/**
 * Makes the statistics of every batch normalisation those of data `[rows, ...shape]`, layer after layer: what enters one has passed
 * those before it as inference will pass them, shifts included.
 */
export function adoptStatistics(constraint: Constraint, previous: Previous, x: tf.Tensor): void {
  tf.tidy(() => {
    const { nodes } = constraint.graph;
    const data = new DataPass(constraint, x, false);
    const frames = framePassOf(constraint, previous);
    nodes.forEach((node, place) => {
      if (node.kind === 'affine') node.adoptStatistics?.(data.inputAt(place));
      const step = data.stepAt(place);
      data.advance(place, step, frames.advance(place, step));
    });
  });
}
