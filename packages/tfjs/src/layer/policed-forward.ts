import * as tf from '@tensorflow/tfjs-core';
import { DataPass } from '../data/data-pass.js';
import type { Previous } from '../frames/adjustment.js';
import type { Constraint } from '../frames/constraint.js';
import type { FramePassOptions } from '../frames/frame-pass.js';
import { framePassOf, type RegionsPass } from '../frames/regions-pass.js';
import type { Stopwatch } from './stopwatch.js';

/**
 * Both at once: frames and data meet the same step of each layer, so that what a layer makes of the batch, as batch
 * normalisation does, holds for the frames too.
 */
export function policedForward(
  constraint: Constraint,
  x: tf.Tensor,
  isTraining: boolean,
  previous: Previous,
  options: FramePassOptions,
  stopwatch: Stopwatch,
): { y: tf.Tensor; frames: RegionsPass } {
  const { nodes } = constraint.graph;
  const data = new DataPass(constraint, x, isTraining);
  const frames = framePassOf(constraint, previous, options);
  for (let place = 0; place < nodes.length; place++) {
    const step = data.stepAt(place);
    const started = tf.util.now();
    const adjustment = frames.advance(place, step);
    stopwatch.total += tf.util.now() - started;
    data.advance(place, step, adjustment);
  }
  return { y: data.output, frames };
}
