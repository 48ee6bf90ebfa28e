import { PoliceError } from '@police/core';
import type * as tf from '@tensorflow/tfjs-core';
import type { layers } from '@tensorflow/tfjs-layers';
import {
  type Graph,
  type GraphNode,
  isNonlinear,
  type LiftWeights,
  type MaxNode,
  type Shape,
} from './node.js';

/** Adds a layer's nodes after those at `inputs` and returns the position of its result. */
export type LayerReader = (layer: layers.Layer, inputs: readonly number[], builder: GraphBuilder) => number;

type WithoutInputs<T> = T extends GraphNode ? Omit<T, 'inputs'> : never;

/** Collects the nodes of a graph in topological order. */
export class GraphBuilder {
  private readonly nodes: GraphNode[] = [];
  private head: ((x: tf.Tensor) => tf.Tensor) | undefined;
  /** Whether the layer being read is the model's last one, after which a final softmax or sigmoid may come. */
  isLast = false;

  /** `epsilon`: how far from affine smooth functions may be; without it they are refused. */
  constructor(readonly epsilon: number | undefined) {}

  /** Adds a node and returns its position. Throws `invalid-network` on a name used before. */
  add(node: WithoutInputs<GraphNode>, ...inputs: readonly number[]): number {
    if (this.nodes.some(({ name }) => name === node.name)) {
      throw new PoliceError({
        code: 'invalid-network',
        where: node.name,
        expected: 'a name used by one layer',
        actual: 'a second layer of that name',
        remedy: 'Give the layers names of their own.',
      });
    }
    this.nodes.push({ ...node, inputs } as GraphNode);
    return this.nodes.length - 1;
  }

  /** A final softmax or sigmoid. */
  addHead(apply: (x: tf.Tensor) => tf.Tensor): void {
    this.head = apply;
  }

  /** Gives a maximum lifts. */
  lift(place: number, lifts: LiftWeights): void {
    this.nodes[place] = { ...(this.nodes[place] as MaxNode), lifts };
  }

  shapeOf(place: number): Shape {
    return this.nodes[place].shape;
  }

  build(): Graph {
    const { nodes, head } = this;
    const consumers = nodes.map((): number[] => []);
    nodes.forEach(({ inputs }, i) => {
      for (const input of inputs) consumers[input].push(i);
    });
    const owners = new Map<number, number>();
    const leadsToNonlinearity = new Set<number>();
    for (let i = nodes.length - 1; i >= 0; i--) {
      const node = nodes[i];
      if (isNonlinear(node) || leadsToNonlinearity.has(i)) {
        for (const input of node.inputs) leadsToNonlinearity.add(input);
      }
      if (node.kind !== 'activation') continue;
      let [before] = node.inputs;
      // At inference dropout passes a bias on.
      while (nodes[before].kind === 'noise' && consumers[before].length === 1)
        [before] = nodes[before].inputs;
      const source = nodes[before];
      if (source.kind === 'affine' && source.storesBias && consumers[before].length === 1)
        owners.set(i, before);
    }
    const joined = new Set(
      [...owners].filter(([i, owner]) => nodes[i].inputs[0] === owner).map(([, owner]) => owner),
    );
    return { nodes, owners, joined, leadsToNonlinearity, ...(head ? { head } : {}) };
  }
}
