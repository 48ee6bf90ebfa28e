/** Losses at a number of steps. */
export interface LossPoint {
  readonly step: number;
  readonly police: number;
  readonly free: number;
}

/** At most this many points in the chart: then every other one goes. */
const MOST_POINTS = 400;

const thinned = (points: readonly LossPoint[]): readonly LossPoint[] =>
  points.length <= MOST_POINTS ? points : points.filter((_, i) => i % 2 === 0 || i === points.length - 1);

export function extended(points: readonly LossPoint[], next: LossPoint): readonly LossPoint[] {
  const last = points.at(-1)?.step ?? -1;
  if (next.step === last) return points;
  // Fewer steps: the last picture of networks that are no more came after the chart was emptied.
  return next.step < last ? [next] : thinned([...points, next]);
}
