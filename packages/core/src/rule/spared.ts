import type { ForbiddenIntervals } from './shift.js';

/** A unit of which everything is asked. */
export const ASKED = -1;

/** A unit that may bend: nothing that it does reaches the output. */
export const UNREAD = -2;

/**
 * Of which units of a region's nonlinearities nothing is asked, `[units]` by name: {@link ASKED}, {@link UNREAD}, or the number of the flat
 * piece that a unit stays on whatever happens before it. Of a maximum: windows, {@link ASKED} or {@link UNREAD}.
 */
export type Spared = ReadonlyMap<string, Int8Array>;

/** Takes away, in place, what forbids shifts to units that are spared on a region; one entry per region. */
export function spareIntervals(
  { units, count, below, above }: ForbiddenIntervals,
  spared: readonly (Int8Array | undefined)[],
): void {
  const kinks = count / Math.max(1, spared.length);
  spared.forEach((each, r) => {
    each?.forEach((spare, j) => {
      if (spare === ASKED) return;
      // Above the kinks before its piece, below those after.
      const piece = spare === UNREAD ? 0 : spare;
      for (let k = 0; k < kinks; k++) {
        const at = (r * kinks + k) * units + j;
        below[at] = k < piece ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
        above[at] = below[at];
      }
    });
  });
}

/** How many units may bend on a region. */
export function unreadUnits(spared: Spared): number {
  let count = 0;
  for (const units of spared.values()) for (const spare of units) count += Number(spare === UNREAD);
  return count;
}

/** What regions spare of one nonlinearity. */
export function sparedAt(
  spared: readonly Spared[] | undefined,
  name: string,
): readonly (Int8Array | undefined)[] | undefined {
  return spared?.map(each => each.get(name));
}

/** The same as an option for the choice of winners. */
export function sparedWindows(
  spared: readonly Spared[] | undefined,
  name: string,
): { spared?: readonly (Int8Array | undefined)[] } {
  return spared ? { spared: spared.map(each => each.get(name)) } : {};
}
