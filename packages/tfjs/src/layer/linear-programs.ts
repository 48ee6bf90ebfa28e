import type { LinearPrograms } from '@police/core';
import { usePrograms } from '@police/core/adapter';

/**
 * Tells what solves linear programs for the regions of models loaded from now on: an `hPolytope` of too many vertices to list needs it.
 * `nodeFiles` finds one by itself.
 *
 * @example
 * useLinearPrograms(await loadLinearPrograms()); // from '@police/core/highs'
 * const resumed = await loadLayersModel('model.json');
 */
export function useLinearPrograms(programs: LinearPrograms): void {
  usePrograms(programs);
}
