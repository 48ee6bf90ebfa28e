import type { LinearPrograms } from './linear-programs.js';

let loaded: LinearPrograms | undefined;

/**
 * The solver that was loaded last in this process, if one was: what regions take where none is passed. JSON holds no solver, so this is what
 * lets a saved polytope of too many vertices load by itself.
 */
export const loadedPrograms = (): LinearPrograms | undefined => loaded;

/** Remembers a solver for {@link loadedPrograms}; `loadLinearPrograms` does so with its own. */
export function usePrograms(programs: LinearPrograms): void {
  loaded = programs;
}
