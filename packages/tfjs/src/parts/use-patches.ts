import { PatchLayer } from '../patch/patch-layer.js';
import { PatchedModel } from '../patch/patched-model.js';
import { patches } from './patches.js';

/** Brings method `patch`: called once, before `constrain` or before a model made by it is loaded. Not needed with `@police/tfjs/all`. */
export function usePatches(): void {
  patches.bring((model, options) => new PatchedModel({ layers: [new PatchLayer({ ...options, model })] }));
}
