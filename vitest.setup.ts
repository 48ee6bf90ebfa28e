import fc from 'fast-check';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** The seed of all generated cases; new ones in every run without it. */
    seed: number | undefined;
  }
}

// Given by the configuration, for a page has no environment of its own.
const seed = inject('seed');
if (seed !== undefined) fc.configureGlobal({ seed });
