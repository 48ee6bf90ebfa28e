import { PoliceError } from '@police/core';
import { loadedPrograms } from '@police/core/adapter';

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
