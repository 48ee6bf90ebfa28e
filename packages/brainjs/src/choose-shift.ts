/**
 * Core's `chooseShifts` and `nearestFreeShift` for the one kink of (leaky) ReLU, at 0, without allocating.
 *
 * `lo`, `hi` are a layer's ranges `[regions, units]`, `previous` the sides wanted, 0 for no wish. Returns the shift of one
 * unit, NaN where no finite one exists. On region r the shifts in (−hiᵣ, −loᵣ) are forbidden.
 */
export function chooseShift(
  lo: Float64Array,
  hi: Float64Array,
  units: number,
  regions: number,
  unit: number,
  previous: Int8Array,
): number {
  let least = Number.NEGATIVE_INFINITY;
  let most = Number.POSITIVE_INFINITY;
  for (let r = 0, at = unit; r < regions; r++, at += units) {
    const side = lo[at] >= 0 ? 1 : hi[at] <= 0 ? -1 : previous[at];
    // NaN ranges straddle; they are found out by the caller, who checks what comes of them.
    if (side === 0) return nearestFreeShift(lo, hi, units, regions, unit);
    if (side > 0) {
      if (-lo[at] > least) least = -lo[at];
    } else if (-hi[at] < most) most = -hi[at];
  }
  if (least > most) return nearestFreeShift(lo, hi, units, regions, unit);
  return least > 0 ? least : most < 0 ? most : 0;
}

/** The free shift nearest 0; of two equally near, the positive one. */
function nearestFreeShift(
  lo: Float64Array,
  hi: Float64Array,
  units: number,
  regions: number,
  unit: number,
): number {
  const up = firstFree(lo, hi, units, regions, unit, 1);
  if (up === 0) return 0;
  const down = firstFree(lo, hi, units, regions, unit, -1);
  return up <= -down ? up : down;
}

/** The first free shift from 0 in one direction: leave every interval that holds it, until none does. */
function firstFree(
  lo: Float64Array,
  hi: Float64Array,
  units: number,
  regions: number,
  unit: number,
  direction: 1 | -1,
): number {
  let c = 0;
  for (let moved = true; moved; ) {
    moved = false;
    for (let r = 0, at = unit; r < regions; r++, at += units) {
      if (c <= -hi[at] || c >= -lo[at]) continue;
      const next = direction > 0 ? -lo[at] : -hi[at];
      if (!(direction * (next - c) > 0)) return Number.NaN;
      c = next;
      moved = true;
    }
  }
  return c;
}
