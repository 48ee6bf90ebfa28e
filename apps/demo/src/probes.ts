import { seededRng } from '@police/common/random';
import { type ChordProbe, chordProbe, type Matrix, type Region } from '@police/core';

/** Evaluates a model on rows `[n, D]`. */
export type Predictor = (x: Matrix) => Matrix | Promise<Matrix>;

/** Chords of each region; 3 points a chord. */
export function probesOf(regions: readonly Region[], chords: number, seed: number): ChordProbe[] {
  const rng = seededRng(seed);
  return regions.map(region => chordProbe(region, chords, rng));
}

/** The largest affine residual of the predictor on each probe. */
export async function residualsOf(predict: Predictor, probes: readonly ChordProbe[]): Promise<number[]> {
  const residuals: number[] = [];
  for (const probe of probes) residuals.push(probe.residual(await predict(probe.points)));
  return residuals;
}

/** The share of rows whose largest output is at the label. */
export function accuracy({ rows, cols, data }: Matrix, labels: Uint8Array): number {
  let hits = 0;
  for (let i = 0; i < rows; i++) {
    const row = data.subarray(i * cols, (i + 1) * cols);
    if (row.indexOf(row.reduce((a, b) => Math.max(a, b))) === labels[i]) hits++;
  }
  return hits / rows;
}
