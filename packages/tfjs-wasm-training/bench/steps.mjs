// Training steps on the wasm backend, stock against registered: npm run bench -w @police/tfjs-wasm-training
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { register, unregister } from '../dist/index.js';

const { conv2d, dense, flatten, leakyReLU, maxPooling2d } = tfl.layers;

/** widths[0] → … → widths.at(-1), leaky ReLU between. */
function denseNet(widths) {
  const layers = widths.slice(1).flatMap((units, i) => {
    const last = i === widths.length - 2;
    const layer = dense({ units, ...(i === 0 ? { inputShape: [widths[0]] } : {}) });
    return last ? [layer] : [layer, leakyReLU({ alpha: 0.01 })];
  });
  return tfl.sequential({ layers });
}

const convNet = () =>
  tfl.sequential({
    layers: [
      conv2d({ filters: 8, kernelSize: 3, inputShape: [28, 28, 1] }),
      leakyReLU({ alpha: 0.01 }),
      maxPooling2d({ poolSize: 2 }),
      conv2d({ filters: 16, kernelSize: 3 }),
      leakyReLU({ alpha: 0.01 }),
      maxPooling2d({ poolSize: 2 }),
      flatten(),
      dense({ units: 10 }),
    ],
  });

async function on(backend, registered) {
  if (!(await tf.setBackend(backend))) throw new Error(`backend ${backend} did not start`);
  if (registered) register();
  else unregister();
}

/** One Adam step, and the loss before it, from weights that are the same for each contender. */
function makeStep(make, batch) {
  const model = make();
  model.setWeights(model.getWeights().map((w, i) => seeded(w, i + 1)));
  const shape = model.inputs[0].shape.slice(1);
  const x = tf.randomUniform([batch, ...shape], 0, 1, 'float32', 7);
  const labels = tf.tensor1d(
    Int32Array.from({ length: batch }, (_, i) => i % 10),
    'int32',
  );
  const y = tf.cast(tf.oneHot(labels, 10), 'float32');
  const optimizer = tf.train.adam(1e-3);
  return () =>
    tf.tidy(() => {
      const loss = () => tf.losses.softmaxCrossEntropy(y, model.apply(x, { training: true }));
      return optimizer.minimize(loss, true).dataSync()[0];
    });
}

function seeded(w, seed) {
  const fan = w.rank > 1 ? w.size / w.shape.at(-1) : 0;
  return fan === 0
    ? tf.zerosLike(w)
    : tf.mul(tf.randomUniform(w.shape, -1, 1, 'float32', seed), Math.sqrt(3 / fan));
}

const median = times => [...times].sort((a, b) => a - b)[times.length >> 1];

/** Contenders take turns, so that whatever else the machine does hits all of them. */
async function bench(name, make, batch, contenders, rounds) {
  for (const one of contenders) {
    await on(one.backend, one.registered);
    one.step = makeStep(make, batch);
    one.losses = [one.step(), one.step()]; // also warms up
    one.times = [];
  }
  const [first] = contenders;
  for (const { name: who, losses } of contenders) {
    losses.forEach((loss, i) => {
      if (!(Math.abs(loss - first.losses[i]) < 1e-3 * Math.abs(first.losses[i]))) {
        throw new Error(`${name}: ${who} has loss ${loss}, ${first.name} ${first.losses[i]}`);
      }
    });
  }
  for (let i = 0; i < rounds; i++) {
    for (const one of contenders) {
      await on(one.backend, one.registered);
      const start = performance.now();
      one.step();
      one.times.push(performance.now() - start);
    }
  }
  const least = times => Math.min(...times);
  console.log(name);
  for (const one of contenders) {
    // The minimum is what other work on the machine disturbs least.
    const [mid, min] = [median, least].map(
      of => `${of(one.times).toFixed(1).padStart(8)} ms  ${(of(first.times) / of(one.times)).toFixed(1)}×`,
    );
    console.log(`  ${one.name.padEnd(12)} median ${mid}   minimum ${min}`);
  }
}

const stock = { name: 'stock wasm', backend: 'wasm', registered: false };
const ours = { name: 'registered', backend: 'wasm', registered: true };
const cpu = { name: 'cpu', backend: 'cpu', registered: false };

await bench(
  '784-256-256-10, batch 128',
  () => denseNet([784, 256, 256, 10]),
  128,
  [{ ...stock }, { ...ours }],
  31,
);
await bench(
  '784-1024-1024-10, batch 1024',
  () => denseNet([784, 1024, 1024, 10]),
  1024,
  [{ ...stock }, { ...ours }],
  3,
);
await bench('conv net on 28 × 28, batch 32 (stock wasm cannot)', convNet, 32, [{ ...cpu }, { ...ours }], 5);
