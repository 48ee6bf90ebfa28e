import { type LinearPrograms, PoliceError } from '@police/core';

let known: LinearPrograms | undefined;

/**
 * Tells what solves linear programs for the regions of models loaded from now on: an `hPolytope` of too many vertices to list needs it.
 * `nodeFiles` finds one by itself.
 *
 * @example
 * useLinearPrograms(await loadLinearPrograms()); // from '@police/core/highs'
 * const resumed = await loadLayersModel('model.json');
 */
export function useLinearPrograms(programs: LinearPrograms): void {
  known = programs;
}

/** As `regionFromJSON` takes them. */
export const knownPrograms = (): { programs?: LinearPrograms } => (known ? { programs: known } : {});

/** Makes sure that programs are known. Throws `invalid-option` where none are to be had. */
export async function findLinearPrograms(): Promise<void> {
  if (known) return;
  try {
    const { loadLinearPrograms } = await import('@police/core/highs');
    known = await loadLinearPrograms();
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
