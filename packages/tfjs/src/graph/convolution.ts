import type { AffineOperator } from '@police/core';
import type * as operators from '@police/core/operators';
import * as tf from '@tensorflow/tfjs-core';
import type { LayerVariable, layers } from '@tensorflow/tfjs-layers';
import { addOwnActivation } from './activation.js';
import type { LayerReader } from './builder.js';
import { type AffineStep, type BiasSharing, type Shape, sizeOf } from './node.js';
import { fieldsOf, groupValues, storedShape, writeFlat, writePermuted } from './values.js';

type Layer = layers.Layer;

export interface ConvFields {
  /** `[…kernel, in, out]`, transposed `[…kernel, out, in]`. */
  readonly kernel: LayerVariable;
  /** `[…kernel, in, multiplier]`. */
  readonly depthwiseKernel: LayerVariable;
  /** `[1, 1, in · multiplier, out]`. */
  readonly pointwiseKernel: LayerVariable;
  /** `[out]`. */
  readonly bias: LayerVariable | null;
  readonly strides: readonly number[];
  readonly dilationRate: readonly number[];
  readonly padding: 'same' | 'valid';
  readonly dataFormat: 'channelsFirst' | 'channelsLast';
}

/** One weight array of a convolution in core's order. */
export interface CoreWeight {
  readonly variable: LayerVariable;
  /** From tfjs's axes to core's. */
  readonly permutation: readonly number[];
}

/** What tells one kind of convolution from another. */
interface ConvKind {
  readonly fields: ConvFields;
  /** Channels of the result. */
  readonly channels: number;
  /** Its spatial sizes from those of the input. */
  readonly outPlane: readonly number[];
  /** Without bias, on channels last. */
  linear(x: tf.Tensor): tf.Tensor;
  /** The same with a bias `[channels]`, where the framework has it in one. */
  fused?(x: tf.Tensor, bias: tf.Tensor1D): tf.Tensor;
  /** The operators in core, and their weight arrays. The last one has the bias. */
  operators(bias: Float32Array | undefined): AffineOperator[];
  readonly weights: readonly CoreWeight[];
}

/** Spatial sizes and number of channels of an input. */
interface Planes {
  readonly plane: readonly number[];
  readonly inChannels: number;
}

function planesOf(inShape: Shape, { dataFormat }: ConvFields): Planes {
  const [inChannels, ...plane] = storedShape(
    inShape,
    dataFormat === 'channelsFirst' ? 'natural' : 'channelsFirst',
  );
  return { plane, inChannels };
}

export function readConvolution(
  kindOf: (fields: ConvFields, planes: Planes, layer: Layer) => ConvKind,
): LayerReader {
  return (layer, [input], builder) => {
    const fields = fieldsOf<ConvFields>(layer);
    const isFirst = fields.dataFormat === 'channelsFirst';
    const kind = kindOf(fields, planesOf(builder.shapeOf(input), fields), layer);
    const { channels, outPlane, weights } = kind;
    const { bias } = fields;
    const shape = isFirst ? [channels, ...outPlane] : [...outPlane, channels];
    const place = builder.add(
      {
        kind: 'affine',
        name: layer.name,
        layer: layer.name,
        shape,
        storesBias: true,
        ...(bias ? { bias } : {}),
        sharing: channelSharing(shape, isFirst),
        step: () => convStep(kind, isFirst),
        core: {
          takes: isFirst ? 'natural' : 'channelsFirst',
          operators: () => kind.operators(bias?.read().dataSync() as Float32Array | undefined),
          write: found => {
            weights.forEach(({ variable, permutation }, i) => {
              writePermuted(variable, (found[i] as operators.Conv).weight.data, permutation);
            });
            const last = found[found.length - 1];
            if (bias) writeFlat(bias, groupValues(last.bias, last.biasGroups));
          },
        },
      },
      input,
    );
    return addOwnActivation(builder, place, layer);
  };
}

/** One bias per channel, wherever the channels lie. */
export function channelSharing(shape: Shape, isFirst: boolean): BiasSharing {
  const size = sizeOf(shape);
  if (!isFirst) {
    const channels = shape[shape.length - 1];
    return { groups: Int32Array.from({ length: size }, (_, i) => i % channels), shape: [channels] };
  }
  const positions = size / shape[0];
  return {
    groups: Int32Array.from({ length: size }, (_, i) => Math.floor(i / positions)),
    shape: [shape[0], ...shape.slice(1).map(() => 1)],
  };
}

function convStep({ fields: { bias }, linear, fused }: ConvKind, isFirst: boolean): AffineStep {
  if (!isFirst) {
    return {
      apply: (x, b) => {
        if (b && fused && b.rank === 1) return fused(x, b as tf.Tensor1D);
        return b ? tf.add(linear(x), b) : linear(x);
      },
      ...(bias ? { bias: bias.read() } : {}),
    };
  }
  return {
    apply: (x, b) => {
      const y = tf.transpose(linear(tf.transpose(x, [0, 2, 3, 1])), [0, 3, 1, 2]);
      return b ? tf.add(y, b) : y;
    },
    ...(bias ? { bias: tf.reshape(bias.read(), [-1, 1, 1]) } : {}),
  };
}
