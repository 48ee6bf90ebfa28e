import { type AxisMap, axisProducts, ones, sameAxis } from './axis-products.js';
import type { AveragePoolOptions } from './pool-options.js';
import { assertIntegers, assertShape, invalidOption } from './shapes.js';
import type { Sparse } from './sparse.js';

/**
 * ONNX AveragePool, 1-D or 2-D. Throws `shape` or `invalid-option`, also where a window meets only padding that does
 * not count: its mean is 0/0.
 */
export function averagePool({ shape, kernel, ...options }: AveragePoolOptions): Sparse {
  assertShape(shape, 'averagePool shape', [2, 3]);
  const [channels, ...plane] = shape;
  const rank = plane.length;
  const {
    strides = plane.map(() => 1),
    padding = [...plane, ...plane].map(() => 0),
    dilations = plane.map(() => 1),
    countIncludePad = false,
    ceilMode = false,
  } = options;
  assertIntegers(kernel, rank, 'averagePool kernel', 1);
  assertIntegers(strides, rank, 'averagePool strides', 1);
  assertIntegers(padding, 2 * rank, 'averagePool padding', 0);
  assertIntegers(dilations, rank, 'averagePool dilations', 1);
  const axes = plane.map((size, axis) =>
    pooledAxis({
      size,
      kernel: kernel[axis],
      stride: strides[axis],
      dilation: dilations[axis],
      before: padding[axis],
      after: padding[axis + rank],
      countIncludePad,
      ceilMode,
    }),
  );
  return axisProducts([sameAxis(channels), ...axes], {
    kind: 'averagePool',
    shape,
    kernel,
    strides,
    padding,
    dilations,
    countIncludePad,
    ceilMode,
  });
}

interface PooledAxis {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
  readonly countIncludePad: boolean;
  readonly ceilMode: boolean;
}

function pooledAxis(axis: PooledAxis): AxisMap {
  const { size, kernel, stride, dilation, before, after, countIncludePad } = axis;
  const rows = Array.from({ length: windowCount(axis) }, (_, o) => {
    const window = Array.from({ length: kernel }, (_, t) => o * stride - before + t * dilation);
    const inside = window.filter(at => at >= 0 && at < size);
    const counted = countIncludePad ? window.filter(at => at < size + after) : inside;
    if (counted.length === 0) {
      throw invalidOption('averagePool padding', 'an input entry in every window', `none in window ${o}`);
    }
    return ones(inside, counted.length);
  });
  return { inSize: size, rows };
}

function windowCount({ size, kernel, stride, dilation, before, after, ceilMode }: PooledAxis): number {
  const span = before + size + after - ((kernel - 1) * dilation + 1);
  if (span < 0) {
    throw invalidOption('averagePool kernel', `at most ${before + size + after} wide`, `${span} too many`);
  }
  const count = (ceilMode ? Math.ceil(span / stride) : Math.floor(span / stride)) + 1;
  return ceilMode && (count - 1) * stride >= size + before ? count - 1 : count;
}
