// What the constraint adds to a step of training, forward and backward, and the same products in TensorFlow.js, in turns: node packages/cli/bench/training-step.mjs FOLDER [rounds] [threads of TensorFlow.js]
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { box, matrix, policedBackward, policedForward } from '@police/core';
import { useFastProducts } from '@police/core/fast';
import { readModel } from '@police/onnx-import';
import { setThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { Scratch, withScratch } from '../../core/dist/numeric/scratch.js';

const [folder, rounds = '40', threads] = process.argv.slice(2);

const ROWS = 128;

function seeded(seed) {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

function randomRows(rows, cols, seed) {
  const random = seeded(seed);
  return matrix(
    rows,
    cols,
    Float64Array.from({ length: rows * cols }, () => random() - 0.5),
  );
}

/** A step, which keeps the sides of the one before. */
function stepOf(net, regions, x, gradient) {
  let sides = {};
  return () => {
    const run = policedForward(net, regions, x, { sides, wantsMaps: false });
    sides = run.sides;
    policedBackward(run, gradient, { wantsInput: false });
  };
}

/** A step as `distil` takes them: in arrays that are used again. */
function inScratch(step) {
  const scratch = new Scratch();
  return () => {
    withScratch(scratch, step);
    scratch.reclaim();
  };
}

/**
 * The products of a step without regions, forward and both backward ones, in TensorFlow.js, float32, on its wasm backend; nothing between them.
 * Turned over first: its kernel for products of transposed matrices is several times slower.
 */
function productsOf(net, x, gradient) {
  const layers = net.nodes.flatMap(({ operator }) => (operator?.kind === 'dense' ? [operator] : []));
  const tensorOf = ({ data, rows, cols }) => tf.tensor2d(Float32Array.from(data), [rows, cols]);
  const weights = layers.map(({ weight }) => tf.tidy(() => tf.transpose(tensorOf(weight))));
  const [input, dOutput] = [tensorOf(x), tensorOf(gradient)];
  return () =>
    tf.tidy(() => {
      const inputs = [input];
      for (const w of weights) inputs.push(tf.matMul(inputs.at(-1), w));
      let dy = dOutput;
      for (let l = weights.length - 1; l >= 0; l--) {
        tf.matMul(tf.transpose(inputs[l]), dy);
        if (l > 0) dy = tf.matMul(dy, tf.transpose(weights[l]));
      }
    });
}

/** Processor milliseconds. */
function timed(step) {
  const before = process.cpuUsage();
  step();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e3;
}

const median = values => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

const CASES = [
  ['mnist_256x2', Array(784).fill(0), 0.05],
  ['acasxu_1_1', [0.64, 0, 0, 0.475, -0.475], 0.025],
];

// More of them wait in loops, which processor time counts; core has one here, too.
if (threads !== undefined) setThreadsCount(Number(threads));
await tf.setBackend('wasm');
await tf.ready();
console.log(
  '| network | products | products alone, tfjs-wasm, ms | step without regions, ms | with a box, ms | box / none | box / tfjs-wasm |',
);
console.log('| --- | --- | --- | --- | --- | --- | --- |');
for (const isFast of [false, true]) {
  if (isFast && !useFastProducts()) break;
  for (const [name, centre, radius] of CASES) {
    const { network } = readModel(readFileSync(join(folder, `${name}.onnx`)));
    const region = box(
      centre.map(c => c - radius),
      centre.map(c => c + radius),
    );
    const [x, gradient] = [randomRows(ROWS, network.inputSize, 1), randomRows(ROWS, network.outputSize, 2)];
    const steps = [
      productsOf(network, x, gradient),
      ...[[], [region]].map(regions => inScratch(stepOf(network, regions, x, gradient))),
    ];
    const taken = steps.map(() => []);
    for (let i = 0; i < Number(rounds); i++) {
      for (let k = 0; k < steps.length; k++) {
        const which = (i + k) % steps.length;
        taken[which].push(timed(steps[which]));
      }
    }
    const [products, plain, constrained] = taken.map(median);
    row([
      name,
      isFast ? 'fast' : 'plain',
      ...[products, plain, constrained].map(ms => ms.toFixed(1)),
      ...[constrained / plain, constrained / products].map(ratio => ratio.toFixed(2)),
    ]);
  }
}
// The threads of the wasm backend would go on waiting.
process.exit(0);

function row(cells) {
  console.log(`| ${cells.join(' | ')} |`);
}
