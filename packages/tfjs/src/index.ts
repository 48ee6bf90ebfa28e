export {
  type AccumulatedGradients,
  accumulateGradients,
} from './accumulate-gradients.js';
export { Abs, abs, HardTanh, hardTanh } from './activation-layers.js';
export { constrain } from './constrain.js';
export { type ConstraintLogOptions, type ConstraintReport, constraintLog } from './constraint-log.js';
export { type FrozenModel, freeze } from './freeze.js';
export { fromNetwork } from './from-network.js';
export { Lifted } from './lifted-layer.js';
export { mapPenalty } from './map-penalty.js';
export type { ConstrainOptions } from './options.js';
export { PolicedLayer } from './policed-layer.js';
export { policedLayerOf } from './policed-model.js';
export { Shifted } from './shifted-layer.js';
export { toNetwork } from './to-network.js';
