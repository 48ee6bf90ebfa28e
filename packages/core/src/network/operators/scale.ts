import { assertFinite, assertSize } from '../../errors.js';
import { type Matrix, matrix, scaleColumns } from '../../numeric/matrix.js';
import { type Precision, roundAll } from '../../numeric/precision.js';
import { collectGroups, withoutParameters } from './bias.js';
import type { AffineContract } from './contract.js';
import { assertShape, channelGroups, expandGroups, invalidOption, type Shape } from './shapes.js';

/** An elementwise operator, `y[j] = factor[g] · x[j] + offset[g]`, g the group of j. */
export interface Scale extends AffineContract {
  readonly kind: 'scale';
  /** `[groups]`; absent: 1. */
  readonly factor?: Float64Array;
  /** `[groups]`; absent: 0, and no bias is stored. */
  readonly offset?: Float64Array;
  /** The group of each entry, `[size]`; absent: every entry is its own. */
  readonly groups?: Int32Array;
}

/** Of `operators.scale`: x · factor + offset, one of each per group of entries. */
export interface ScaleOptions {
  /** `[groups]`; without it the operator only adds. */
  readonly factor?: ArrayLike<number>;
  /** `[groups]`; without it the operator only multiplies, and has no bias to change. */
  readonly offset?: ArrayLike<number>;
  /**
   * The group of each entry, `[size]`, such as `channelGroups(shape)`.
   * @defaultValue every entry is its own
   */
  readonly groups?: Int32Array;
}

/** Multiplies and shifts every entry by constants. Throws `shape`, `not-finite` or `invalid-option`. */
export function scale({ factor, offset, groups }: ScaleOptions): Scale {
  const count = (factor ?? offset)?.length;
  if (count === undefined) throw invalidOption('scale', 'a factor or an offset', 'neither');
  if (factor && offset) assertSize(offset.length, count, 'scale', 'offset');
  if (factor) assertFinite(factor, 'scale factor');
  if (offset) assertFinite(offset, 'scale offset');
  groups?.forEach((group, j) => {
    if (group < 0 || group >= count) {
      throw invalidOption('scale groups', `groups from 0 to ${count - 1}`, `${group} at index ${j}`);
    }
  });
  return scaleOf(factor && Float64Array.from(factor), offset && Float64Array.from(offset), groups);
}

function scaleOf(factor?: Float64Array, offset?: Float64Array, groups?: Int32Array): Scale {
  const parameters = [factor, offset].filter(values => values !== undefined);
  const count = parameters[0].length;
  const size = groups?.length ?? count;
  const spread = (values: Float64Array) => (groups ? expandGroups(values, groups) : values);
  const factors = factor && spread(factor);
  const times = (x: Matrix) => scaleColumns(x, factors);
  const plain = withoutParameters('scale', size);
  return {
    ...plain,
    kind: 'scale',
    ...(factor ? { factor } : {}),
    ...(offset ? { offset } : {}),
    ...(groups ? { groups } : {}),
    ...(offset && groups ? { biasGroups: groups } : {}),
    inSize: size,
    outSize: size,
    bias: offset ? spread(offset) : new Float64Array(size),
    storesBias: offset !== undefined,
    terms: 1,
    parameters,
    linear: times,
    adjoint: times,
    magnitude: x => scaleColumns(x, factors?.map(Math.abs)),
    zeroGradient: () => ({
      weight: factor ? matrix(1, count) : matrix(0, 0),
      bias: new Float64Array(offset ? count : 0),
    }),
    accumulateGradient: (into, x, dy) => {
      if (!factor) return;
      assertSize(dy.data.length, x.data.length, 'scale', 'gradient');
      for (let start = 0; start < x.data.length; start += size) {
        for (let j = 0; j < size; j++) {
          into.weight.data[groups ? groups[j] : j] += x.data[start + j] * dy.data[start + j];
        }
      }
    },
    withBias: bias => {
      if (!offset) return plain.withBias(bias);
      assertSize(bias.length, size, 'scale', 'bias');
      return scaleOf(factor, groups ? collectGroups(bias, groups, count, 'scale') : bias, groups);
    },
    rounded: (precision: Precision) =>
      scaleOf(factor && roundAll(factor, precision), offset && roundAll(offset, precision), groups),
  };
}

/** Of `operators.batchNorm`: the numbers that training leaves, one per channel. */
export interface BatchNormOptions {
  /** `[C, …]`. */
  readonly shape: Shape;
  /** `[C]`, as mean and variance; the running statistics of training. */
  readonly gamma: ArrayLike<number>;
  readonly beta: ArrayLike<number>;
  readonly mean: ArrayLike<number>;
  readonly variance: ArrayLike<number>;
  /** @defaultValue 1e-5, as in ONNX */
  readonly epsilon?: number;
}

/**
 * Batch normalisation at inference, folded to one factor γ / √(variance + ε) and one offset β − mean · factor per
 * channel. Both are computed in float64, and `rounded` rounds these folded values: what is stored, certified and
 * exported is the folded layer, which in float32 differs from the five unfolded arrays by rounding. Throws `shape`,
 * `not-finite` or `invalid-option` (variance + ε not positive).
 */
export function batchNorm(options: BatchNormOptions): Scale {
  const { shape, gamma, beta, mean, variance, epsilon = 1e-5 } = options;
  assertShape(shape, 'batchNorm shape');
  for (const [name, values] of Object.entries({ gamma, beta, mean, variance })) {
    assertSize(values.length, shape[0], 'batchNorm', name);
    assertFinite(values, `batchNorm ${name}`);
  }
  const factor = Float64Array.from(gamma, (g, c) => {
    const spread = variance[c] + epsilon;
    if (spread > 0) return g / Math.sqrt(spread);
    throw invalidOption('batchNorm variance', 'variance + epsilon above 0', `${spread} in channel ${c}`);
  });
  const offset = factor.map((f, c) => beta[c] - mean[c] * f);
  return scale({ factor, offset, groups: channelGroups(shape) });
}
