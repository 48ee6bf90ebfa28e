import { type LinearPrograms, PoliceError } from '@police/core';
import { loadedPrograms, usePrograms } from '@police/core/adapter';

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

/** Makes sure that programs are known. Throws `invalid-option` where none are to be had. */
export async function findLinearPrograms(): Promise<void> {
  if (loadedPrograms()) return;
  try {
    const { loadLinearPrograms } = await import('@police/core/highs');
    await loadLinearPrograms();
  } catch (cause) {
    throw new PoliceError({
      code: 'invalid-option',
      where: 'regions',
      expected: 'a solver of linear programs, for a polytope of too many vertices to list',
      actual: cause instanceof Error ? cause.message : `${cause}`,
      remedy: "Pass { programs: await loadLinearPrograms() }, from '@police/core/highs'.",
      cause,
    });
  }
}
