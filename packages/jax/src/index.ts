export type { Format, Tensor } from './arrays.js';
export { assertFinite, type TensorTree } from './checks.js';
export type { TensorPolicy } from './frames/activation-frames.js';
export type { Adjustment, Adjustments, Correction, State } from './frames/adjustment.js';
export type { FunctionOptions } from './functions/police-function.js';
export { policed } from './functions/policed.js';
export {
  type AffineOptions,
  avgPool,
  type ConvOptions,
  conv,
  dense,
  flatten,
  reshape,
} from './layers/affine.js';
export type { Layer, LayerOptions, Pair } from './layers/layer.js';
export {
  type ActivationLayer,
  abs,
  activation,
  elu,
  hardSigmoid,
  hardSwish,
  hardTanh,
  leakyRelu,
  maxPool,
  prelu,
  relu,
  relu6,
  selu,
} from './layers/nonlinear.js';
export type { PoolOptions } from './layers/pooling.js';
export { sequential } from './layers/sequential.js';
export { residual, sum } from './layers/sum.js';
export type { RegionMap, WithMaps } from './maps/region-map.js';
export type { TargetedFunction } from './maps/targeted-function.js';
export type { Model } from './model.js';
export { type FromNetworkOptions, fromNetwork, type Trained } from './network/from-network.js';
export { toNetwork } from './network/to-network.js';
export type { NodeParams, Params } from './nodes/node.js';
export type { ConstrainOptions, TargetOption } from './options.js';
export {
  type FrozenPatch,
  type PatchedFunction,
  type PatchOptions,
  patch,
} from './patch/patch.js';
export { type Policed, police } from './police.js';
export type { Apply, PolicedFunction } from './policed-function.js';
export { start } from './start.js';
