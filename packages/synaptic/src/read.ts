import { PoliceError } from '@police/core';
import { assertFinite } from '@police/core/adapter';
import type synaptic from 'synaptic';
import { type Block, type FlatLayer, type FlatNetwork, layerName } from './flat-network.js';
import { framework } from './framework.js';
import { meaningOf, type SquashMeanings } from './squash.js';

/** Where a neuron is: its layer (0 the input) and its place in it. */
type Places = ReadonlyMap<synaptic.Neuron, { readonly layer: number; readonly unit: number }>;

/**
 * Reads a synaptic network of fully connected layers: each projects to any later ones, and none is gated or connected to
 * itself. What the library's optimised code has learnt is copied to the neurons first.
 *
 * Throws a `PoliceError` naming the layer: `unsupported-layer`, `unsupported-activation`, `invalid-option` (see
 * {@link meaningOf}) or `not-finite`.
 */
export function readNetwork(
  network: synaptic.Network,
  meanings: SquashMeanings = new Map(),
  where = 'constrain',
): FlatNetwork {
  assertNetwork(network, where);
  const { input, hidden, output } = network.layers;
  const layers = [input, ...hidden, output];
  const names = layers.map((_, l) => (l === 0 ? 'input' : layerName(l - 1, layers.length - 1)));
  const places: Places = new Map(
    layers.flatMap((layer, l) => layer.list.map((neuron, unit) => [neuron, { layer: l, unit }] as const)),
  );
  layers.forEach((layer, l) => {
    assertPlain(layer, l, names, places);
  });
  restore(network);
  return {
    inputSize: input.list.length,
    layers: layers.slice(1).map((layer, l) => readLayer(layer, l + 1, layers, names, places, meanings)),
  };
}

function assertNetwork(network: synaptic.Network, where: string): void {
  if (!(network instanceof framework.Network)) {
    const kind = (network as { constructor?: { name?: string } } | undefined)?.constructor?.name;
    throw unsupported(where, 'a synaptic Network', kind ?? `${network}`);
  }
  if (network instanceof framework.Architect.Hopfield) {
    throw unsupported(
      where,
      'a feed-forward network',
      'a Hopfield network, which answers with thresholds',
      'Build the layers with Architect.Perceptron.',
    );
  }
  const { input, output } = network.layers ?? {};
  if (!input || !output) {
    throw unsupported(
      where,
      'input and output layers',
      `a network without ${input ? 'output' : 'input'} layer`,
    );
  }
}

/** Throws for gates, self-connections and connections that lead back, sideways or out of the network. */
function assertPlain(layer: synaptic.Layer, l: number, names: readonly string[], places: Places): void {
  const where = names[l];
  if (layer.list.length === 0) throw unsupported(where, 'at least one neuron', 'an empty layer');
  for (const { connections, selfconnection } of layer.list) {
    const inputs = Object.values(connections.inputs);
    const isGated = inputs.some(({ gater }) => gater) || selfconnection.gater;
    if (isGated || Object.keys(connections.gated).length > 0) {
      throw unsupported(
        where,
        'connections without gates',
        isGated ? 'a gated connection' : 'a neuron that gates a connection',
        'A gate multiplies two neurons, which is affine on no region (LSTM): use a Perceptron.',
      );
    }
    if (selfconnection.weight !== 0) {
      throw unsupported(
        where,
        'neurons without memory',
        'a self-connected neuron',
        'Its output depends on earlier inputs, so it is no function of this one: use a Perceptron.',
      );
    }
    for (const { from } of inputs) {
      const source = places.get(from);
      if (!source || source.layer >= l) {
        throw unsupported(
          where,
          'connections from earlier layers of the network',
          source ? `one from ${names[source.layer]}` : 'one from outside',
          'Recurrent networks are not supported: use a Perceptron.',
        );
      }
    }
    if (Object.values(connections.projected).some(({ to }) => !places.has(to))) {
      throw unsupported(where, 'connections inside the network', 'one that leads out of it');
    }
  }
}

/** The library's `restore` zeroes the gains of connections without gates, which its unoptimised code multiplies with. */
function restore(network: synaptic.Network): void {
  network.restore();
  for (const { neuron } of network.neurons()) {
    for (const connection of Object.values(neuron.connections.projected)) connection.gain = 1;
  }
}

function readLayer(
  { list }: synaptic.Layer,
  l: number,
  layers: readonly synaptic.Layer[],
  names: readonly string[],
  places: Places,
  meanings: SquashMeanings,
): FlatLayer {
  const name = names[l];
  const [{ squash }] = list;
  if (list.some(neuron => neuron.squash !== squash)) {
    throw unsupported(name, 'one squash for all neurons of a layer', 'several');
  }
  const blocks = readBlocks(list, l, layers, names, places);
  // Before they become numbers of a typed array: JSON writes null for NaN.
  const bias = list.map(neuron => neuron.bias);
  assertFinite(bias, `${name} bias`);
  return {
    name,
    units: list.length,
    bias: Float64Array.from(bias),
    blocks,
    squash,
    activation: meaningOf(squash, meanings, name),
  };
}

function readBlocks(
  list: readonly synaptic.Neuron[],
  l: number,
  layers: readonly synaptic.Layer[],
  names: readonly string[],
  places: Places,
): Block[] {
  const blocks = new Map<number, { oldest: number; isSet: Uint8Array; weights: Float64Array }>();
  list.forEach((neuron, unit) => {
    for (const { ID, from, weight } of Object.values(neuron.connections.inputs)) {
      assertFinite([weight], `${names[l]} weights`);
      const { layer: source, unit: sourceUnit } = places.get(from)!;
      const size = layers[source].list.length;
      const block = blocks.get(source) ?? {
        oldest: ID,
        isSet: new Uint8Array(list.length * size),
        weights: new Float64Array(list.length * size),
      };
      block.oldest = Math.min(block.oldest, ID);
      block.isSet[unit * size + sourceUnit] = 1;
      block.weights[unit * size + sourceUnit] = weight;
      blocks.set(source, block);
    }
  });
  if (blocks.size === 0) throw unsupported(names[l], 'connections from an earlier layer', 'none');
  for (const [source, { isSet }] of blocks) {
    if (isSet.every(Boolean)) continue;
    throw unsupported(
      names[l],
      `every neuron connected to every one of ${names[source]}`,
      `${isSet.reduce((sum, one) => sum + one, 0)} of ${isSet.length} connections`,
      'Project layers with connectionType.ALL_TO_ALL.',
    );
  }
  return [...blocks]
    .sort(([, a], [, b]) => a.oldest - b.oldest)
    .map(([source, { weights }]) => ({ source, sourceSize: layers[source].list.length, weights }));
}

function unsupported(where: string, expected: string, actual: string, remedy?: string): PoliceError {
  return new PoliceError({ code: 'unsupported-layer', where, expected, actual, remedy });
}
