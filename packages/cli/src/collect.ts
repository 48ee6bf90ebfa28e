import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of a model from which on it matters. */
const LARGE = 2 ** 26;

let collectNow: (() => void) | undefined;

/**
 * Gives back what was let go of a large model, before as much is taken again: of memory outside of its heap, as arrays of numbers are, the engine
 * collects nothing until about twice as much is taken.
 */
export function collectAfter(bytes: number): void {
  if (bytes < LARGE) return;
  if (!collectNow) {
    setFlagsFromString('--expose-gc');
    collectNow = runInNewContext('gc') as () => void;
  }
  collectNow();
}
