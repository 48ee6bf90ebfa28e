import { type Dense, dense } from '@police/core';
import * as operators from '@police/core/operators';
import * as tf from '@tensorflow/tfjs-core';
import type { LayerVariable, layers } from '@tensorflow/tfjs-layers';
import { affine } from '../ops/affine-op.js';
import { addOwnActivation } from './activation.js';
import type { GraphBuilder } from './builder.js';
import { type AffineStep, type CoreAffine, type Shape, sizeOf } from './node.js';
import { fieldsOf, groupValues, permuted, writeFlat, writePermuted } from './values.js';

interface DenseWeights {
  /** `[in, out]`. */
  readonly kernel: LayerVariable;
  readonly bias: LayerVariable | null;
}

/** Dense on the last axis of any shape. */
export function readDense(layer: layers.Layer, [input]: readonly number[], builder: GraphBuilder): number {
  const weights = fieldsOf<DenseWeights>(layer);
  const inShape = builder.shapeOf(input);
  const units = weights.kernel.shape[1] as number;
  const shape = [...inShape.slice(0, -1), units];
  const isFlat = shape.length === 1;
  const place = builder.add(
    {
      kind: 'affine',
      name: layer.name,
      layer: layer.name,
      shape,
      storesBias: true,
      ...(weights.bias ? { bias: weights.bias } : {}),
      ...(isFlat
        ? {}
        : {
            sharing: {
              groups: Int32Array.from({ length: sizeOf(shape) }, (_, i) => i % units),
              shape: [units],
            },
          }),
      step: () => (isFlat ? flatStep(weights) : lastAxisStep(weights, inShape, shape)),
      core: isFlat ? flatCore(weights) : lastAxisCore(weights, inShape),
    },
    input,
  );
  return addOwnActivation(builder, place, layer);
}

function flatStep({ kernel, bias }: DenseWeights): AffineStep {
  const w = kernel.read() as tf.Tensor2D;
  return {
    apply: (x, b) => affine(x as tf.Tensor2D, w, b as tf.Tensor1D | undefined),
    ...(bias ? { bias: bias.read() } : {}),
    kernel: w,
  };
}

function lastAxisStep({ kernel, bias }: DenseWeights, inShape: Shape, shape: Shape): AffineStep {
  const w = kernel.read() as tf.Tensor2D;
  return {
    apply: (x, b) => {
      const rows = tf.reshape(x, [-1, inShape[inShape.length - 1]]) as tf.Tensor2D;
      const isFused = b?.rank === 1;
      const y = tf.reshape(affine(rows, w, isFused ? (b as tf.Tensor1D) : undefined), [x.shape[0], ...shape]);
      return b && !isFused ? tf.add(y, b) : y;
    },
    ...(bias ? { bias: bias.read() } : {}),
  };
}

/** tfjs stores kernels `[in, out]`, core `[out, in]`. */
const TRANSPOSED = [1, 0];

function flatCore({ kernel, bias }: DenseWeights): CoreAffine {
  const [cols, rows] = kernel.shape as number[];
  return {
    takes: 'natural',
    operators: () => [
      dense({ rows, cols, data: Float64Array.from(permuted(kernel, TRANSPOSED)) }, bias?.read().dataSync()),
    ],
    write: ([operator]) => {
      const { weight, bias: values } = operator as Dense;
      writePermuted(kernel, weight.data, TRANSPOSED);
      if (bias) writeFlat(bias, values);
    },
  };
}

/** The same product at every position is a convolution with a kernel of one. */
function lastAxisCore({ kernel, bias }: DenseWeights, inShape: Shape): CoreAffine {
  const [inChannels, outChannels] = kernel.shape as number[];
  return {
    takes: 'channelsFirst',
    operators: () => [
      operators.conv({
        inShape: [inChannels, sizeOf(inShape) / inChannels],
        weight: permuted(kernel, TRANSPOSED),
        weightShape: [outChannels, inChannels, 1],
        ...(bias ? { bias: bias.read().dataSync() } : {}),
      }),
    ],
    write: ([operator]) => {
      writePermuted(kernel, (operator as operators.Conv).weight.data, TRANSPOSED);
      if (bias) writeFlat(bias, groupValues(operator.bias, operator.biasGroups));
    },
  };
}
