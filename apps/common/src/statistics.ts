/** The middle half of a sample. */
export interface Quartiles {
  readonly q1: number;
  readonly median: number;
  readonly q3: number;
  /** Values in the sample. */
  readonly n: number;
}

/** Quartiles by linear interpolation between order statistics. NaN for no values. */
export function quartiles(values: readonly number[]): Quartiles {
  const sorted = [...values].sort((a, b) => a - b);
  return { q1: at(sorted, 0.25), median: at(sorted, 0.5), q3: at(sorted, 0.75), n: sorted.length };
}

function at(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const next = sorted[Math.min(below + 1, sorted.length - 1)];
  return sorted.length === 0 ? Number.NaN : sorted[below] + (place - below) * (next - sorted[below]);
}

export const median = (values: readonly number[]): number => quartiles(values).median;

/** Ratios round by round, which what else the machine does disturbs less than the ratio of medians. */
export function pairedRatios(times: readonly number[], base: readonly number[]): number[] {
  return times.slice(0, base.length).map((time, round) => time / base[round]);
}

/**
 * Standard error of the median of a roughly normal sample: 1.2533 σ / √n, with σ = IQR / 1.349 because outliers, which
 * timings have, must not count.
 */
export function medianError({ q1, q3, n }: Quartiles): number {
  return ((1.2533 / 1.349) * (q3 - q1)) / Math.sqrt(n);
}

/** Standard errors a difference must exceed: at 4, one false alarm in 16,000 comparisons of normal samples. */
const NOISE_ERRORS = 4;

/**
 * Whether two medians differ beyond the noise: by more than 4 standard errors of the difference, and by more than
 * `floor` of the old one, which stands for what varies from process to process but not within one.
 */
export function differs(old: Quartiles, now: Quartiles, floor: number): boolean {
  const change = Math.abs(now.median - old.median);
  const noise = NOISE_ERRORS * Math.hypot(medianError(old), medianError(now));
  return change > noise && change > floor * Math.abs(old.median);
}
