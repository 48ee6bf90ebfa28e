import type synaptic from 'synaptic';
import * as module from 'synaptic';

/** CommonJS that calls itself an ES module: Node and most bundlers give it as the default export, Parcel by its names. */
export const framework: typeof synaptic = module.default ?? (module as unknown as typeof synaptic);
