import {
  chain,
  dense,
  matrix,
  matrixFromRows,
  operators,
  policedBackward,
  policedForward,
  relu,
  rowOf,
} from '@police/core';
import { adam } from '../../core/dist/refit/adam.js';

/** Kernels of 3 × 3: `[inChannels, outChannels, side, stride]`. */
const CONVOLUTIONS = [
  [1, 8, 28, 2],
  [8, 16, 14, 2],
  [16, 16, 7, 1],
  [16, 16, 7, 2],
];
/** The dense layer after them. */
const [OUTPUTS, INPUTS] = [10, 16 * 4 * 4];

const [BATCH, STEPS, RATE] = [64, 500, 3e-3];

/** Four convolutions and a dense layer, trained by core without regions to classify images `[{ pixels, digit }]`: about a minute. */
export function trainedConvnet(images, random) {
  const parameters = [...CONVOLUTIONS.map(([inputs, outputs]) => [outputs, 9 * inputs]), [OUTPUTS, INPUTS]];
  const values = parameters.flatMap(([outputs, fan]) => [
    // Uniform, of the variance 2 / fan that keeps the size of what passes ReLUs.
    Float64Array.from({ length: outputs * fan }, () => (2 * random() - 1) * Math.sqrt(6 / fan)),
    new Float64Array(outputs),
  ]);
  const move = adam(values, Number.POSITIVE_INFINITY);
  for (let step = 0; step < STEPS; step++) {
    const batch = Array.from({ length: BATCH }, () => images[Math.floor(random() * images.length)]);
    const run = policedForward(networkOf(values), [], matrixFromRows(batch.map(({ pixels }) => pixels)));
    const { affine } = policedBackward(run, crossEntropyGradient(run.output, batch), { wantsInput: false });
    const products = run.net.nodes.filter(({ kind }) => kind === 'affine');
    move(
      products.flatMap(({ name }) => [affine.get(name).weight.data, affine.get(name).bias]),
      RATE * 0.5 * (1 + Math.cos((Math.PI * step) / STEPS)),
    );
  }
  return networkOf(values);
}

/** Copies the values. */
function networkOf(values) {
  const layers = CONVOLUTIONS.flatMap(([inputs, outputs, side, stride], l) => [
    operators.conv({
      inShape: [inputs, side, side],
      weight: values[2 * l].slice(),
      weightShape: [outputs, inputs, 3, 3],
      bias: values[2 * l + 1].slice(),
      strides: [stride, stride],
      padding: [1, 1, 1, 1],
    }),
    relu(),
  ]);
  return chain(28 * 28, [...layers, dense(matrix(OUTPUTS, INPUTS, values.at(-2).slice()), values.at(-1))]);
}

/** Of the mean cross-entropy, by outputs. */
function crossEntropyGradient(y, images) {
  const gradient = matrix(y.rows, y.cols);
  images.forEach(({ digit }, i) => {
    const scores = rowOf(y, i);
    const most = Math.max(...scores);
    const powers = scores.map(score => Math.exp(score - most));
    const sum = powers.reduce((a, b) => a + b);
    powers.forEach((power, j) => {
      gradient.data[i * y.cols + j] = (power / sum - Number(j === digit)) / y.rows;
    });
  });
  return gradient;
}
