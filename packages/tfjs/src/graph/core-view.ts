import { type AffineOperator, type Network, type NetworkNode, network } from '@police/core';
import {
  interleaved,
  maxOrder,
  storedAxis,
  storedLifts,
  storedWindows,
  transposition,
} from './core-layout.js';
import { type AffineNode, type Graph, type GraphNode, type Layout, type MaxNode, sizeOf } from './node.js';
import { presentLifts } from './present-lifts.js';
import { storedOrder, storedShape } from './values.js';

/** A graph as a core network, and how that stores what the graph's nodes compute. */
export interface CoreView {
  readonly network: Network;
  /** By place of a node: how its first input and its own value are stored. */
  readonly layouts: readonly { readonly input: Layout; readonly output: Layout }[];
}

/** A value of the graph in the network: what node has it, how laid out. */
interface Stored {
  readonly name: string;
  readonly layout: Layout;
}

/**
 * The graph as a core network in float64, nodes named alike. Core's convolutions have the channels in front: values are
 * transposed only where a layer needs the other layout, so that a bias stays beside its activation.
 */
export function coreView(graph: Graph): CoreView {
  const writer = new NetworkWriter(graph);
  graph.nodes.forEach((node, place) => {
    writer.write(node, place);
  });
  return writer.finish();
}

/** Name of the i-th of several operators that a layer needs, but the last. */
export const partName = (name: string, i: number): string => `${name}/${i + 1}`;

class NetworkWriter {
  private readonly nodes: NetworkNode[] = [];
  private readonly values: Stored[] = [];
  private readonly layouts: { input: Layout; output: Layout }[] = [];
  private readonly transposed = new Map<string, Stored>();

  constructor(private readonly graph: Graph) {}

  write(node: GraphNode, place: number): void {
    const inputs = node.inputs.map(input => this.values[input]);
    const layout = inputs[0]?.layout ?? 'natural';
    const { name } = node;
    switch (node.kind) {
      case 'input':
        this.nodes.push({ kind: 'input', name, size: sizeOf(node.shape) });
        this.store(place, layout, { name, layout });
        break;
      case 'affine':
        this.writeAffine(node, place);
        break;
      case 'noise':
        this.store(place, layout, inputs[0]); // nothing happens at inference
        break;
      case 'activation':
        this.nodes.push({
          kind: 'activation',
          name,
          input: inputs[0].name,
          activation: node.describe(storedOrder(node.shape, layout)),
        });
        this.store(place, layout, { name, layout });
        break;
      case 'max':
        this.writeMax(node, place, inputs[0]);
        break;
      case 'sum': {
        const common = this.commonLayout(inputs);
        const names = node.inputs.map(input => this.as(input, common).name);
        this.nodes.push({ kind: 'sum', name, inputs: names, coefficients: node.coefficients });
        this.store(place, common, { name, layout: common });
        break;
      }
      case 'concat': {
        const common = this.commonLayout(inputs);
        const names = node.inputs.map(input => this.as(input, common).name);
        const shapes = node.inputs.map(input => storedShape(this.graph.nodes[input].shape, common));
        const axis = storedAxis(node.axis, node.shape.length, common);
        if (axis === 0) {
          this.nodes.push({ kind: 'concat', name, inputs: names });
        } else {
          this.nodes.push({ kind: 'concat', name: `${name}/blocks`, inputs: names });
          this.pushAffine(name, `${name}/blocks`, interleaved(shapes, axis));
        }
        this.store(place, common, { name, layout: common });
      }
    }
  }

  /** The last node must be the output as TensorFlow.js lays it out. */
  finish(): CoreView {
    this.as(this.graph.nodes.length - 1, 'natural');
    return { network: network(this.nodes), layouts: this.layouts };
  }

  private writeAffine({ name, inputs: [input], core }: AffineNode, place: number): void {
    const takes = core.takes === 'any' ? this.values[input].layout : core.takes;
    let before = this.as(input, takes).name;
    const list = core.operators(takes);
    list.forEach((operator, i) => {
      const own = i === list.length - 1 ? name : partName(name, i);
      this.pushAffine(own, before, operator);
      before = own;
    });
    this.store(place, takes, { name, layout: core.gives ?? takes });
  }

  private writeMax(node: MaxNode, place: number, { name: input, layout }: Stored): void {
    const output: Layout = node.shape.length > 1 ? layout : 'natural';
    const order = maxOrder(this.graph.nodes[node.inputs[0]].shape, node.shape, layout);
    const present = presentLifts(node);
    this.nodes.push({
      kind: 'max',
      name: node.name,
      input,
      windows: storedWindows(node.windows, order),
      ...(present ? { lifts: storedLifts(present, order) } : {}),
    });
    this.store(place, layout, { name: node.name, layout: output });
  }

  private store(place: number, input: Layout, value: Stored): void {
    this.values[place] = value;
    this.layouts[place] = { input, output: value.layout };
  }

  /** One layout for all: theirs if they agree. */
  private commonLayout(inputs: readonly Stored[]): Layout {
    return inputs.every(({ layout }) => layout === inputs[0].layout) ? inputs[0].layout : 'natural';
  }

  /** The value of a node in a layout, transposed if need be. */
  private as(place: number, layout: Layout): Stored {
    const value = this.values[place];
    const { shape } = this.graph.nodes[place];
    if (value.layout === layout) return value;
    const name = `${value.name}/${layout === 'natural' ? 'channels_last' : 'channels_first'}`;
    const known = this.transposed.get(name);
    if (known) return known;
    const stored = { name, layout };
    this.pushAffine(name, value.name, transposition(shape, layout));
    this.transposed.set(name, stored);
    return stored;
  }

  private pushAffine(name: string, input: string, operator: AffineOperator): void {
    this.nodes.push({ kind: 'affine', name, input, operator });
  }
}
