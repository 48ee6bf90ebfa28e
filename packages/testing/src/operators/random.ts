import { type AffineOperator, dense, type Rng } from '@police/core';
import {
  type AveragePoolOptions,
  addConstant,
  averagePool,
  batchNorm,
  type Conv,
  type ConvTransposeOptions,
  type CoordinateMode,
  channelGroups,
  conv,
  convTranspose,
  divide,
  type Fixed,
  type Gather,
  gather,
  gatherAlong,
  globalAveragePool,
  meanOver,
  type NearestMode,
  normalize,
  type PadMode,
  pad,
  permuted,
  type Reordering,
  reshape,
  resizeLinear,
  resizeNearest,
  type SparseRows,
  scale,
  sizeOf,
  slice,
  sparse,
  sumOver,
  transpose,
} from '../../../core/src/network/operators/index.js';
import { pick, randomArray } from '../helpers.js';
import { integer, randomConv } from './oracles.js';

export const coordinateModes: CoordinateMode[] = [
  'half_pixel',
  'pytorch_half_pixel',
  'asymmetric',
  'align_corners',
];
export const nearestModes: NearestMode[] = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'];

export function randomShape(rng: Rng): number[] {
  return Array.from({ length: integer(rng, 1, 4) }, () => integer(rng, 1, 4));
}

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

function randomGather(rng: Rng): Gather {
  const inSize = integer(rng, 1, 12);
  const index = Int32Array.from({ length: 2 * integer(rng, 1, 10) }, () => integer(rng, -1, inSize - 1));
  const outShape = pick(rng, [[index.length], [2, index.length / 2]]);
  return gather({ inSize, index, fill: pick(rng, [0, rng()]), outShape });
}

function randomTranspose(rng: Rng): Gather {
  const shape = randomShape(rng);
  const keys = shape.map(() => rng());
  return transpose(
    shape,
    shape.map((_, i) => i).sort((a, b) => keys[a] - keys[b]),
  );
}

function randomPad(rng: Rng): Gather {
  const shape = randomShape(rng);
  const mode: PadMode = pick(rng, ['constant', 'edge', 'reflect']);
  const most = (size: number) => (mode === 'reflect' ? size - 1 : 2);
  const pads = [...shape, ...shape].map(size => integer(rng, size > 2 ? -1 : 0, most(size)));
  return pad(shape, pads, 2 * rng() - 1, mode);
}

function randomSlice(rng: Rng): Gather {
  const shape = randomShape(rng);
  const axes = shape.map((_, axis) => axis).filter(() => rng() < 0.6);
  const bounds = axes.map(axis => {
    const size = shape[axis];
    const [from, to] = [integer(rng, 0, size - 1), integer(rng, 0, size - 1)];
    // Every way to write a bound: from either end, beyond the border, without end.
    return from <= to
      ? {
          start: pick(rng, [from, from - size]),
          end: pick(
            rng,
            to === size - 1 ? [size, size + 3, Number.POSITIVE_INFINITY] : [to + 1, to + 1 - size],
          ),
          step: integer(rng, 1, 3),
        }
      : {
          start: pick(rng, from === size - 1 ? [from, size + 2] : [from, from - size]),
          end: pick(rng, to === 0 ? [-size - 1, Number.NEGATIVE_INFINITY] : [to - 1, to - 1 - size]),
          step: -integer(rng, 1, 3),
        };
  });
  return slice(shape, {
    starts: bounds.map(({ start }) => start),
    ends: bounds.map(({ end }) => end),
    axes: axes.map(axis => pick(rng, [axis, axis - shape.length])),
    steps: bounds.map(({ step }) => step),
  });
}

function randomGatherAlong(rng: Rng): Gather {
  const shape = randomShape(rng);
  const axis = integer(rng, 0, shape.length - 1);
  const indices = Array.from({ length: integer(rng, 1, 5) }, () =>
    integer(rng, -shape[axis], shape[axis] - 1),
  );
  return gatherAlong(shape, pick(rng, [axis, axis - shape.length]), indices);
}

function randomResizeNearest(rng: Rng): Gather {
  const shape = randomShape(rng);
  const coordinates = pick(rng, coordinateModes);
  const rounding = pick(rng, nearestModes);
  const to = pick(rng, [
    { outShape: shape.map(() => integer(rng, 1, 9)) },
    { outShape: shape.map((size, axis) => (axis === 0 ? size : size * integer(rng, 1, 4))) },
    { scales: shape.map(size => (size === 1 ? 1 : 0.5) + 3 * rng()) },
  ]);
  return resizeNearest(shape, { ...to, coordinates, rounding });
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
  gather: randomGather,
  reshape: rng => {
    const shape = randomShape(rng);
    return reshape(shape, pick(rng, [[sizeOf(shape)], [...shape].reverse(), [1, ...shape], shape]));
  },
  transpose: randomTranspose,
  pad: randomPad,
  slice: randomSlice,
  gatherAlong: randomGatherAlong,
  resizeNearest: randomResizeNearest,
  scale: randomScale,
  ...randomFixed,
  permuted: rng => {
    const inner = conv(randomConv(rng));
    return permuted(inner, randomReordering(rng, inner));
  },
  batchNorm: rng => batchNorm(randomBatchNorm(rng)),
};
