import type { ChordProbe } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import cliProgress from 'cli-progress';
import { CLASSES, type Digits, PIXELS } from './digits.js';
import { residualsOf, tfjsPredictor } from './probes.js';

export interface TrainingPlan {
  readonly title: string;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Chords probed every few steps, region by region. */
  readonly probes: readonly ChordProbe[];
}

export interface TrainingOutcome {
  /** Largest residual of any probe during training, region by region. */
  readonly worstResiduals: number[];
  /** Median milliseconds of one step, probing left out. */
  readonly msPerStep: number;
}

/** Probing costs a forward pass of a few hundred points; every so many steps it does not show. */
const PROBE_EVERY = 10;

/** Compiles and fits a model on the digits, unshuffled so that every model sees the same batches. */
export async function fit(
  model: tfl.LayersModel,
  digits: Digits,
  plan: TrainingPlan,
): Promise<TrainingOutcome> {
  const { title, epochs, batchSize, probes } = plan;
  model.compile({
    optimizer: tf.train.adam(plan.learningRate),
    loss: (labels: tf.Tensor, logits: tf.Tensor) => tf.losses.softmaxCrossEntropy(labels, logits),
    metrics: ['accuracy'],
  });
  const count = digits.labels.length;
  const x = tf.tensor2d(digits.images, [count, PIXELS]);
  const y = tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(digits.labels, 'int32'), CLASSES), 'float32'));
  const bar = progressBar(title);
  bar.start(epochs * Math.ceil(count / batchSize), 0, {
    epoch: `1/${epochs}`,
    loss: '',
    accuracy: '',
    residual: '',
  });
  const worstResiduals = probes.map(() => 0);
  const times: number[] = [];
  let step = 0;
  let started = 0;
  await model.fit(x, y, {
    epochs,
    batchSize,
    shuffle: false,
    verbose: 0,
    yieldEvery: 'never', // the bar is updated after every step, and yields
    callbacks: {
      onEpochBegin: async epoch => bar.update({ epoch: `${epoch + 1}/${epochs}` }),
      onBatchBegin: async () => {
        started = performance.now();
      },
      onBatchEnd: async (_batch, logs) => {
        times.push(performance.now() - started);
        if (step++ % PROBE_EVERY === 0) {
          const residuals = await residualsOf(tfjsPredictor(model), probes);
          residuals.forEach((residual, r) => {
            worstResiduals[r] = Math.max(worstResiduals[r], residual);
          });
        }
        bar.increment(1, {
          loss: logs?.loss?.toFixed(3) ?? '',
          accuracy: logs?.acc?.toFixed(3) ?? '',
          residual: Math.max(...worstResiduals).toExponential(1),
        });
        await new Promise(resolve => setImmediate(resolve));
      },
    },
  });
  bar.stop();
  tf.dispose([x, y]);
  times.sort((a, b) => a - b);
  return { worstResiduals, msPerStep: times[times.length >> 1] };
}

function progressBar(title: string): cliProgress.SingleBar {
  return new cliProgress.SingleBar(
    {
      format: `${title} {bar} {percentage}% | epoch {epoch} | loss {loss} | accuracy {accuracy} | affine residual ≤ {residual} | {eta_formatted} left`,
      barsize: 20,
      hideCursor: true,
      noTTYOutput: true,
      notTTYSchedule: 5000,
    },
    cliProgress.Presets.shades_classic,
  );
}
