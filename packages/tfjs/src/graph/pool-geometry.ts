import * as tf from '@tensorflow/tfjs-core';
import type { layers } from '@tensorflow/tfjs-layers';
import type { Layout, Shape } from './node.js';
import { padding2d } from './padding.js';
import { fieldsOf, storedShape } from './values.js';

/** A pooling layer, in one or two dimensions, local or global, in core's terms: a single row has height 1. */
export interface Pool {
  readonly inShape: Shape;
  readonly outShape: Shape;
  /** How the layer's input turns into `planes`. */
  readonly layout: Layout;
  /** `[channels, height, width]`. */
  readonly planes: [number, number, number];
  readonly kernel: [number, number];
  readonly strides: [number, number];
  /** Rows above, columns left, rows below, columns right. */
  readonly padding: [number, number, number, number];
  max(x: tf.Tensor): tf.Tensor;
  average(x: tf.Tensor): tf.Tensor;
}

interface PoolFields {
  /** One or two sizes; absent for a global pooling. */
  readonly poolSize?: readonly number[];
  readonly strides?: readonly number[];
  readonly padding?: 'same' | 'valid';
  readonly dataFormat?: 'channelsFirst' | 'channelsLast';
}

export function poolOf(layer: layers.Layer, inShape: Shape): Pool {
  const { poolSize, strides = poolSize, padding = 'valid', dataFormat } = fieldsOf<PoolFields>(layer);
  const isFirst = dataFormat === 'channelsFirst';
  const layout: Layout = isFirst ? 'natural' : 'channelsFirst';
  const stored = storedShape(inShape, layout);
  const [channels] = stored;
  const plane = inPlane(stored.slice(1));
  if (!poolSize) {
    const axes = inShape.slice(1).map((_, i) => i + (isFirst ? 2 : 1));
    return {
      inShape,
      outShape: [channels],
      layout,
      planes: [channels, ...plane],
      kernel: plane,
      strides: plane,
      padding: [0, 0, 0, 0],
      max: x => maxOver(x, axes, channels, isFirst),
      average: x => tf.mean(x, axes),
    };
  }
  const kernel = inPlane(poolSize);
  const step = inPlane(strides!);
  const { pads, outSize } = padding2d(plane, kernel, step, [1, 1], padding);
  const spatial = inShape.length === 2 ? [outSize[1]] : outSize;
  const pooled = (pool: (x: tf.Tensor4D) => tf.Tensor4D) => (x: tf.Tensor) => {
    const last = isFirst ? tf.transpose(x, [0, 2, 3, 1]) : tf.reshape(x, [x.shape[0], ...plane, channels]);
    const y = pool(last as tf.Tensor4D);
    return isFirst ? tf.transpose(y, [0, 3, 1, 2]) : tf.reshape(y, [x.shape[0], ...spatial, channels]);
  };
  return {
    inShape,
    outShape: isFirst ? [channels, ...spatial] : [...spatial, channels],
    layout,
    planes: [channels, ...plane],
    kernel,
    strides: step,
    padding: pads,
    max: pooled(x => tf.maxPool(x, kernel, step, padding)),
    average: pooled(x => averagePool(x, kernel, step, pads)),
  };
}

/**
 * The mean of what each window has inside the image. Padded here, because tfjs's gradient on the cpu backend divides by the
 * whole window's size.
 */
function averagePool(
  x: tf.Tensor4D,
  kernel: [number, number],
  strides: [number, number],
  [above, left, below, right]: Pool['padding'],
): tf.Tensor4D {
  if (above + left + below + right === 0) return tf.avgPool(x, kernel, strides, 'valid');
  const borders: [number, number][] = [
    [0, 0],
    [above, below],
    [left, right],
    [0, 0],
  ];
  const average = (values: tf.Tensor4D) => tf.avgPool(tf.pad(values, borders), kernel, strides, 'valid');
  const inside = average(tf.ones([1, x.shape[1], x.shape[2], 1]));
  return tf.mul(average(x), tf.reciprocal(inside));
}

/** One spatial axis lies along the width. */
function inPlane(sizes: readonly number[]): [number, number] {
  return sizes.length === 1 ? [1, sizes[0]] : [sizes[0], sizes[1]];
}

/** As a pooling over everything, whose gradient goes to one of several equals where `tf.max`'s goes to each. */
function maxOver(x: tf.Tensor, axes: readonly number[], channels: number, isFirst: boolean): tf.Tensor {
  const last = isFirst ? tf.transpose(x, [0, 2, 3, 1]) : x;
  const positions = axes.reduce((product, axis) => product * x.shape[axis], 1);
  const column = tf.reshape(last, [x.shape[0], positions, 1, channels]) as tf.Tensor4D;
  return tf.reshape(tf.maxPool(column, [positions, 1], 1, 'valid'), [x.shape[0], channels]);
}
