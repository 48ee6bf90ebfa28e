import { type AffineOperator, dense, operators, type Rng } from '@police/core';
import { pick, randomArray } from '../helpers.js';
import { integer, randomConv } from './oracles.js';
import { coordinateModes, randomGathers, randomShape } from './random-gather.js';

const {
  addConstant,
  averagePool,
  batchNorm,
  channelGroups,
  conv,
  convTranspose,
  divide,
  gather,
  globalAveragePool,
  meanOver,
  normalize,
  permuted,
  resizeLinear,
  scale,
  sizeOf,
  sparse,
  sumOver,
  transpose,
} = operators;
type AveragePoolOptions = operators.AveragePoolOptions;
type Conv = operators.Conv;
type ConvTransposeOptions = operators.ConvTransposeOptions;
type Fixed = operators.Fixed;
type Gather = operators.Gather;
type Reordering = operators.Reordering;
type SparseRows = operators.SparseRows;

export function randomPool(rng: Rng): AveragePoolOptions {
  const axes = Array.from({ length: pick(rng, [1, 2]) }, (_, i) => i);
  const kernel = axes.map(() => integer(rng, 1, 3));
  const dilations = axes.map(() => pick(rng, [1, 1, 2]));
  return {
    shape: [integer(rng, 1, 3), ...axes.map(i => (kernel[i] - 1) * dilations[i] + integer(rng, 1, 4))],
    kernel,
    dilations,
    // Less than the kernel, as ONNX asks.
    padding: [...axes, ...axes].map(i => integer(rng, 0, kernel[i] - 1)),
    strides: axes.map(() => integer(rng, 1, 3)),
    countIncludePad: rng() < 0.5,
    ceilMode: rng() < 0.5,
  };
}

export function randomReduction(rng: Rng) {
  const shape = Array.from({ length: integer(rng, 1, 4) }, () => integer(rng, 1, 4));
  return { shape, axes: shape.map((_, axis) => axis).filter(() => rng() < 0.5) };
}

export function randomResize(rng: Rng) {
  const plane = Array.from({ length: pick(rng, [1, 2]) }, () => integer(rng, 1, 5));
  return {
    shape: [integer(rng, 1, 2), ...plane],
    outSize: plane.map(() => integer(rng, 1, 8)),
    coordinates: pick(rng, coordinateModes),
  };
}

/** A sparse matrix with empty rows among others. */
export function randomSparse(rng: Rng): { inSize: number; rows: SparseRows } {
  const inSize = integer(rng, 1, 12);
  const lists = Array.from({ length: integer(rng, 1, 9) }, () => {
    const share = rng();
    return Array.from({ length: inSize }, (_, k) => k).filter(() => rng() < share);
  });
  const starts = [0];
  for (const list of lists) starts.push(starts[starts.length - 1] + list.length);
  const columns = Int32Array.from(lists.flat());
  // No float32 rounding changes them, as `rounded` does not either.
  const values = Float64Array.from(randomArray(rng, columns.length), Math.fround);
  return { inSize, rows: { rowStart: Int32Array.from(starts), columns, values } };
}

/** Random options of a transposed convolution with a result. */
export function randomConvTranspose(rng: Rng): ConvTransposeOptions {
  for (;;) {
    const { bias: _, ...options } = randomConv(rng);
    const { inShape, weightShape, strides = [], dilations = [], groups = 1 } = options;
    const shape = [inShape[0], integer(rng, 1, 6), ...weightShape.slice(2)];
    const outputPadding = strides.map((stride, i) => integer(rng, 0, Math.max(stride, dilations[i]) - 1));
    const padding = options.padding ?? [];
    const sizes = strides.map(
      (stride, i) =>
        stride * (inShape[i + 1] - 1) +
        outputPadding[i] +
        (shape[i + 2] - 1) * dilations[i] +
        1 -
        padding[i] -
        padding[i + strides.length],
    );
    if (sizes.some(size => size < 1)) continue;
    return {
      ...options,
      weightShape: shape,
      weight: randomArray(rng, sizeOf(shape)),
      bias: randomArray(rng, shape[1] * groups),
      outputPadding,
    };
  }
}

export function randomBatchNorm(rng: Rng) {
  const shape = randomShape(rng);
  const values = () => randomArray(rng, shape[0]);
  const variance = values().map(Math.abs);
  return { shape, gamma: values(), beta: values(), mean: values(), variance, epsilon: 0.01 };
}

