import * as tf from '@tensorflow/tfjs-core';
import { DataPass } from './data-pass.js';
import { FramePass } from './frame-pass.js';
import type { Graph } from './graph/node.js';
import { isWorthJoining, jointProduct } from './joint-product.js';
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
    const joint = joined(graph, place, data, frames);
    const remedy = timer(() => frames.advance(place, step, joint?.frames));
    data.advance(place, step, remedy, joint?.data);
  });
  return { y: data.output, frames };
}

/** Data and frames before an activation, if they take the product before it together. */
function joined(
  { nodes, joined }: Graph,
  place: number,
  data: DataPass,
  frames: FramePass,
): { data: tf.Tensor2D; frames: tf.Tensor2D } | undefined {
  const node = nodes[place];
  if (node.kind !== 'activation' || !joined.has(node.inputs[0])) return undefined;
  const f = frames.before(node.inputs[0]);
  const x = data.before(node.inputs[0]);
  if (!f?.step.kernel || !(f.frames instanceof tf.Tensor)) return undefined;
  if (!isWorthJoining(x.shape[0], f.frames.shape[0], f.step.kernel.shape)) return undefined;
  const [ofData, ofFrames] = jointProduct(x as tf.Tensor2D, f.frames as tf.Tensor2D, f.step.kernel);
  return { data: ofData, frames: ofFrames };
}

/** Runs an action that belongs to the constraint, and may measure it. */
export type Timer = <T>(action: () => T) => T;
