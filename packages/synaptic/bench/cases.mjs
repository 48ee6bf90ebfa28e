import { simplex } from '@police/core';
import synaptic from 'synaptic';

const { Architect, Neuron } = synaptic;

/** Numbers in [0, 1), seeded (mulberry32). */
export function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A Perceptron with RELU in its hidden layers and IDENTITY at its output. Weights are He's, but `firstGain` times those in
 * the first layer, with biases that spread the kinks over [−1, 1]², and a tenth in the last.
 */
export function perceptron(widths, seed, firstGain = 2) {
  const network = new Architect.Perceptron(...widths);
  for (const layer of network.layers.hidden) layer.set({ squash: Neuron.squash.RELU });
  network.layers.output.set({ squash: Neuron.squash.IDENTITY });
  const rng = seeded(seed);
  for (const { neuron, layer } of network.neurons()) {
    const inputs = Object.values(neuron.connections.inputs);
    const gain = layer === 0 ? firstGain : layer === 'output' ? 0.1 : 1;
    const reach = Math.sqrt(6 / inputs.length) * gain;
    for (const connection of inputs) connection.weight = (2 * rng() - 1) * reach;
    if (inputs.length > 0) neuron.bias = (2 * rng() - 1) * (layer === 0 ? firstGain : 0.1);
  }
  return network;
}

/** cos(3x) cos(y) on a grid over [−4, 4]² (the paper's Fig. 2), inputs divided by 4. */
export function wave(side) {
  const at = i => -4 + (8 * i) / (side - 1);
  return Array.from({ length: side * side }, (_, n) => {
    const [x, y] = [at(n % side), at(Math.floor(n / side))];
    return { input: [x / 4, y / 4], output: [Math.cos(3 * x) * Math.cos(y)] };
  });
}

/** The triangle of Fig. 2, divided by 4. */
export const triangle = simplex(
  [
    [Math.SQRT2, -Math.SQRT2],
    [-Math.SQRT2, -Math.SQRT2],
    [0, 2],
  ].map(vertex => vertex.map(x => x / 4)),
);

export function runRows(network, { rows, cols, data }) {
  const values = Array.from({ length: rows }, (_, i) =>
    network.activate(Array.from(data.subarray(i * cols, (i + 1) * cols))),
  );
  return { rows, cols: values[0].length, data: Float64Array.from(values.flat()) };
}
