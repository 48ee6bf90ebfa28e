import { PoliceError } from '@police/core';
import * as operators from '@police/core/operators';
import * as tf from '@tensorflow/tfjs-core';
import type { layers } from '@tensorflow/tfjs-layers';
import type { LayerReader } from './builder.js';
import { type ConvFields, type CoreWeight, readConvolution } from './convolution.js';
import { padding1d } from './padding.js';
import { permuted } from './values.js';

type Layer = layers.Layer;

/** Padding and spatial sizes of the result, on every axis. */
function paddings(
  plane: readonly number[],
  kernel: readonly number[],
  { strides, padding }: ConvFields,
  dilations: readonly number[],
) {
  const axes = plane.map((size, i) => padding1d(size, kernel[i], strides[i], dilations[i], padding));
  return {
    padding: [...axes.map(({ before }) => before), ...axes.map(({ after }) => after)],
    outPlane: axes.map(({ outSize }) => outSize),
  };
}

/** Conv1D and Conv2D. */
export const readConv: LayerReader = readConvolution((fields, { plane, inChannels }, layer) => {
  const { kernel, strides, dilationRate } = fields;
  const sizes = kernel.shape as number[];
  const rank = plane.length;
  const channels = sizes[rank + 1];
  const { padding, outPlane } = paddings(plane, sizes, fields, dilationRate);
  if (rank === 1 && fields.dataFormat === 'channelsFirst') throw refusedFormat(layer);
  const permutation = [rank + 1, rank, ...plane.map((_, i) => i)];
  const pair = ([a, b]: readonly number[]): [number, number] => [a, b];
  return {
    fields,
    channels,
    outPlane,
    linear: x =>
      rank === 1
        ? tf.conv1d(
            x as tf.Tensor3D,
            kernel.read() as tf.Tensor3D,
            strides[0],
            fields.padding,
            'NWC',
            dilationRate[0],
          )
        : tf.conv2d(
            x as tf.Tensor4D,
            kernel.read() as tf.Tensor4D,
            pair(strides),
            fields.padding,
            'NHWC',
            pair(dilationRate),
          ),
    ...(rank === 2
      ? {
          fused: (x: tf.Tensor, bias: tf.Tensor1D) =>
            tf.fused.conv2d({
              x: x as tf.Tensor4D,
              filter: kernel.read() as tf.Tensor4D,
              strides: pair(strides),
              pad: fields.padding,
              dataFormat: 'NHWC',
              dilations: pair(dilationRate),
              bias,
            }),
        }
      : {}),
    weights: [{ variable: kernel, permutation }],
    operators: bias => [
      operators.conv({
        inShape: [inChannels, ...plane],
        weight: permuted(kernel, permutation),
        weightShape: permutation.map(axis => sizes[axis]),
        strides,
        dilations: dilationRate,
        padding,
        ...(bias ? { bias } : {}),
      }),
    ],
  };
});

export const readConvTranspose: LayerReader = readConvolution((fields, { plane, inChannels }) => {
  const { kernel, strides } = fields;
  const sizes = kernel.shape as number[];
  const channels = sizes[2];
  const isSame = fields.padding === 'same';
  const excess = [0, 1].map(i => sizes[i] - strides[i]);
  const outPlane = plane.map((size, i) => size * strides[i] + (isSame ? 0 : Math.max(excess[i], 0)));
  // Of `same`, the padding of the convolution that this one is the adjoint of.
  const padding = [0, 1].map(i => (isSame ? Math.max(excess[i], 0) : 0));
  const before = padding.map(total => Math.floor(total / 2));
  const permutation = [3, 2, 0, 1];
  return {
    fields,
    channels,
    outPlane,
    linear: x =>
      tf.conv2dTranspose(
        x as tf.Tensor4D,
        kernel.read() as tf.Tensor4D,
        [x.shape[0], outPlane[0], outPlane[1], channels],
        [strides[0], strides[1]],
        fields.padding,
      ),
    weights: [{ variable: kernel, permutation }],
    operators: bias => [
      operators.convTranspose({
        inShape: [inChannels, ...plane],
        weight: permuted(kernel, permutation),
        weightShape: permutation.map(axis => sizes[axis]),
        strides,
        padding: [...before, ...padding.map((total, i) => total - before[i])],
        outputPadding: excess.map(more => Math.max(-more, 0)),
        ...(bias ? { bias } : {}),
      }),
    ],
  };
});

/** tfjs-layers ignores a dilation here, and so it is ignored. */
export const readDepthwiseConv: LayerReader = readConvolution((fields, { plane, inChannels }) => {
  const { depthwiseKernel: kernel, strides } = fields;
  const depthwise = depthwiseOf(fields, plane, inChannels, [1, 1]);
  return {
    fields,
    channels: depthwise.channels,
    outPlane: depthwise.outPlane,
    linear: x =>
      tf.depthwiseConv2d(
        x as tf.Tensor4D,
        kernel.read() as tf.Tensor4D,
        [strides[0], strides[1]],
        fields.padding,
        'NHWC',
      ),
    weights: [depthwise.weight],
    operators: bias => [depthwise.operator(bias)],
  };
});

/** A depthwise convolution, then a product of the channels at every position. */
export const readSeparableConv: LayerReader = readConvolution((fields, { plane, inChannels }, layer) => {
  // tfjs-layers adds the bias along the wrong axis then.
  if (fields.dataFormat === 'channelsFirst') throw refusedFormat(layer);
  const { depthwiseKernel, pointwiseKernel, strides, dilationRate } = fields;
  const channels = pointwiseKernel.shape[3] as number;
  const depthwise = depthwiseOf(fields, plane, inChannels, dilationRate);
  const pointwise: CoreWeight = { variable: pointwiseKernel, permutation: [3, 2, 0, 1] };
  return {
    fields,
    channels,
    outPlane: depthwise.outPlane,
    linear: x =>
      tf.separableConv2d(
        x as tf.Tensor4D,
        depthwiseKernel.read() as tf.Tensor4D,
        pointwiseKernel.read() as tf.Tensor4D,
        [strides[0], strides[1]],
        fields.padding,
        [dilationRate[0], dilationRate[1]],
        'NHWC',
      ),
    weights: [depthwise.weight, pointwise],
    operators: bias => [
      depthwise.operator(undefined),
      operators.conv({
        inShape: [depthwise.channels, ...depthwise.outPlane],
        weight: permuted(pointwiseKernel, pointwise.permutation),
        weightShape: [channels, depthwise.channels, 1, 1],
        ...(bias ? { bias } : {}),
      }),
    ],
  };
});

function depthwiseOf(
  fields: ConvFields,
  plane: readonly number[],
  inChannels: number,
  dilations: readonly number[],
) {
  const { depthwiseKernel: variable, strides } = fields;
  const [height, width, , multiplier] = variable.shape as number[];
  const { padding, outPlane } = paddings(plane, [height, width], fields, dilations);
  const channels = inChannels * multiplier;
  const weight: CoreWeight = { variable, permutation: [2, 3, 0, 1] };
  return {
    channels,
    outPlane,
    weight,
    operator: (bias: Float32Array | undefined) =>
      operators.conv({
        inShape: [inChannels, ...plane],
        weight: permuted(variable, weight.permutation),
        weightShape: [channels, 1, height, width],
        groups: inChannels,
        strides,
        dilations,
        padding,
        ...(bias ? { bias } : {}),
      }),
  };
}

function refusedFormat({ name }: Layer): PoliceError {
  return new PoliceError({
    code: 'unsupported-layer',
    where: name,
    expected: "dataFormat 'channelsLast'",
    actual: "'channelsFirst'",
  });
}
