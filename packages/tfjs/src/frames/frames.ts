import type { Region } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import { type DeviceConstants, originColumn } from '../device/constants.js';
import type { AffineStep, ConcatNode, Shape, SumNode } from '../graph/node.js';
import { offTape } from '../ops/off-tape.js';
import { frameProduct } from './frame-product.js';

/**
 * Frame values of all regions at one node, `[Σ (dᵣ + 1), ...shape]`: region after region, its origin first, then what
 * its directions do. Directions, and not points, so that a tiny region's are not lost in the rounding of its origin.
 */
export type Frames = tf.Tensor;

/** The regions' own frames, not uploaded yet: directions along the axes need not be. */
export interface InputFrames {
  readonly regions: readonly Region[];
  readonly shape: Shape;
  /** Where what was uploaded of them stays, if it is to. */
  readonly constants?: DeviceConstants | undefined;
}

/** Uploaded now, or earlier. */
function uploaded(
  { regions, constants }: Pick<InputFrames, 'regions' | 'constants'>,
  what: string,
  make: () => tf.Tensor,
): tf.Tensor {
  if (!constants) return make();
  return constants.get(`${what} of ${regions.map(region => constants.nameOf(region))}`, make);
}

/** All directions as a tensor. */
export function spelledOut(frames: Frames | InputFrames): Frames {
  if (frames instanceof tf.Tensor) return frames;
  const { regions, shape } = frames;
  return uploaded(frames, 'frames', () =>
    rowsOf(
      regions.map(({ frame }) => frame.data),
      shape,
    ),
  );
}

function rowsOf(blocks: readonly ArrayLike<number>[], shape: Shape): tf.Tensor {
  const data = new Float32Array(blocks.reduce((sum, { length }) => sum + length, 0));
  let next = 0;
  for (const block of blocks) {
    data.set(block, next);
    next += block.length;
  }
  return tf.tensor(data, [data.length / shape.reduce((product, size) => product * size, 1), ...shape]);
}

/** Through the linear part: a bias moves the origins only. */
export function linearFrames(frames: Frames | InputFrames, step: AffineStep): Frames {
  if (step.kernel && !(frames instanceof tf.Tensor)) return ofRegions(frames, step.kernel);
  const rows = spelledOut(frames);
  return step.kernel ? frameProduct(rows as tf.Tensor2D, step.kernel) : step.apply(rows);
}

/** What directions along the axes do are rows of W. Only the others take part in the product: of a box, the origin. */
function ofRegions(frames: InputFrames, w: tf.Tensor2D): Frames {
  const { regions, shape, constants } = frames;
  const isAlongAxes = ({ diagonal, frame }: Region) => diagonal !== undefined && frame.rows > 1;
  const others = regions.map(region =>
    isAlongAxes(region) ? region.frame.data.subarray(0, region.size) : region.frame.data,
  );
  const counts = others.map((rows, r) => rows.length / regions[r].size);
  const product = others.every(isZero)
    ? (tf.fill([counts.reduce((sum, count) => sum + count, 0), w.shape[1]], 0) as tf.Tensor2D)
    : frameProduct(uploaded(frames, 'rows beside the axes', () => rowsOf(others, shape)) as tf.Tensor2D, w);
  const blocks = regions.length === 1 ? [product] : tf.split(product, counts);
  const parts = regions.flatMap((region, r) =>
    isAlongAxes(region) ? [blocks[r], timesDiagonal({ regions: [region], constants }, w)] : [blocks[r]],
  );
  return parts.length === 1 ? parts[0] : tf.concat(parts);
}

const isZero = (values: ArrayLike<number>): boolean => {
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) return false;
  return true;
};

function timesDiagonal(of: Pick<InputFrames, 'regions' | 'constants'>, w: tf.Tensor2D): tf.Tensor2D {
  const diagonal = of.regions[0].diagonal!;
  const column = uploaded(of, 'diagonal', () =>
    tf.tensor2d(Float32Array.from(diagonal), [diagonal.length, 1]),
  );
  return tf.mul(column, w);
}

/** With the bias of an affine node on the origins. */
export function biasedFrames(
  frames: Frames,
  bias: tf.Tensor | undefined,
  regions: readonly Region[],
  constants?: DeviceConstants,
): Frames {
  if (!bias) return frames;
  const isOrigin = originColumn(
    regions.map(({ frame }) => frame.rows),
    frames.rank,
    constants,
  );
  return tf.add(frames, tf.mul(isOrigin, bias));
}

export const summedFrames = (node: SumNode, inputs: readonly Frames[]): Frames => node.apply(inputs);

export const concatenatedFrames = ({ axis }: ConcatNode, inputs: readonly Frames[]): Frames =>
  tf.concat([...inputs], axis + 1);

/** The same values off the tape. */
export const constantFrames = (frames: Frames): Frames => offTape(() => [tf.clone(frames)])[0];
