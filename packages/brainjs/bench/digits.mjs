/**
 * Digits of 14 × 14 pixels under a box of radius 0.05 around one image: a frame of 197 rows, where `refresh` matters. Build
 * first, then: node packages/brainjs/bench/digits.mjs
 */
import { constrain, freeze } from '@police/brainjs';
import { boxAround, certify } from '@police/core';
import { accuracy, loadDigits, meanSquare } from '@police/testing/digits';
import { mulberry32 } from '@police/testing/random';
import { NeuralNetwork } from 'brain.js';

const EPOCHS = Number(process.argv[2] ?? 5);
const all = await loadDigits(300, mulberry32(3));
const [train, test] = [all.slice(0, 2500), all.slice(2500)];
const region = boxAround(train[0].input, 0.05);

function make(activation = 'leaky-relu') {
  const net = new NeuralNetwork({
    inputSize: 196,
    hiddenLayers: [32, 32],
    outputSize: 10,
    activation,
  });
  net.initialize();
  const rng = mulberry32(5);
  for (let l = 1; l <= net.outputLayer; l++) {
    for (const row of net.weights[l]) {
      for (let k = 0; k < row.length; k++) row[k] = Math.sqrt(6 / row.length) * (2 * rng() - 1) * 0.5;
    }
    net.biases[l].fill(l === net.outputLayer ? 0.1 : 0.01);
  }
  return net;
}

const isSigmoid = name => name.startsWith('sigmoid');
const sigmoid = (epsilon, refresh) => constrain(make('sigmoid'), { regions: [region], epsilon, refresh });
const contenders = {
  'brain.js': make(),
  'refresh 200': constrain(make(), { regions: [region], refresh: 200 }),
  'refresh 16': constrain(make(), { regions: [region], refresh: 16 }),
  exact: constrain(make(), { regions: [region] }),
  'sigmoid brain.js': make('sigmoid'),
  'sigmoid 0.1, refresh 16': sigmoid(0.1, 16),
  'sigmoid 0.01, refresh 16': sigmoid(0.01, 16),
  'sigmoid 0.1, exact': sigmoid(0.1, 1),
};
for (const [name, net] of Object.entries(contenders)) {
  const start = performance.now();
  net.train(train, { iterations: EPOCHS, learningRate: isSigmoid(name) ? 0.3 : 0.01, errorThresh: 1e-9 });
  const time = ((performance.now() - start) / EPOCHS / train.length) * 1e3;
  const certified = name.endsWith('brain.js')
    ? ''
    : ` certified ${certify(freeze(net).network, [region]).certified}`;
  const scores = input => net.run(input);
  const share = (100 * accuracy(test, scores)).toFixed(1);
  const losses = [train, test].map(set => meanSquare(set, scores).toFixed(4)).join(', ');
  console.log(
    `${name.padEnd(24)} ${time.toFixed(1).padStart(7)} µs/sample  ${share}% of ${test.length} right  loss (training, test) ${losses}${certified}`,
  );
}
