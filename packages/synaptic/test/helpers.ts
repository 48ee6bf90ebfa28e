import {
  box,
  type ChordProbe,
  chordProbe,
  type Matrix,
  matrix,
  PoliceError,
  type Region,
  simplex,
} from '@police/core';
import { absSquash, leakyReluSquash, PolicedNetwork, type SquashMeanings, toNetwork } from '@police/synaptic';
import { bent, bentAt, bentSlope } from '@police/testing/bent';
import { randomArray, seededRng } from '@police/testing/helpers';
import synaptic from 'synaptic';

const { Architect, Neuron } = synaptic;

export const leaky = leakyReluSquash(0.1);

/** A function that core knows as little as the library does. */
const bentSquash: synaptic.Squash = (x, derivate) => (derivate ? bentSlope(x) : bentAt(x));
export const activations: SquashMeanings = new Map([[bentSquash, bent()]]);

export const squashes: Readonly<Record<string, synaptic.Squash>> = {
  RELU: Neuron.squash.RELU,
  leaky,
  abs: absSquash,
  bent: bentSquash,
  IDENTITY: Neuron.squash.IDENTITY,
  LOGISTIC: Neuron.squash.LOGISTIC,
  TANH: Neuron.squash.TANH,
  HLIM: Neuron.squash.HLIM,
};

/** The triangle of the paper's Fig. 2, in the inputs of {@link wave}. */
export const triangle: Region = simplex([
  [Math.SQRT1_2 / 2, -Math.SQRT1_2 / 2],
  [-Math.SQRT1_2 / 2, -Math.SQRT1_2 / 2],
  [0, 0.5],
]);

export const square: Region = box([-1, -1], [1, 1]);

export interface PerceptronSpec {
  readonly widths: readonly number[];
  readonly seed?: number;
  readonly hidden?: synaptic.Squash;
  readonly output?: synaptic.Squash;
  /** Bound on biases. */
  readonly bias?: number;
  /** Factor of the weights; √2 is He's. */
  readonly gain?: number;
}

/** A Perceptron of seeded weights of order 1. */
export function perceptron({
  widths,
  seed = 1,
  hidden = Neuron.squash.RELU,
  output = Neuron.squash.IDENTITY,
  bias = 0.5,
  gain = 1,
}: PerceptronSpec): synaptic.Network {
  const network = new Architect.Perceptron(...widths);
  for (const layer of network.layers.hidden) layer.set({ squash: hidden });
  network.layers.output.set({ squash: output });
  if (!Object.values(Neuron.squash).includes(hidden)) network.setOptimize(false);
  randomize(network, seed, bias, gain);
  return network;
}

export function randomize(network: synaptic.Network, seed: number, bias = 0.5, gain = 1): void {
  const rng = seededRng(seed);
  for (const { neuron } of network.neurons()) {
    const inputs = Object.values(neuron.connections.inputs);
    const weights = randomArray(rng, inputs.length, gain * Math.sqrt(3 / inputs.length));
    inputs.forEach((connection, i) => {
      connection.weight = weights[i];
    });
    if (inputs.length > 0) [neuron.bias] = randomArray(rng, 1, bias);
  }
}

/** Makes every weight the same, and biases 0. */
export function fillWeights(network: synaptic.Network, weight: number): void {
  for (const { neuron } of network.neurons()) {
    neuron.bias = 0;
    for (const connection of Object.values(neuron.connections.inputs)) connection.weight = weight;
  }
}

/** Input → two hidden layers → output, and past them input → second hidden layer and output, first hidden layer → output. */
export function withDirectConnections(seed = 1): synaptic.Network {
  const [input, first, second, output] = [2, 5, 4, 2].map(size => new synaptic.Layer(size));
  input.project(first);
  first.project(second);
  second.project(output);
  input.project(output);
  input.project(second);
  first.project(output);
  first.set({ squash: Neuron.squash.RELU });
  second.set({ squash: Neuron.squash.RELU });
  output.set({ squash: Neuron.squash.IDENTITY });
  const network = new synaptic.Network({ input, hidden: [first, second], output });
  randomize(network, seed, 0.1);
  return network;
}

export function runRows(network: synaptic.Network, x: Matrix): Matrix {
  const outputs = Array.from({ length: x.rows }, (_, i) =>
    network.activate(Array.from(x.data.subarray(i * x.cols, (i + 1) * x.cols))),
  );
  return matrix(x.rows, network.outputs(), Float64Array.from(outputs.flat()));
}

/** Every weight and bias, copied. */
export function weightsOf(network: synaptic.Network): number[] {
  if (network instanceof PolicedNetwork) {
    return network.flat.layers.flatMap(({ bias, blocks }) => [
      ...bias,
      ...blocks.flatMap(({ weights }) => Array.from(weights)),
    ]);
  }
  const { neurons, connections } = network.toJSON();
  return [...neurons.map(({ bias }) => bias), ...connections.map(({ weight }) => weight)];
}

/** cos(kx) cos(y) on a grid over [−4, 4]², with inputs scaled to [−1, 1]; k = 3 is the wave of the paper's Fig. 2. */
export function wave(side: number, k: number): synaptic.Sample[] {
  const at = (i: number) => -4 + (8 * i) / (side - 1);
  return Array.from({ length: side * side }, (_, n) => {
    const [x, y] = [at(n % side), at(Math.floor(n / side))];
    return { input: [x / 4, y / 4], output: [Math.cos(k * x) * Math.cos(y)] };
  });
}

/** Random rows in [−scale, scale] with random targets in [−1, 1]. */
export function randomSamples(
  count: number,
  inputs: number,
  outputs: number,
  seed: number,
  scale = 2,
): synaptic.Sample[] {
  const rng = seededRng(seed);
  return Array.from({ length: count }, () => ({
    input: randomArray(rng, inputs, scale),
    output: randomArray(rng, outputs),
  }));
}

/** Updates on the samples in turn. */
export function trainOn(network: synaptic.Network, samples: readonly synaptic.Sample[], rate: number): void {
  for (const { input, output } of samples) {
    network.activate(input);
    network.propagate(rate, output);
  }
}

export const probesOf = (regions: readonly Region[], seed = 1): ChordProbe[] =>
  regions.map(region => chordProbe(region, 50, seededRng(seed)));

/** The largest residual of chords, relative to the outputs' size, in units of rounding. */
export function bend(network: synaptic.Network, probes: readonly ChordProbe[]): number {
  return Math.max(
    ...probes.map(({ points, residual }) => {
      const values = runRows(network, points);
      return residual(values) / (2 ** -53 * scaleOf(toNetwork(network), points));
    }),
  );
}

/** Largest pre-activation or output when every weight, bias and input is taken with its absolute value. */
function scaleOf(net: ReturnType<typeof toNetwork>, points: Matrix): number {
  let size = points.data.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
  for (const node of net.nodes) {
    if (node.kind !== 'affine') continue;
    const rows = {
      rows: 1,
      cols: node.operator.inSize,
      data: new Float64Array(node.operator.inSize).fill(size),
    };
    const sums = node.operator.magnitude(rows).data.map((x, j) => x + Math.abs(node.operator.bias[j]));
    size = sums.reduce((max, x) => Math.max(max, x), size);
  }
  return size;
}

/** Roundings on a path through any of the networks here: sums of at most 64 terms in at most 4 layers, twice over. */
export const ROUNDINGS = 2 * 4 * 64;

/** The PoliceError that an action throws. */
export function errorOf(action: () => unknown): PoliceError {
  try {
    action();
  } catch (error) {
    if (error instanceof PoliceError) return error;
    throw error;
  }
  throw new Error('no error was thrown');
}
