export { type Conv, conv } from './conv.js';
export type { ConvOperator } from './conv-operator.js';
export type { ConvOptions, ConvSpec } from './conv-options.js';
export {
  type ConvTranspose,
  type ConvTransposeOptions,
  type ConvTransposeSpec,
  convTranspose,
} from './conv-transpose.js';
export { addConstant, divide, type Fixed, type FixedOrigin, normalize, type Statistics } from './fixed.js';
export {
  type Gather,
  type GatherOptions,
  gather,
  gatherAlong,
  pad,
  reshape,
  resizeNearest,
  slice,
  transpose,
} from './gather.js';
export type { PadMode, SliceOptions } from './index-maps.js';
export type { GatherOrigin, SparseOrigin } from './origin.js';
export { type Permuted, permuted, type Reordering } from './permuted.js';
export { averagePool } from './pool.js';
export type { AveragePoolOptions } from './pool-options.js';
export { globalAveragePool, meanOver, type ReduceOptions, sumOver } from './reduce.js';
export {
  type CoordinateMode,
  type Fraction,
  inputCoordinate,
  type ResizedAxis,
} from './resize-coordinates.js';
export { type ResizeLinearOptions, resizeLinear } from './resize-linear.js';
export type { NearestMode, ResizeNearestOptions } from './resize-nearest.js';
export { type BatchNormOptions, batchNorm, type Scale, type ScaleOptions, scale } from './scale.js';
export { channelGroups, expandGroups, perChannel, type Shape, sizeOf } from './shapes.js';
export { type Sparse, type SparseOptions, type SparseRows, sparse } from './sparse.js';
