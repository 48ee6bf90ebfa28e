import { type ChordProbe, chordProbe, type Matrix, type Region } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Evaluates a model on rows `[n, D]`. */
export type Predictor = (x: Matrix) => Promise<Matrix>;

export function seededRng(seed: number): () => number {
  const generator = xoroshiro128plus(seed);
  return () => uniformFloat64(generator);
}

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

export function tfjsPredictor(model: LayersModel): Predictor {
  return async ({ rows, cols, data }) => {
    const y = tf.tidy(
      () =>
        model.predict(tf.tensor2d(Float32Array.from(data), [rows, cols]), { batchSize: rows }) as tf.Tensor2D,
    );
    const values = { rows, cols: y.shape[1], data: Float64Array.from(y.dataSync()) };
    y.dispose();
    return values;
  };
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
