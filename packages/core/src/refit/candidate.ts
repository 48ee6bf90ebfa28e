import type { SettledSides } from '../frames/policed-pass.js';
import type { Network } from '../network/network.js';

/** A network before its shifts, and the sides that they are to put its units on. */
export interface Candidate {
  readonly network: Network;
  readonly sides: SettledSides;
}
