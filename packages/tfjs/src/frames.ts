import { type Activation, piecesOn, type Region, type Shifts } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import type { ActivationNode, AffineStep, ConcatNode, Shape, SumNode } from './graph/node.js';

/** Directions along the axes: the rows of a diagonal matrix, kept as its diagonal `[size]`. */
export interface AxisDirections {
  readonly diagonal: Float32Array;
}

/**
 * Frame values of all regions at one node: the origins of all regions together, the directions region by region.
 * Kept apart, and not as points, so that a tiny region's directions are not lost in the rounding of its origin.
 */
export interface FrameTensors {
  /** `[regions, ...shape]`. */
  readonly origins: tf.Tensor;
  /** `[dᵣ, ...shape]` each; null for a region that is a single point. */
  readonly directions: readonly (tf.Tensor | null)[];
}

/** The regions' own frames, where directions along the axes are not spelt out yet. */
export interface InputFrames {
  readonly origins: tf.Tensor;
  readonly directions: readonly (tf.Tensor | AxisDirections | null)[];
  readonly shape: Shape;
}

/** The frames of regions in the space of the flattened input. */
export function inputFrames(regions: readonly Region[], shape: Shape): InputFrames {
  const { size } = regions[0];
  const origins = Float32Array.from(regions.flatMap(({ frame }) => Array.from(frame.data.subarray(0, size))));
  return {
    origins: tf.tensor(origins, [regions.length, ...shape]),
    directions: regions.map(({ diagonal, frame }) => {
      if (frame.rows === 1) return null;
      if (diagonal) return { diagonal: Float32Array.from(diagonal) };
      return tf.tensor(Float32Array.from(frame.data.subarray(size)), [frame.rows - 1, ...shape]);
    }),
    shape,
  };
}

/** All directions as tensors. */
export function spelledOut(frames: FrameTensors | InputFrames): FrameTensors {
  const { origins, directions } = frames;
  const shape = origins.shape.slice(1);
  return {
    origins,
    directions: directions.map(block => {
      if (block === null || !('diagonal' in block)) return block;
      return diagonalRows(block.diagonal, shape);
    }),
  };
}

function diagonalRows(diagonal: Float32Array, shape: Shape): tf.Tensor {
  const size = diagonal.length;
  const rows = new Float32Array(size * size);
  for (let i = 0; i < size; i++) rows[i * size + i] = diagonal[i];
  return tf.tensor(rows, [size, ...shape]);
}

/** The bias moves the origins, directions see only the linear part. */
export function affineFrames(frames: FrameTensors | InputFrames, step: AffineStep): FrameTensors {
  const { ofDiagonal, bias } = step;
  if (!ofDiagonal) {
    const { origins, directions } = spelledOut(frames);
    return {
      origins: step.apply(origins, bias),
      directions: directions.map(block => block && step.apply(block)),
    };
  }
  return {
    origins: step.apply(frames.origins, bias),
    directions: frames.directions.map(block => {
      if (block === null) return null;
      return 'diagonal' in block ? ofDiagonal(block.diagonal) : step.apply(block);
    }),
  };
}

/** Frames through the pieces that the sides select (core's `activateFrame`); `c` broadcasts over the origins. */
export function activatedFrames(
  node: ActivationNode,
  activation: Activation,
  { origins, directions }: FrameTensors,
  c: tf.Tensor,
  { sides }: Shifts,
): FrameTensors {
  const units = origins.size / origins.shape[0];
  const pieces = directions.map((_, r) => piecesOn(r, activation, sides, units));
  const slopes = pieces.map(index => node.slopes(index));
  const offsets = Float32Array.from(
    pieces.flatMap(index => Array.from(index, k => activation.pieces[k].offset)),
  );
  const sloped = tf.mul(tf.add(origins, c), tf.stack(slopes));
  return {
    origins: offsets.some(o => o !== 0) ? tf.add(sloped, tf.tensor(offsets, origins.shape)) : sloped,
    directions: directions.map((block, r) => block && tf.mul(block, slopes[r])),
  };
}

export function summedFrames(node: SumNode, inputs: readonly FrameTensors[]): FrameTensors {
  return {
    origins: node.apply(inputs.map(({ origins }) => origins)),
    directions: inputs[0].directions.map(
      (block, r) => block && node.apply(inputs.map(({ directions }) => directions[r]!)),
    ),
  };
}

export function concatenatedFrames({ axis }: ConcatNode, inputs: readonly FrameTensors[]): FrameTensors {
  const concat = (tensors: tf.Tensor[]) => tf.concat(tensors, axis + 1);
  return {
    origins: concat(inputs.map(({ origins }) => origins)),
    directions: inputs[0].directions.map(
      (block, r) => block && concat(inputs.map(({ directions }) => directions[r]!)),
    ),
  };
}

/** The identity with gradient zero, which tfjs lacks. */
const constant = tf.customGrad(x => ({
  value: tf.clone(x as tf.Tensor),
  gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
}));

export function constantFrames({ origins, directions }: FrameTensors): FrameTensors {
  return {
    origins: constant(origins),
    directions: directions.map(block => block && constant(block)),
  };
}
