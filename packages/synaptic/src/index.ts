// From src and from dist alike, for dist has no typings of its own for the library.
/// <reference path="../src/synaptic.d.ts" preserve="true" />
export { constrain, fromNetwork, type ReadOptions, toNetwork } from './constrain.js';
export { constraintLog } from './constraint-log.js';
export { freeze } from './freeze.js';
export type { ConstrainOptions, Settings, SquashOptions } from './options.js';
export { PolicedNetwork } from './policed-network.js';
export { resume, type SavedTraining, save } from './saved-training.js';
export { absSquash, leakyReluSquash, type SquashMeanings } from './squash.js';
