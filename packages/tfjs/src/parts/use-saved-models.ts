import { savedOptions } from '../reading/saved-options.js';
import { savedModels } from './saved-models.js';

/**
 * Brings what reads constrained models from files, regions of every kind among it: called once, before `loadLayersModel`. Frozen models do not
 * need it. Not needed with `@police/tfjs/all`, nor with `nodeFiles`.
 *
 * @example
 * useSavedModels();
 * const policed = await loadLayersModel('indexeddb://policed');
 */
export function useSavedModels(): void {
  savedModels.bring(savedOptions);
}