function randomScale(rng: Rng): AffineOperator {
  const shape = randomShape(rng);
  const groups = rng() < 0.5 ? channelGroups(shape) : undefined;
  const count = groups ? shape[0] : sizeOf(shape);
  const [factor, offset] = [randomArray(rng, count), randomArray(rng, count)];
  const given = pick(rng, [{ factor }, { offset }, { factor, offset }]);
  return scale({ ...given, ...(groups ? { groups } : {}) });
}

/** Values away from 0, of both signs. */
function awayFromZero(rng: Rng, count: number): number[] {
  return randomArray(rng, count).map(v => v + Math.sign(v || 1) / 4);
}

/** Groups of a tensor's channels, of no order, or none. */
function randomGroups(rng: Rng): { count: number; groups: Int32Array | undefined } {
  const shape = randomShape(rng);
  const count = shape[0];
  return pick(rng, [
    { count, groups: undefined },
    { count, groups: channelGroups(shape) },
    { count, groups: Int32Array.from({ length: sizeOf(shape) }, () => integer(rng, 0, count - 1)) },
  ]);
}

/** A random operator of each origin of `Fixed`. */
export const randomFixed: { readonly [K in Fixed['origin']['kind']]: (rng: Rng) => Fixed } = {
  divide: rng => {
    const { count, groups } = randomGroups(rng);
    return divide(awayFromZero(rng, count), groups);
  },
  addConstant: rng => {
    const { count, groups } = randomGroups(rng);
    return addConstant(randomArray(rng, count), groups);
  },
  normalize: rng => {
    const { count, groups } = randomGroups(rng);
    const values = () => randomArray(rng, count);
    const variance = values().map(Math.abs);
    return normalize({ gamma: values(), mean: values(), variance, epsilon: 0.01 }, groups);
  },
};

function shuffled(rng: Rng, size: number): Gather {
  const keys = Array.from({ length: size }, rng);
  const index = Int32Array.from(keys.keys()).sort((a, b) => keys[a] - keys[b]);
  return gather({ inSize: size, index });
}

/** Reorderings around a convolution: channels last, as in NHWC, or any. */
export function randomReordering(rng: Rng, { inShape, outShape, inSize, outSize }: Conv): Reordering {
  const [channels, ...plane] = inShape;
  const axes = plane.map((_, axis) => axis);
  const inputs = pick(rng, [transpose([...plane, channels], [plane.length, ...axes]), shuffled(rng, inSize)]);
  const outputs = pick(rng, [
    transpose(outShape, [...axes.map(axis => axis + 1), 0]),
    shuffled(rng, outSize),
  ]);
  return pick(rng, [{ inputs, outputs }, { inputs }, { outputs }, {}]);
}

function randomDense(rng: Rng): AffineOperator {
  const [inSize, outSize] = [integer(rng, 1, 9), integer(rng, 1, 9)];
  const rows = Array.from({ length: outSize }, () => randomArray(rng, inSize));
  return dense(rows, randomArray(rng, outSize));
}

function randomDepthwise(rng: Rng): AffineOperator {
  const channels = integer(rng, 2, 5);
  return conv({
    inShape: [channels, integer(rng, 1, 6), integer(rng, 1, 6)],
    weight: randomArray(rng, channels * 9),
    weightShape: [channels, 1, 3, 3],
    bias: randomArray(rng, channels),
    groups: channels,
    padding: [1, 1, 1, 1],
  });
}

/** A random operator of every kind and, where one is made by several functions, of each. */
export const randomOperators: Readonly<Record<string, (rng: Rng) => AffineOperator>> = {
  dense: randomDense,
  conv: rng => conv(randomConv(rng)),
  'depthwise conv': randomDepthwise,
  convTranspose: rng => convTranspose(randomConvTranspose(rng)),
  averagePool: rng => averagePool(randomPool(rng)),
  globalAveragePool: rng => globalAveragePool(randomShape(rng)),
  meanOver: rng => meanOver(randomReduction(rng)),
  sumOver: rng => sumOver(randomReduction(rng)),
  resizeLinear: rng => resizeLinear(randomResize(rng)),
  sparse: rng => sparse(randomSparse(rng)),
  ...randomGathers,
  scale: randomScale,
  ...randomFixed,
  permuted: rng => {
    const inner = conv(randomConv(rng));
    return permuted(inner, randomReordering(rng, inner));
  },
  batchNorm: rng => batchNorm(randomBatchNorm(rng)),
};
