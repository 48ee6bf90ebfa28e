import type * as tf from '@tensorflow/tfjs-core';
import { DataPass } from './data-pass.js';
import { FramePass } from './frame-pass.js';
import type { Graph } from './graph/node.js';
import type { ConstraintSettings, Previous } from './remedy.js';

/**
 * Both at once: frames and data meet the same step of each layer, so that what a layer makes of the batch, as batch
 * normalisation does, holds for the frames too.
 */
export function policedForward(
  graph: Graph,
  x: tf.Tensor,
  isTraining: boolean,
  settings: ConstraintSettings,
  previous: Previous,
  timer: Timer,
): { y: tf.Tensor; frames: FramePass } {
  const data = new DataPass(graph, x, isTraining);
  const frames = new FramePass(graph, settings, previous);
  graph.nodes.forEach((_, place) => {
    const step = data.stepAt(place);
    data.advance(
      place,
      step,
      timer(() => frames.advance(place, step)),
    );
  });
  return { y: data.output, frames };
}

/** Runs an action that belongs to the constraint, and may measure it. */
export type Timer = <T>(action: () => T) => T;
