import { PoliceError } from '../errors.js';
import type { Network } from '../network/network.js';
import { type Matrix, pickRows, rowOf, rowRange } from '../numeric/matrix.js';
import { type Rng, seededRng } from '../numeric/random.js';
import type { Region } from '../regions/region.js';

/** Of the points this share is held out, but no more than so many. */
const HELD_OUT_SHARE = 0.25;
const MOST_HELD_OUT = 4096;

/** Fewer say nothing. */
const FEWEST = 8;

/** Points that layers are fitted on, as far as the values of all nodes on them take no more bytes: training takes all of them. */
const MOST_FITTED = 8192;
const FIT_BYTES = 2 ** 28;

/** Points outside the regions, in a random order: to fit on, and held out. Throws `invalid-option` where there are too few. */
export function splitPoints(
  points: Matrix,
  regions: readonly Region[],
  seed: number,
): { readonly fitted: Matrix; readonly heldOut: Matrix } {
  const isOutside = (i: number) => !regions.some(region => region.contains(rowOf(points, i)));
  const rows = Array.from({ length: points.rows }, (_, i) => i).filter(isOutside);
  if (rows.length < FEWEST) {
    throw new PoliceError({
      code: 'invalid-option',
      where: 'points',
      expected: `at least ${FEWEST} outside the regions`,
      actual: `${rows.length} of ${points.rows}`,
      remedy: 'Give samples, or points of a domain that is larger than the regions.',
    });
  }
  shuffle(rows, seededRng(seed));
  const held = Math.min(MOST_HELD_OUT, Math.floor(HELD_OUT_SHARE * rows.length));
  return { heldOut: pickRows(points, rows.slice(0, held)), fitted: pickRows(points, rows.slice(held)) };
}

/** The first points, as many as layers are fitted on; one at least. */
export function firstThatFit(net: Network, points: Matrix): Matrix {
  const bytes = 8 * [...net.sizes.values()].reduce((sum, size) => sum + size, 0);
  const most = Math.max(1, Math.min(MOST_FITTED, Math.floor(FIT_BYTES / bytes)));
  return rowRange(points, 0, Math.min(points.rows, most));
}

/** Puts a list in a random order, in place (Fisher and Yates). */
export function shuffle(list: number[], rng: Rng): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(rng() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
}
