// What the constraint adds to a step of training, forward and backward, in turns: node packages/cli/bench/training-step.mjs FOLDER [rounds]
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { box, matrix, policedBackward, policedForward } from '@police/core';
import { useFastProducts } from '@police/core/fast';
import { readModel } from '@police/onnx-import';

const [folder, rounds = '40'] = process.argv.slice(2);

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

/** Processor milliseconds of a step, which keeps the sides of the one before. */
function stepOf(net, regions, x, gradient) {
  let sides = {};
  return () => {
    const before = process.cpuUsage();
    const run = policedForward(net, regions, x, { sides, wantsMaps: false });
    sides = run.sides;
    policedBackward(run, gradient, { wantsInput: false });
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e3;
  };
}

const median = values => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

const CASES = [
  ['mnist_256x2', Array(784).fill(0), 0.05],
  ['acasxu_1_1', [0.64, 0, 0, 0.475, -0.475], 0.025],
];

console.log('| network | products | step without regions, ms | with a box | ratio |');
console.log('| --- | --- | --- | --- | --- |');
for (const isFast of [false, true]) {
  if (isFast && !useFastProducts()) break;
  for (const [name, centre, radius] of CASES) {
    const { network } = readModel(readFileSync(join(folder, `${name}.onnx`)));
    const region = box(
      centre.map(c => c - radius),
      centre.map(c => c + radius),
    );
    const [x, gradient] = [randomRows(ROWS, network.inputSize, 1), randomRows(ROWS, network.outputSize, 2)];
    const steps = [[], [region]].map(regions => stepOf(network, regions, x, gradient));
    const taken = [[], []];
    for (let i = 0; i < Number(rounds); i++) {
      for (const k of i % 2 === 0 ? [0, 1] : [1, 0]) taken[k].push(steps[k]());
    }
    const [plain, constrained] = taken.map(median);
    console.log(
      `| ${[name, isFast ? 'fast' : 'plain', plain.toFixed(1), constrained.toFixed(1), (constrained / plain).toFixed(2)].join(' | ')} |`,
    );
  }
}
