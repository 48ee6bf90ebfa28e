import { chordProbe } from '../maps/chord-probe.js';
import { type Matrix, matrixFromRows, rowOf } from '../numeric/matrix.js';
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

/** How closely {@link constraintReport} looks. */
export interface ConstraintReportOptions {
  /**
   * Chords of each region that are probed.
   * @defaultValue 32
   */
  readonly chords?: number | undefined;
  /** @defaultValue Math.random */
  readonly random?: Rng | undefined;
}

/** A report in training, after so many passes over the data. */
export interface LoggedReport extends ConstraintReport {
  readonly iterations: number;
  readonly error: number;
}

/** What of a constrained model a report is about. Shifts by name of their layer, `[units]`. */
interface Constrained {
  readonly regions: readonly Region[];
  readonly shifts: Readonly<Record<string, Float64Array>>;
}

/** Looks at the model itself: `run` gives its outputs `[n, outSize]` at points `[n, D]`. */
export function constraintReport(
  { regions, shifts }: Constrained,
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

/** A callback for frameworks that run samples one by one, `run` as they do. */
export function constraintLogOf(
  policed: Constrained,
  run: (x: Float64Array) => ArrayLike<number>,
  log: (report: LoggedReport) => void,
  options: ConstraintReportOptions = {},
): (state: { readonly iterations: number; readonly error: number }) => void {
  const runRows = (points: Matrix) =>
    matrixFromRows(Array.from({ length: points.rows }, (_, i) => Array.from(run(rowOf(points, i)))));
  return ({ iterations, error }) => {
    // Returns nothing, for a true value would end the training of some frameworks.
    log({ iterations, error, ...constraintReport(policed, runRows, options) });
  };
}
