import { ApproximationErrors } from '../frames/approximation-errors.js';
import { smoothness } from './smoothness.js';

/**
 * Brings option `epsilon`: called once, before `constrain` or before a model made with it is loaded. Not needed with `@police/tfjs/all`; method
 * `patch` takes smooth activations by itself.
 */
export function useSmoothActivations(): void {
  smoothness.bring((graph, regions) => new ApproximationErrors(graph, regions));
}
