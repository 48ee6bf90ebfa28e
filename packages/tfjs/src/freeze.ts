import {
  type AffineOperator,
  network as createNetwork,
  type Dense,
  dense,
  type FrozenLayer,
  freeze as freezeNetwork,
  type Network,
  operators,
  prescribeByCorrection,
} from '@police/core';
import type { Lifts } from '@police/core/adapter';
import * as tfl from '@tensorflow/tfjs-layers';
import { lifted, maxOrder } from './core-layout.js';
import { partName } from './core-network.js';
import { type Changes, changedConfig } from './frozen-config.js';
import type { Graph, GraphNode, Layout } from './graph/node.js';
import { readGraph } from './graph/read.js';
import { writeFlat, writePermuted } from './graph/values.js';
import { layerFromConfig } from './layer-config.js';
import { policedLayerOf } from './policed-model.js';
import { policedView } from './to-network.js';

export interface FrozenModel {
  /**
   * A plain model of the same topology and layer names, its float32 weights exactly affine on the regions. With a target, a
   * functional model of that one and the dense layer `correction` added to its outputs.
   */
  readonly model: tfl.LayersModel;
  /** The same weights as a core network, for export and verification. */
  readonly network: Network;
  readonly layers: readonly FrozenLayer[];
}

/**
 * Folds the shifts into the biases and rounds so that the plain model's float32 weights, taken as real numbers, are
 * affine on every region exactly (core's `freeze`). The constrained model is left as it is and can train on.
 *
 * Layers keep their classes, but where no bias can hold a shift (after a sum; per unit of a convolution), or a maximum
 * needs its winners lifted: there `PoliceShifted` and `PoliceLifted` of this package stand around them. Layers without
 * bias get one where it is needed, and batch normalisation becomes its factor and offset.
 */
export function freeze(policed: tfl.LayersModel): FrozenModel {
  const layer = policedLayerOf(policed);
  const view = policedView(layer);
  const { graph, inner } = layer;
  const frozen = freezeNetwork(view.network, layer.settings.regions, { precision: 'float32' });
  const parts = new FrozenParts(frozen.network);
  const model = layerFromConfig<tfl.LayersModel>({
    className: inner.getClassName(),
    config: changedConfig(inner, changesOf(graph, parts)),
  });
  const layouts = new Map(graph.nodes.map(({ name }, place) => [name, view.layouts[place].input]));
  const alphas = new Map(graph.nodes.map(node => [node.name, node]));
  writeWeights(readGraph(model, layer.settings.epsilon), parts, layouts, alphas);
  const { regions, target } = layer.settings;
  if (!target) return { model, ...frozen };
  const network = rounded(prescribeByCorrection(frozen.network, regions[0], target));
  return { ...frozen, model: correctedModel(model, network), network };
}

/** With the correction in float32. */
function rounded(net: Network): Network {
  return createNetwork(
    net.nodes.map(node => {
      if (node.kind !== 'affine' || node.name !== CORRECTION) return node;
      const { weight, bias } = node.operator as Dense;
      return {
        ...node,
        operator: dense({ ...weight, data: weight.data.map(Math.fround) }, bias.map(Math.fround)),
      };
    }),
  );
}

/** The model and, added to its outputs, the network's correction. */
function correctedModel(model: tfl.LayersModel, net: Network): tfl.LayersModel {
  const node = net.nodes.find(({ name }) => name === CORRECTION);
  const { weight, bias } = (node as { operator: AffineOperator }).operator as Dense;
  const [, ...shape] = model.inputs[0].shape as number[];
  const input = tfl.input({ shape });
  const rows = shape.length === 1 ? input : (tfl.layers.flatten().apply(input) as tfl.SymbolicTensor);
  const correction = tfl.layers.dense({ units: weight.rows, name: CORRECTION });
  const parts = [model.apply(input), correction.apply(rows)] as tfl.SymbolicTensor[];
  const sum = tfl.layers.add({ name: 'corrected' }).apply(parts) as tfl.SymbolicTensor;
  const [kernel, offset] = correction.weights;
  writePermuted(kernel, weight.data, [1, 0]);
  writeFlat(offset, bias);
  return tfl.model({ inputs: input, outputs: sum });
}

/** The node that core's `prescribeByCorrection` adds. */
const CORRECTION = 'correction';

/** A frozen network's parameters by name of the layer's node. */
class FrozenParts {
  private readonly nodes: ReadonlyMap<string, Network['nodes'][number]>;

  constructor({ nodes }: Network) {
    this.nodes = new Map(nodes.map(node => [node.name, node]));
  }

  /** The operators of an affine node, if the network has it. */
  operators(name: string): AffineOperator[] | undefined {
    const last = this.nodes.get(name);
    if (last?.kind !== 'affine') return undefined;
    const before: AffineOperator[] = [];
    for (let i = 0; ; i++) {
      const part = this.nodes.get(partName(name, i));
      if (part?.kind !== 'affine') return [...before, last.operator];
      before.push(part.operator);
    }
  }

  /** What stays on an activation because no bias could hold it. */
  shift(name: string): Float64Array | undefined {
    const node = this.nodes.get(name);
    return node?.kind === 'activation' ? node.shift : undefined;
  }

  lifts(name: string): Lifts | undefined {
    const node = this.nodes.get(name);
    return node?.kind === 'max' ? node.lifts : undefined;
  }
}

function changesOf(graph: Graph, parts: FrozenParts): Changes {
  const shifted = graph.nodes.filter(({ name }) => parts.shift(name));
  const liftedNodes = graph.nodes.filter(
    node => node.kind === 'max' && !node.lifts && parts.lifts(node.name),
  );
  const biased = graph.nodes.filter(
    node =>
      node.kind === 'affine' &&
      node.storesBias &&
      !node.bias &&
      parts
        .operators(node.name)!
        .at(-1)!
        .bias.some(b => b !== 0),
  );
  const layersOf = (nodes: readonly GraphNode[]) => new Set(nodes.map(({ layer }) => layer));
  return { shifted: layersOf(shifted), lifted: layersOf(liftedNodes), biased: layersOf(biased) };
}

/** `layouts` and `before` tell of the constrained model's nodes, by name. */
function writeWeights(
  { nodes }: Graph,
  parts: FrozenParts,
  layouts: ReadonlyMap<string, Layout>,
  before: ReadonlyMap<string, GraphNode>,
): void {
  for (const node of nodes) {
    const layout = layouts.get(node.name);
    if (node.kind === 'affine' && layout) {
      node.core.write?.(parts.operators(node.name)!, layout);
    } else if (node.kind === 'activation') {
      const shift = parts.shift(node.name);
      const adder = nodes[node.inputs[0]];
      // The added layer is known to the new model only.
      if (shift && adder.kind === 'affine') adder.core.write!([operators.scale({ offset: shift })], layout!);
      const old = before.get(node.name);
      if (old?.kind === 'activation') copyWeights(old.variables, node.variables);
    } else if (node.kind === 'max' && node.lifts) {
      const order = maxOrder(nodes[node.inputs[0]].shape, node.shape, layout!);
      const { winner, lift } = lifted(parts.lifts(node.name)!, order);
      writeFlat(
        node.lifts.winner,
        winner.map(entry => entry + 1),
      );
      writeFlat(node.lifts.lift, lift);
    }
  }
}

/** Slopes of float32 that freezing left as they were. */
function copyWeights(from: readonly tfl.LayerVariable[], to: readonly tfl.LayerVariable[]): void {
  from.forEach((variable, i) => {
    writeFlat(to[i], variable.read().dataSync());
  });
}
