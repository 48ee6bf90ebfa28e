import { type Matrix, matrix, type operators, type Rng } from '@police/core';
import { pick, randomArray } from '../helpers.js';

type ConvOptions = operators.ConvOptions;
type Fixed = operators.Fixed;

/** An integer from `least` to `most`, both included. */
export function integer(rng: Rng, least: number, most: number): number {
  return least + Math.floor(rng() * (most - least + 1));
}

/** All multi-indices of a shape, in row-major order. */
export function multiIndices(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (heads, size) => heads.flatMap(head => Array.from({ length: size }, (_, i) => [...head, i])),
    [[]],
  );
}

/** Position of a multi-index in the flattened tensor. */
export function flat(at: readonly number[], shape: readonly number[]): number {
  return at.reduce((position, i, axis) => position * shape[axis] + i, 0);
}

/** A 1-D convolution's options as the 2-D one's of height 1. */
function as2d(options: ConvOptions): Required<Omit<ConvOptions, 'bias'>> {
  const { inShape, weight, weightShape, groups = 1 } = options;
  const rank = inShape.length - 1;
  const { strides = [1, 1], padding = [0, 0, 0, 0], dilations = [1, 1] } = options;
  if (rank === 2) return { inShape, weight, weightShape, strides, padding, dilations, groups };
  return {
    inShape: [inShape[0], 1, inShape[1]],
    weight,
    weightShape: [weightShape[0], weightShape[1], 1, weightShape[2]],
    strides: [1, strides[0]],
    padding: [0, padding[0], 0, padding[1] ?? 0],
    dilations: [1, dilations[0]],
    groups,
  };
}

/** ONNX Conv by its definition: `[n, C·H·W] → [n, outC·H'·W']`, without the bias. */
export function naiveConv(options: ConvOptions, outShape: readonly number[], x: Matrix): Matrix {
  const { inShape, weight, weightShape, strides, padding, dilations, groups } = as2d(options);
  const [, height, width] = inShape;
  const [outChannels, perGroup, kernelHeight, kernelWidth] = weightShape;
  const [outHeight, outWidth] = outShape.length === 3 ? outShape.slice(1) : [1, outShape[1]];
  const y = matrix(x.rows, outChannels * outHeight * outWidth);
  for (let n = 0; n < x.rows; n++) {
    for (let o = 0; o < outChannels; o++) {
      for (let i = 0; i < outHeight; i++) {
        for (let j = 0; j < outWidth; j++) {
          let sum = 0;
          for (let c = 0; c < perGroup; c++) {
            for (let t = 0; t < kernelHeight; t++) {
              for (let u = 0; u < kernelWidth; u++) {
                const h = i * strides[0] - padding[0] + t * dilations[0];
                const w = j * strides[1] - padding[1] + u * dilations[1];
                if (h < 0 || h >= height || w < 0 || w >= width) continue;
                const channel = Math.floor(o / (outChannels / groups)) * perGroup + c;
                sum +=
                  weight[flat([o, c, t, u], weightShape)] *
                  x.data[flat([n, channel, h, w], [x.rows, ...inShape])];
              }
            }
          }
          y.data[flat([n, o, i, j], [x.rows, outChannels, outHeight, outWidth])] = sum;
        }
      }
    }
  }
  return y;
}

/** ONNX ConvTranspose by its definition: every input adds its kernel to the outputs. */
export function naiveConvTranspose(options: ConvOptions, outShape: readonly number[], x: Matrix): Matrix {
  const { inShape, weight, weightShape, strides, padding, dilations, groups } = as2d(options);
  const [channels, height, width] = inShape;
  const [, perGroup, kernelHeight, kernelWidth] = weightShape;
  const [outHeight, outWidth] = outShape.length === 3 ? outShape.slice(1) : [1, outShape[1]];
  const full = [x.rows, outShape[0], outHeight, outWidth];
  const y = matrix(x.rows, outShape[0] * outHeight * outWidth);
  for (const [n, c, h, w] of multiIndices([x.rows, channels, height, width])) {
    const value = x.data[flat([n, c, h, w], [x.rows, ...inShape])];
    for (const [o, t, u] of multiIndices([perGroup, kernelHeight, kernelWidth])) {
      const i = h * strides[0] - padding[0] + t * dilations[0];
      const j = w * strides[1] - padding[1] + u * dilations[1];
      if (i < 0 || i >= outHeight || j < 0 || j >= outWidth) continue;
      const channel = Math.floor(c / (channels / groups)) * perGroup + o;
      y.data[flat([n, channel, i, j], full)] += value * weight[flat([c, o, t, u], weightShape)];
    }
  }
  return y;
}

/** A fixed operator by its definition, entry by entry. */
export function fixedByDefinition({ origin, groups }: Fixed, x: Matrix): Matrix {
  const y = x.data.map((v, i) => definition(origin, v, groups ? groups[i % x.cols] : i % x.cols));
  return matrix(x.rows, x.cols, y);
}

function definition(origin: Fixed['origin'], x: number, group: number): number {
  if (origin.kind === 'divide') return x / origin.divisor[group];
  if (origin.kind === 'addConstant') return x + origin.constant[group];
  const { gamma, mean, variance, epsilon } = origin;
  return ((x - mean[group]) * gamma[group]) / Math.sqrt(variance[group] + epsilon);
}

/** Random options of a convolution that fits its input, 1-D or 2-D. */
export function randomConv(rng: Rng): ConvOptions {
  const rank = pick(rng, [1, 2, 2]);
  const axes = Array.from({ length: rank }, (_, i) => i);
  const groups = pick(rng, [1, 1, 2, 3]);
  const [inChannels, outChannels] = [integer(rng, 1, 3), integer(rng, 1, 6)];
  const kernel = axes.map(() => integer(rng, 1, 3));
  const dilations = axes.map(() => pick(rng, [1, 1, 2]));
  const padding = [...axes, ...axes].map(() => integer(rng, 0, 2));
  const least = axes.map(i => (kernel[i] - 1) * dilations[i] + 1 - padding[i] - padding[i + rank]);
  const plane = axes.map(i => integer(rng, Math.max(1, least[i]), Math.max(1, least[i]) + 4));
  const weightShape = [groups * outChannels, inChannels, ...kernel];
  return {
    inShape: [groups * inChannels, ...plane],
    weightShape,
    weight: randomArray(
      rng,
      weightShape.reduce((a, b) => a * b),
    ),
    bias: randomArray(rng, weightShape[0]),
    strides: axes.map(() => integer(rng, 1, 3)),
    padding,
    dilations,
    groups,
  };
}
