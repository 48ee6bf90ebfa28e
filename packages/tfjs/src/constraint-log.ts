import { chordProbe } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { policedLayerOf } from './layer/policed-model.js';

/** What the constraint does and costs. */
export interface ConstraintReport {
  readonly epoch: number;
  /** The batch of the epoch; absent where a whole epoch is reported. */
  readonly batch?: number;
  /** Largest |f(midpoint) − mean of the ends| on random chords of the regions, before a final softmax or sigmoid. */
  readonly residual: number;
  /** Units with a shift and windows with a lifted winner now. */
  readonly shifted: number;
  /** All units and windows. */
  readonly units: number;
  /**
   * Share of the training time, since the last report, that the frames' forward pass and the choice of shifts took. Their
   * backward pass is part of the framework's and not counted.
   */
  readonly timeShare: number;
}

/** Of `constraintLog`: how often it reports, and on how many chords. */
export interface ConstraintLogOptions {
  /** @defaultValue 'epoch' */
  readonly per?: 'epoch' | 'batch';
  /**
   * Chords of each region that are probed.
   * @defaultValue 32
   */
  readonly chords?: number;
  /** @defaultValue Math.random */
  readonly random?: () => number;
}

/**
 * A callback for `fit` that reports on a constrained model after every epoch or batch, alone or in an array with others.
 *
 * @example
 * await policed.fit(x, y, { callbacks: constraintLog(policed, report => console.log(report)) });
 */
export function constraintLog(
  policed: tfl.LayersModel,
  log: (report: ConstraintReport) => void,
  { per = 'epoch', chords = 32, random = Math.random }: ConstraintLogOptions = {},
): tfl.CustomCallback {
  const layer = policedLayerOf(policed);
  let epoch = 0;
  let started = 0;
  let before = 0;
  let trained = 0;
  let constrained = 0;
  const report = (batch?: number) => {
    const timeShare = trained > 0 ? constrained / trained : 0;
    trained = 0;
    constrained = 0;
    const { units: shifted, of: units } = layer.shifted;
    const place = batch === undefined ? { epoch } : { epoch, batch };
    log({ ...place, residual: residualOf(policed, chords, random), shifted, units, timeShare });
  };
  return new tfl.CustomCallback({
    onEpochBegin: async current => {
      epoch = current;
    },
    onBatchBegin: async () => {
      started = tf.util.now();
      before = layer.constraintTime;
    },
    onBatchEnd: async batch => {
      trained += tf.util.now() - started;
      constrained += layer.constraintTime - before;
      if (per === 'batch') report(batch);
    },
    onEpochEnd: async () => {
      if (per === 'epoch') report();
    },
  });
}

/** The largest residual of chords of any region, at inference. */
function residualOf(policed: tfl.LayersModel, chords: number, random: () => number): number {
  const layer = policedLayerOf(policed);
  const shape = policed.inputs[0].shape.slice(1) as number[];
  return layer.settings.regions.reduce((worst, region) => {
    const { points, residual } = chordProbe(region, chords, random);
    const outputs = tf.tidy(() =>
      layer.beforeHead(tf.tensor(Float32Array.from(points.data), [points.rows, ...shape])),
    );
    const data = Float64Array.from(outputs.dataSync());
    outputs.dispose();
    return Math.max(worst, residual({ rows: points.rows, cols: data.length / points.rows, data }));
  }, 0);
}
