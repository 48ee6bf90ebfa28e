import { PoliceError } from '@police/core';
import type synaptic from 'synaptic';
import type { FlatNetwork } from './flat-network.js';
import { framework } from './framework.js';
import { isOptimisable } from './squash.js';

/** Layers of new neurons with the network's connections, weights, biases and squashes. */
export function buildLayers(flat: FlatNetwork): synaptic.Layers {
  const sizes = [flat.inputSize, ...flat.layers.map(({ units }) => units)];
  const layers = sizes.map(size => new framework.Layer(size));
  for (const neuron of layers[0].list) neuron.bias = 0;
  flat.layers.forEach(({ blocks, squash }, l) => {
    layers[l + 1].set({ squash });
    for (const { source } of blocks) layers[source].project(layers[l + 1], undefined, 0);
  });
  const built = { input: layers[0], hidden: layers.slice(1, -1), output: layers[layers.length - 1] };
  writeLayers(built, flat);
  return built;
}

/** Writes biases and weights into neurons that are connected as the flat network's are. */
export function writeLayers({ input, hidden, output }: synaptic.Layers, flat: FlatNetwork): void {
  const layers = [input, ...hidden, output];
  const unitOf = new Map(layers.flatMap(({ list }) => list.map((neuron, unit) => [neuron, unit] as const)));
  const sourceOf = new Map(layers.flatMap(({ list }, l) => list.map(neuron => [neuron, l] as const)));
  flat.layers.forEach(({ bias, blocks }, l) => {
    const bySource = new Map(blocks.map(block => [block.source, block]));
    layers[l + 1].list.forEach((neuron, unit) => {
      neuron.bias = bias[unit];
      for (const connection of Object.values(neuron.connections.inputs)) {
        const { sourceSize, weights } = bySource.get(sourceOf.get(connection.from)!)!;
        connection.weight = weights[unit * sourceSize + unitOf.get(connection.from)!];
      }
    });
  });
}

/**
 * A plain network. With a squash that is not the library's it stays unoptimised, and says so when asked: the optimised
 * code would leave the function out.
 */
export function plainNetwork(flat: FlatNetwork): synaptic.Network {
  const network = new framework.Network(buildLayers(flat));
  const odd = flat.layers.find(({ squash }) => !isOptimisable(squash));
  if (!odd) return network;
  network.setOptimize(false);
  network.optimize = () => {
    throw new PoliceError({
      code: 'unsupported-activation',
      where: odd.name,
      expected: 'squashes of the library in a network to be optimised',
      actual: `${odd.activation.name}, which synaptic's optimised code (and standalone, worker) leaves out`,
      remedy: 'Leave it unoptimised, or export toNetwork(network) as ONNX.',
    });
  };
  return network;
}
