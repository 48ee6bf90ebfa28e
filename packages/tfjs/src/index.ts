export { Abs, abs, HardTanh, hardTanh } from './activation-layers.js';
export { constrain, policedLayerOf } from './constrain.js';
export { type FrozenModel, freeze, toNetwork } from './freeze.js';
export { type ConstrainOptions, PolicedLayer } from './policed-layer.js';
