import { type Activation, slopeAt } from '../network/activation.js';
import type { Shifts } from './shift.js';
import type { MaxShifts } from './winners.js';

/** What fixes the linear part of the map on each region: the piece every unit is on, the entry that wins, by node name. */
export interface AffinePieces {
  readonly layers: ReadonlyMap<string, { readonly shifts: Shifts }>;
  readonly maxima: ReadonlyMap<string, MaxShifts>;
}

/** The piece each unit lies on over a region, `[units]`: the number of kinks it is above. */
export function piecesOn(region: number, { kinks }: Activation, sides: Int8Array, units: number): Int32Array {
  const pieces = new Int32Array(units);
  for (let k = 0; k < kinks.length; k++) {
    const start = (region * kinks.length + k) * units;
    for (let j = 0; j < units; j++) if (sides[start + j] > 0) pieces[j]++;
  }
  return pieces;
}

/** Slope `[units]` of the pieces that sides select on a region. */
export function slopesOn(
  activation: Activation,
  sides: Int8Array,
  region: number,
  units: number,
): Float64Array {
  const { pieces } = activation;
  const index = piecesOn(region, activation, sides, units);
  const slopes = new Float64Array(units);
  for (let j = 0; j < units; j++) slopes[j] = slopeAt(pieces[index[j]], j);
  return slopes;
}
