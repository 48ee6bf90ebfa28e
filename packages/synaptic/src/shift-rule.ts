import type { Activation, Policy, Region } from '@police/core';
import { shiftsOf } from '@police/core/adapter';
import type { BodyKernel } from './body-kernel.js';
import type { Tails } from './tails.js';

/** One layer's shifts, as core's `Shifts`, in arrays allocated once. */
export interface ShiftState {
  /** c `[units]`. */
  readonly shift: Float64Array;
  /** `[regions × kinks, units]`, what policy `sticky` keeps; 0 before the first choice. */
  readonly sides: Int8Array;
  /** Constraint (region · kinks + kink) that determines each shift, −1 where none does. */
  readonly active: Int32Array;
}

/** Where each region's rows of frame values lie. */
export interface RegionRows {
  readonly region: Region;
  readonly kernel: BodyKernel;
  /** Row of its origin; its d directions follow. */
  readonly start: number;
}

/**
 * Chooses the shifts of a layer from its pre-activations' frame values h, all finite, as core's `shiftsOf`: overwrites
 * the state. `margins` `[units]` per region, by default none, keep ranges that far from the kinks besides.
 */
export type ShiftRule = (h: Float64Array, state: ShiftState, margins?: Tails) => void;

/** The rule in place for policies and activations that training mostly has, else core's. */
export function shiftRule(
  rows: readonly RegionRows[],
  units: number,
  activation: Activation,
  policy: Policy,
): ShiftRule {
  const { kinks } = activation;
  if (kinks.length === 0) return () => {};
  const isPoint = kinks.length === 1 && kinks[0].lo === kinks[0].hi;
  return isPoint && (policy === 'sticky' || policy === 'minimal')
    ? flatRule(rows, units, kinks[0].lo, policy === 'sticky')
    : coreRule(rows, units, activation, policy);
}

/** Core's `shiftsOf`. Allocates. */
export function coreRule(
  rows: readonly RegionRows[],
  units: number,
  activation: Activation,
  policy: Policy,
): ShiftRule {
  const regions = rows.map(({ region }) => region);
  return (h, { shift, sides, active }, margins) => {
    const frames = rows.map(({ region, start }) => {
      const count = region.frame.rows;
      return { rows: count, cols: units, data: h.subarray(start * units, (start + count) * units) };
    });
    const found = shiftsOf(regions, frames, activation, policy, sides, undefined, margins);
    shift.set(found.shift);
    sides.set(found.sides);
    active.set(found.active);
  };
}

/** Core's rule for one kink at a point and policies `sticky` and `minimal`, without allocation. */
export function flatRule(
  rows: readonly RegionRows[],
  units: number,
  kink: number,
  isSticky: boolean,
): ShiftRule {
  const count = rows.length;
  // Ends of the forbidden intervals (below, above), core's `forbiddenIntervals`: `[regions, units]`.
  const above = new Float64Array(count * units); // holds each range's lo first
  const below = new Float64Array(count * units); // and hi
  return (h, { shift, sides, active }, margins) => {
    for (let r = 0; r < count; r++) {
      const { kernel, start } = rows[r];
      kernel.range(h, start * units, units, above, below, r * units);
      for (let j = 0, at = r * units; j < units; j++, at++) {
        const margin = margins ? margins[r][j] : 0;
        above[at] = kink - above[at] + margin;
        below[at] = kink - below[at] - margin;
      }
    }
    for (let j = 0; j < units; j++) {
      const kept = isSticky ? keptShift(j) : Number.NaN;
      const c = Number.isNaN(kept) ? nearestFreeShift(j) : kept;
      shift[j] = c;
      active[j] = -1;
      for (let r = count - 1, at = r * units + j; r >= 0; r--, at -= units) {
        sides[at] = c >= above[at] ? 1 : -1;
        if (c !== 0 && c === (c > 0 ? above[at] : below[at])) active[j] = r;
      }
    }

    /** The shift nearest 0 that keeps every side; NaN where a side is not known or the sides contradict each other. */
    function keptShift(j: number): number {
      let least = -Infinity;
      let most = Infinity;
      for (let at = j; at < above.length; at += units) {
        const side = above[at] <= 0 ? 1 : below[at] >= 0 ? -1 : sides[at];
        if (side === 0) return Number.NaN;
        if (side > 0) least = Math.max(least, above[at]);
        else most = Math.min(most, below[at]);
      }
      if (least > most) return Number.NaN;
      return least > 0 ? least : most < 0 ? most : 0;
    }
  };

  /** The free shift nearest 0; of two equally near, the positive one. */
  function nearestFreeShift(j: number): number {
    const up = firstFreeShift(j, 1);
    const down = up === 0 ? 0 : firstFreeShift(j, -1);
    return up <= -down ? up : down;
  }

  /** Leaves every interval that holds it, until none does: an interval once left is never entered again. */
  function firstFreeShift(j: number, direction: 1 | -1): number {
    let c = 0;
    for (let moved = true; moved; ) {
      moved = false;
      for (let at = j; at < above.length; at += units) {
        if (c <= below[at] || c >= above[at]) continue;
        c = direction > 0 ? above[at] : below[at];
        moved = true;
      }
    }
    return c;
  }
}
