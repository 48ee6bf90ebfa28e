import { PoliceError } from '@police/core';

/** What the process ends with. */
export const EXIT = {
  done: 0,
  /** The model could not be certified, or a certificate does not hold. */
  notCertified: 1,
  /** A file, region or option that makes no sense. */
  badInput: 2,
  /** A model with something that cannot be constrained. */
  unsupported: 3,
} as const;

/** The code for an error of the libraries. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof PoliceError)) return EXIT.badInput;
  switch (error.code) {
    case 'unsupported-layer':
    case 'unsupported-activation':
    case 'too-large':
      return EXIT.unsupported;
    case 'not-frozen':
    case 'no-free-shift':
    case 'infeasible-target':
      return EXIT.notCertified;
    default:
      return EXIT.badInput;
  }
}
