import { seededRng } from '@police/core/adapter';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

export { seededRng, tf, tfl };

/** A dense network of smooth units with one output, its first weights drawn from a seed. */
export function denseNetwork(inputs, width, activation, seed) {
  const init = i => tfl.initializers.glorotUniform({ seed: seed + i });
  return tfl.sequential({
    layers: [
      tfl.layers.dense({ inputShape: [inputs], units: width, activation, kernelInitializer: init(0) }),
      tfl.layers.dense({ units: width, activation, kernelInitializer: init(1) }),
      tfl.layers.dense({ units: 1, kernelInitializer: init(2) }),
    ],
  });
}

/** A standard normal variate. */
export const normal = rng => Math.sqrt(-2 * Math.log(1 - rng())) * Math.cos(2 * Math.PI * rng());

/** The values `[rows]` of a model of one output. */
export function valuesAt(model, rows) {
  return tf.tidy(() => Array.from(model.predict(tf.tensor2d(rows)).dataSync()));
}

/** Steps of Adam on random batches, the learning rate falling to 0; one tensor of losses per call of `loss`. */
export async function train(model, { steps, rate = 0.01, loss }) {
  const optimizer = tf.train.adam(rate);
  for (let step = 0; step < steps; step++) {
    optimizer.learningRate = rate * 0.5 * (1 + Math.cos((Math.PI * step) / steps));
    optimizer.minimize(() => loss(model, step));
  }
  optimizer.dispose();
}

/** The mean squared error on a batch of rows drawn anew in each step. */
export function regression(rows, targets, batch, rng) {
  return model =>
    tf.tidy(() => {
      const picked = Array.from({ length: batch }, () => Math.floor(rng() * rows.length));
      const x = tf.tensor2d(picked.map(i => rows[i]));
      const y = tf.tensor2d(picked.map(i => [targets[i]]));
      return tf.mean(tf.square(tf.sub(model.apply(x, { training: true }), y)));
    });
}

export const meanSquare = values => values.reduce((sum, v) => sum + v * v, 0) / values.length;

/** Whether a module is what node was started with. */
export const isMain = url =>
  process.argv[1] !== undefined && url === new URL(`file://${process.argv[1]}`).href;
