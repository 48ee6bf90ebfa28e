/**
 * Loss on the wave under the constraint beside plain brain.js: short and long budgets, six seeds, and the curves of
 * `refresh`. Build first, then: node packages/brainjs/bench/learning.mjs
 */
import { constrain } from '@police/brainjs';
import { NeuralNetwork } from 'brain.js';
import { initialize, shuffled, triangle, waveData } from './wave.mjs';

const SEEDS = [1, 2, 3, 4, 5, 6];
const contenders = {
  'brain.js': undefined,
  exact: {},
  local: { gradient: 'local' },
  'refresh 4': { refresh: 4 },
  'refresh 16': { refresh: 16 },
  project: { mode: 'project' },
};
const budgets = {
  'momentum, 20 × 20 grid, 300 epochs': {
    side: 20,
    stages: [
      { iterations: 100, learningRate: 0.01 },
      { iterations: 100, learningRate: 0.01 },
      { iterations: 100, learningRate: 0.003 },
    ],
  },
  'Adam, 40 × 40 grid, 120 epochs': {
    side: 40,
    more: { praxis: 'adam' },
    stages: [
      { iterations: 30, learningRate: 0.002 },
      { iterations: 30, learningRate: 0.002 },
      { iterations: 40, learningRate: 0.0005 },
      { iterations: 20, learningRate: 0.0001 },
    ],
  },
};

for (const [budget, { side, stages, more }] of Object.entries(budgets)) {
  const data = shuffled(waveData(side), 7);
  console.log(`${budget}; no network affine on the triangle is below ${floorOf(data).toFixed(5)}`);
  for (const [name, options] of Object.entries(contenders)) {
    const curves = SEEDS.map(seed => curveOf(seed, options, data, stages, more));
    const means = stages.map((_, i) => meanOf(curves.map(curve => curve[i])).toFixed(5));
    const finals = curves.map(curve => curve.at(-1)?.toFixed(4)).join(' ');
    console.log(`  ${name.padEnd(10)} mean after each stage ${means.join(' → ')}   final by seed ${finals}`);
  }
}

function curveOf(seed, options, data, stages, more) {
  const plain = new NeuralNetwork({
    inputSize: 2,
    hiddenLayers: [32, 32],
    outputSize: 1,
    activation: 'leaky-relu',
    ...more,
  });
  plain.initialize();
  initialize(plain, seed);
  const net = options ? constrain(plain, { regions: [triangle], ...options }) : plain;
  const curve = [];
  for (const stage of stages) {
    try {
      net.train(data, { ...stage, errorThresh: 1e-9 });
      curve.push(meanOf(data.map(({ input, output }) => (net.run(input)[0] - output[0]) ** 2)));
    } catch {
      curve.push(Number.NaN); // diverged
    }
  }
  return curve;
}

function meanOf(values) {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** What the best affine map on the triangle leaves of the squared error, over all data. */
function floorOf(data) {
  const inside = data.filter(({ input }) => triangle.contains(input));
  const rows = inside.map(({ input }) => [1, ...input]);
  const y = inside.map(({ output }) => output[0]);
  // Normal equations, 3 × 3, by Cramer's rule.
  const A = [0, 1, 2].map(i => [0, 1, 2].map(j => rows.reduce((sum, row) => sum + row[i] * row[j], 0)));
  const b = [0, 1, 2].map(i => rows.reduce((sum, row, n) => sum + row[i] * y[n], 0));
  const det = m =>
    m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) -
    m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
    m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
  const map = [0, 1, 2].map(k => det(A.map((row, i) => row.map((a, j) => (j === k ? b[i] : a)))) / det(A));
  const left = rows.reduce(
    (sum, row, n) => sum + (y[n] - row.reduce((s, r, k) => s + r * map[k], 0)) ** 2,
    0,
  );
  return left / data.length;
}
