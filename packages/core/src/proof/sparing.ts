import { PoliceError } from '../errors.js';
import type { Network } from '../network/network.js';
import type { Region } from '../regions/region.js';
import type { AffinePieces } from '../rule/pieces.js';
import type { Spared } from '../rule/spared.js';

/** A network made affine on regions, units that were spared aside. */
export interface SparingAttempt {
  /** The network with its shifts. */
  readonly network: Network;
  readonly pieces: AffinePieces;
  /** What moving units has cost, by whatever measure: of two attempts the one that costs less is taken. */
  readonly cost: number;
}

/**
 * Chooses which units to spare, see the function `lookahead`. Who enforces or freezes is given it and does not import it: bounds on what may
 * bend are several times the size of the rest.
 */
export type Lookahead = <T extends SparingAttempt>(
  net: Network,
  regions: readonly Region[],
  whole: T,
  attempt: (spared: readonly Spared[]) => T,
  memory?: number,
) => T;

/** Throws `invalid-option` for what is no function, such as `true`. */
export function assertLookahead(lookahead: Lookahead | undefined): void {
  if (lookahead === undefined || typeof lookahead === 'function') return;
  throw new PoliceError({
    code: 'invalid-option',
    where: 'lookahead',
    expected: 'the function of that name, or nothing',
    actual: `${lookahead}`,
    remedy: "import { lookahead } from '@police/core', and pass it.",
  });
}
