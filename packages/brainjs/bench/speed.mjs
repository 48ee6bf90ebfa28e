/**
 * Time per sample of constrained training beside plain brain.js, on 2-32-32-1 (wave, triangle: a frame of 3 rows), and of
 * `run`. Correctness first; contenders interleaved; medians. Build first, then: node packages/brainjs/bench/speed.mjs
 */

import { constrain, freeze } from '@police/brainjs';
import { median } from '@police/common/statistics';
import { chordProbe } from '@police/core';
import { mulberry32 } from '@police/testing/random';
import { NeuralNetwork } from 'brain.js';
import { initialize, shuffled, triangle, waveData } from './wave.mjs';

const ROUNDS = Number(process.argv[2] ?? 15);
const data = shuffled(waveData(20), 7);
const sizes = { inputSize: 2, hiddenLayers: [32, 32], outputSize: 1 };
const train = { iterations: 20, learningRate: 0.003, errorThresh: 1e-9 };

const make = (more = {}) => {
  const net = new NeuralNetwork({ ...sizes, activation: 'leaky-relu', ...more });
  net.initialize();
  initialize(net, 1);
  return net;
};
const policed = (options, more) => () => constrain(make(more), { regions: [triangle], ...options });

const contenders = {
  'brain.js': make,
  'no regions': () => constrain(make(), { regions: [] }),
  exact: policed(),
  local: policed({ gradient: 'local' }),
  project: policed({ mode: 'project' }),
  'refresh 4': policed({ refresh: 4 }),
  'refresh 16': policed({ refresh: 16 }),
  'project, refresh 16': policed({ mode: 'project', refresh: 16 }),
  'brain.js, adam': () => make({ praxis: 'adam' }),
  'exact, adam': policed({}, { praxis: 'adam' }),
  'refresh 16, adam': policed({ refresh: 16 }, { praxis: 'adam' }),
};

function assertCorrect() {
  const [plain, none] = [make(), contenders['no regions']()];
  for (const net of [plain, none]) net.train(data, train);
  if (JSON.stringify(plain.toJSON().layers) !== JSON.stringify(none.toJSON().layers)) {
    throw new Error('without regions, training is not brain.js’s');
  }
  const probe = chordProbe(triangle, 200, mulberry32(3));
  for (const [name, contender] of Object.entries(contenders)) {
    if (name.startsWith('brain.js') || name === 'no regions') continue;
    const net = contender();
    net.train(data, train);
    const { rows, data: points } = probe.points;
    const values = Float64Array.from(
      { length: rows },
      (_, i) => net.run([points[2 * i], points[2 * i + 1]])[0],
    );
    const residual = probe.residual({ rows, cols: 1, data: values });
    if (!(residual < 1e-6)) throw new Error(`${name}: residual ${residual}`);
  }
}

/** Milliseconds. */
function timed(work) {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function interleaved(works, rounds) {
  const times = Object.fromEntries(Object.keys(works).map(name => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, prepare] of Object.entries(works)) {
      const work = prepare();
      const time = timed(work);
      if (round > 0) times[name].push(time); // the first warms up
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, median(values)]));
}

assertCorrect();
const samples = data.length * train.iterations;
const training = interleaved(
  Object.fromEntries(
    Object.entries(contenders).map(([name, contender]) => [
      name,
      () => {
        const net = contender();
        return () => net.train(data, train);
      },
    ]),
  ),
  ROUNDS,
);
const rows = triangle.frame.rows;
const bounds = {
  exact: 1 + rows,
  local: 1 + rows,
  project: 1 + rows / 3,
  'refresh 4': 1 + rows / 4,
  'refresh 16': 1 + rows / 16,
};
console.log(`training, 2-32-32-1, frame of ${rows} rows, ${ROUNDS - 1} rounds of ${samples} samples each`);
for (const [name, ms] of Object.entries(training)) {
  const base = training[name.endsWith('adam') ? 'brain.js, adam' : 'brain.js'];
  const bound = bounds[name.replace(', adam', '')];
  console.log(
    `  ${name.padEnd(20)} ${((ms / samples) * 1e3).toFixed(2).padStart(7)} µs/sample` +
      `  × ${(ms / base).toFixed(2)} brain.js${bound ? `  (multiply-adds × ${bound.toFixed(2)})` : ''}`,
  );
}

const inputs = data.map(({ input }) => input);
const runners = {
  'brain.js run': make(),
  'frozen run': freeze(policed()()).model,
  'constrained run': policed()(),
};
const RUNS = 50;
const running = interleaved(
  Object.fromEntries(
    Object.entries(runners).map(([name, net]) => [
      name,
      () => () => {
        for (let i = 0; i < RUNS; i++) for (const input of inputs) net.run(input);
      },
    ]),
  ),
  ROUNDS,
);
console.log('inference');
for (const [name, ms] of Object.entries(running)) {
  console.log(
    `  ${name.padEnd(20)} ${((ms / RUNS / inputs.length) * 1e3).toFixed(2).padStart(7)} µs  × ${(ms / running['brain.js run']).toFixed(2)}`,
  );
}
