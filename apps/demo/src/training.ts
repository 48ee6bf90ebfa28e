import { progressBar } from '@police/common/progress';
import { median } from '@police/common/statistics';
import { outputsOf } from '@police/common/tfjs';
import type { ChordProbe } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { CLASSES, type Digits, PIXELS } from './digits.js';
import { residualsOf } from './probes.js';

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
  { title, epochs, batchSize, learningRate, probes }: TrainingPlan,
): Promise<TrainingOutcome> {
  model.compile({
    optimizer: tf.train.adam(learningRate),
    loss: (labels: tf.Tensor, logits: tf.Tensor) => tf.losses.softmaxCrossEntropy(labels, logits),
    metrics: ['accuracy'],
  });
  const count = digits.labels.length;
  const x = tf.tensor2d(digits.images, [count, PIXELS]);
  const y = tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(digits.labels, 'int32'), CLASSES), 'float32'));
  const bar = progressBar(`${title} ${FORMAT}`, { barsize: 20, hideCursor: true, notTTYSchedule: 5000 });
  bar.start(epochs * Math.ceil(count / batchSize), 0, { epoch: '', loss: '', accuracy: '', residual: '' });
  const watch = stepWatch(model, probes, bar);
  await model.fit(x, y, {
    epochs,
    batchSize,
    shuffle: false,
    verbose: 0,
    yieldEvery: 'never', // the bar is updated after every step, and yields
    callbacks: {
      ...watch.callbacks,
      onEpochBegin: async epoch => bar.update({ epoch: `${epoch + 1}/${epochs}` }),
    },
  });
  bar.stop();
  tf.dispose([x, y]);
  return watch.outcome();
}

const FORMAT =
  '{bar} {percentage}% | epoch {epoch} | loss {loss} | accuracy {accuracy} | affine residual ≤ {residual} | {eta_formatted} left';

/** Times the steps and probes the model in between. */
function stepWatch(
  model: tfl.LayersModel,
  probes: readonly ChordProbe[],
  bar: ReturnType<typeof progressBar>,
): { callbacks: tfl.CustomCallbackArgs; outcome(): TrainingOutcome } {
  const worstResiduals = probes.map(() => 0);
  const times: number[] = [];
  let started = 0;
  return {
    callbacks: {
      onBatchBegin: async () => {
        started = performance.now();
      },
      onBatchEnd: async (_batch, logs) => {
        times.push(performance.now() - started);
        if ((times.length - 1) % PROBE_EVERY === 0) {
          const residuals = await residualsOf(x => outputsOf(model, x), probes);
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
    outcome: () => ({ worstResiduals, msPerStep: median(times) }),
  };
}
