export { constrain } from './constrain.js';
export type { NetData } from './flat-layer.js';
export { type FrozenNet, freeze, toNetwork } from './freeze.js';
export { type PolicedJSON, policedFromJSON } from './from-json.js';
export type { NamedRegion } from './named-region.js';
export { PolicedNeuralNetwork } from './policed-network.js';
export type { ConstrainOptions, Settings } from './settings.js';
export { write } from './write.js';
