import { chordProbe } from '../maps/chord-probe.js';
import type { Matrix } from '../numeric/matrix.js';
import type { Rng } from '../numeric/random.js';
import type { Region } from '../regions/region.js';

/** How well a constraint holds in training, and what it does. */
export interface ConstraintReport {
  /** Largest |f(midpoint) − mean of the ends| on random chords of the regions. */
  readonly residual: number;
  /** Units with a shift now. */
  readonly shifted: number;
  /** All units. */
  readonly units: number;
}

export interface ConstraintReportOptions {
  /**
   * Chords of each region that are probed.
   * @defaultValue 32
   */
  readonly chords?: number | undefined;
  /** @defaultValue Math.random */
  readonly random?: Rng | undefined;
}

/** Looks at the model itself: `run` gives its outputs `[n, outSize]` at points `[n, D]`. Shifts by name of their layer. */
export function constraintReport(
  regions: readonly Region[],
  shifts: Readonly<Record<string, Float64Array>>,
  run: (points: Matrix) => Matrix,
  { chords = 32, random = Math.random }: ConstraintReportOptions = {},
): ConstraintReport {
  const all = Object.values(shifts).flatMap(shift => Array.from(shift));
  return {
    residual: regions.reduce((worst, region) => {
      const { points, residual } = chordProbe(region, chords, random);
      return Math.max(worst, residual(run(points)));
    }, 0),
    shifted: all.filter(c => c !== 0).length,
    units: all.length,
  };
}
