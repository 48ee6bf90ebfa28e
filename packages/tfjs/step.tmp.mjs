// node step.mjs size depth width rounds [variant]
import '@tensorflow/tfjs-backend-wasm';
import { box, simplex } from '@police/core';
import { constrain } from '@police/tfjs';
import { register } from '@police/tfjs-wasm-training';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

register();
await tf.setBackend('wasm');
tf.env().set('CHECK_COMPUTATION_FOR_ERRORS', false);
const [size, depth, width, rounds] = process.argv.slice(2, 6).map(Number);
const which = (process.argv[6] ?? 'unconstrained,ours').split(',');
const batch = Number(process.argv[7] ?? 1024);
const regionKind = process.argv[8] ?? 'simplex';
const hidden = Array.from({ length: depth }, (_, i) => [
  tfl.layers.dense({
    units: width,
    ...(i === 0 ? { inputShape: [size] } : {}),
    biasInitializer: 'randomNormal',
  }),
  tfl.layers.leakyReLU({ alpha: 0.01 }),
]).flat();
const model = tfl.sequential({ layers: [...hidden, tfl.layers.dense({ units: 1 })] });
const vertices = [
  new Float64Array(size),
  ...Array.from({ length: size }, (_, i) => {
    const v = new Float64Array(size);
    v[i] = 1 / Math.sqrt(size);
    return v;
  }),
];
const region =
  regionKind === 'simplex'
    ? simplex(vertices)
    : box(new Float64Array(size).fill(-0.05), new Float64Array(size).fill(0.05));
const x = tf.randomNormal([batch, size]);
const vars = model.trainableWeights.map(w => w.val);
const make = options => {
  const p = constrain(model, options);
  return async () => {
    const loss = tf.tidy(() => {
      const { value, grads } = tf.variableGrads(
        () => tf.mean(tf.square(p.apply(x, { training: true }))),
        vars,
      );
      for (const v of vars) {
        tf.tidy(() => v.assign(tf.sub(v, tf.mul(1e-9, grads[v.name]))));
        grads[v.name].dispose();
      }
      return value;
    });
    await loss.data();
    loss.dispose();
  };
};
const all = {
  unconstrained: { regions: [] },
  ours: { regions: [region] },
  local: { regions: [region], gradient: 'local' },
  refresh: { regions: [region], refresh: 4 },
};
const runs = which.map(n => [n, make(all[n])]);
for (const [, r] of runs) {
  await r();
  await r();
}
const times = runs.map(() => []);
for (let i = 0; i < rounds; i++)
  for (let k = 0; k < runs.length; k++) {
    const j = (k + i) % runs.length;
    const t = performance.now();
    await runs[j][1]();
    times[j].push(performance.now() - t);
  }
const med = a => [...a].sort((p, q) => p - q)[a.length >> 1];
runs.forEach(([n], j) => {
  const ratios = times[j].map((t, i) => t / times[0][i]);
  console.log(
    n.padEnd(14),
    med(times[j]).toFixed(2),
    'ms  min',
    Math.min(...times[j]).toFixed(2),
    ' ratio',
    med(ratios).toFixed(3),
  );
});
