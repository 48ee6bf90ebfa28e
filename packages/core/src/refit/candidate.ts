import type { SettledSides, ShiftSharing } from '../frames/policed-pass.js';
import { type Enforced, enforce } from '../maps/enforce.js';
import type { Network } from '../network/network.js';
import type { Lookahead } from '../proof/sparing.js';
import type { Region } from '../regions/region.js';

/** A network before its shifts, and the sides that they are to put its units on. */
export interface Candidate {
  readonly network: Network;
  readonly sides: SettledSides;
  /** So that bends that cannot reach the output stay, see `EnforceOptions.lookahead`. */
  readonly lookahead?: Lookahead;
}

/** The network with its shifts, affine on every region. Throws what `enforce` throws. */
export function shifted(
  { network, sides, lookahead }: Candidate,
  regions: readonly Region[],
  sharing: ShiftSharing,
): Enforced {
  return enforce(network, regions, { sides, sharing, ...(lookahead ? { lookahead } : {}) });
}
