import { gridPoints, squareWindow } from '@police/common/grid';
import { triangleVertices } from '@police/common/regions';
import { targets } from '@police/common/targets';
import { simplex } from '@police/core';
import { mulberry32 } from '@police/testing/random';
import synaptic from 'synaptic';

const { Architect, Neuron } = synaptic;

/**
 * A Perceptron with RELU in its hidden layers and IDENTITY at its output. Weights are He's, but `firstGain` times those in
 * the first layer, with biases that spread the kinks over [−1, 1]², and a tenth in the last.
 */
export function perceptron(widths, seed, firstGain = 2) {
  const network = new Architect.Perceptron(...widths);
  for (const layer of network.layers.hidden) layer.set({ squash: Neuron.squash.RELU });
  network.layers.output.set({ squash: Neuron.squash.IDENTITY });
  const rng = mulberry32(seed);
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
  const points = gridPoints(squareWindow(4), side);
  return Array.from({ length: side * side }, (_, i) => {
    const [x, y] = points.subarray(2 * i, 2 * i + 2);
    return { input: [x / 4, y / 4], output: [targets.wave(x, y)] };
  });
}

/** The triangle of Fig. 2, divided by 4. */
const [left, top, right] = triangleVertices;
export const triangle = simplex([right, left, top].map(vertex => vertex.map(x => x / 4)));

export function runRows(network, { rows, cols, data }) {
  const values = Array.from({ length: rows }, (_, i) =>
    network.activate(Array.from(data.subarray(i * cols, (i + 1) * cols))),
  );
  return { rows, cols: values[0].length, data: Float64Array.from(values.flat()) };
}
