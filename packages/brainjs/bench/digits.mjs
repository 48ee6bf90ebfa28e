/**
 * Digits of 14 × 14 pixels under a box of radius 0.05 around one image: a frame of 197 rows, where `refresh` matters. Build
 * first, then: node packages/brainjs/bench/digits.mjs
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { constrain, freeze } from '@police/brainjs';
import { boxAround, certify } from '@police/core';
import { NeuralNetwork } from 'brain.js';
import { seeded, shuffled } from './wave.mjs';

const PER_DIGIT = 300;
const EPOCHS = 5;
const folder = dirname(createRequire(import.meta.url).resolve('mnist/package.json'));

/** Means of 2 × 2 pixels. */
function halved(image) {
  return Array.from({ length: 196 }, (_, i) => {
    const at = 56 * Math.floor(i / 14) + 2 * (i % 14);
    return (image[at] + image[at + 1] + image[at + 28] + image[at + 29]) / 4;
  });
}

const all = [];
for (let digit = 0; digit < 10; digit++) {
  const { data } = JSON.parse(await readFile(join(folder, 'src/digits', `${digit}.json`), 'utf8'));
  for (let i = 0; i < PER_DIGIT; i++) {
    const output = Array.from({ length: 10 }, (_, k) => Number(k === digit));
    all.push({ input: halved(data.slice(784 * i, 784 * (i + 1))), output, digit });
  }
}
const mixed = shuffled(all, 3);
const [train, test] = [mixed.slice(0, 2500), mixed.slice(2500)];
const region = boxAround(train[0].input, 0.05);

function make() {
  const net = new NeuralNetwork({
    inputSize: 196,
    hiddenLayers: [32, 32],
    outputSize: 10,
    activation: 'leaky-relu',
  });
  net.initialize();
  const rng = seeded(5);
  for (let l = 1; l <= net.outputLayer; l++) {
    for (const row of net.weights[l]) {
      for (let k = 0; k < row.length; k++) row[k] = Math.sqrt(6 / row.length) * (2 * rng() - 1) * 0.5;
    }
    net.biases[l].fill(l === net.outputLayer ? 0.1 : 0.01);
  }
  return net;
}

const contenders = {
  'brain.js': make(),
  'refresh 200': constrain(make(), { regions: [region], refresh: 200 }),
  'refresh 16': constrain(make(), { regions: [region], refresh: 16 }),
  exact: constrain(make(), { regions: [region] }),
};
for (const [name, net] of Object.entries(contenders)) {
  const start = performance.now();
  net.train(train, { iterations: EPOCHS, learningRate: 0.01, errorThresh: 1e-9 });
  const time = ((performance.now() - start) / EPOCHS / train.length) * 1e3;
  const right = test.filter(({ input, digit }) => {
    const scores = net.run(input);
    return scores.indexOf(Math.max(...scores)) === digit;
  }).length;
  const certified =
    name === 'brain.js' ? '' : ` certified ${certify(freeze(net).network, [region]).certified}`;
  const share = ((100 * right) / test.length).toFixed(1);
  console.log(
    `${name.padEnd(12)} ${time.toFixed(1).padStart(7)} µs/sample  ${share}% of ${test.length} right${certified}`,
  );
}
