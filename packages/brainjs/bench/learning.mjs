/**
 * Loss on the wave under the constraint beside plain brain.js: short and long budgets, six seeds, and the curves of
 * `refresh`. Build first, then: node packages/brainjs/bench/learning.mjs
 */
import { constrain } from '@police/brainjs';
import { affineFloor } from '@police/common/floor';
import { samplesOf } from '@police/common/task';
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
  const floor = affineFloor(samplesOf('wave', data), [triangle]);
  console.log(`${budget}; no network affine on the triangle is below ${floor.toFixed(5)}`);
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
