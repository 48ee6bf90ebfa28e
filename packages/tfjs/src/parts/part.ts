import { PoliceError } from '@police/core';

/** What `constrain` leaves to those who use it: a page that does not need it does not load it. */
export interface Part<T> {
  /** From now on it is there: like TensorFlow.js' own register of layers, since what is loaded is made by a name in a file. */
  bring(value: T): void;
  /** Whether it is there. */
  readonly isThere: boolean;
  /** Throws `invalid-option`, naming the function to call, where it was not brought. */
  get(): T;
}

/** A part that the function of a name brings, and what it is needed for. */
export function partOf<T>(name: string, purpose: string): Part<T> {
  let brought: T | undefined;
  return {
    bring: value => {
      brought = value;
    },
    get isThere() {
      return brought !== undefined;
    },
    get: () => {
      if (brought !== undefined) return brought;
      throw new PoliceError({
        code: 'invalid-option',
        where: purpose,
        expected: `${name}() before`,
        actual: 'no such call',
        remedy: `import { ${name} } from '@police/tfjs' and call it once, or import '@police/tfjs/all', which has everything.`,
      });
    },
  };
}
