import * as tf from '@tensorflow/tfjs-core';
import type { Adjustment } from '../frames/adjustment.js';
import type { Constraint } from '../frames/constraint.js';
import type { ActivationNode, AffineStep, GraphNode } from '../graph/node.js';
import { presentLifts } from '../graph/present-lifts.js';
import { isReadInPlace } from '../ops/peek.js';
import { addedFaded } from './faded-shift.js';
import { liftedMax } from './lifted-max.js';

/** A graph, and where its shifts hold if that is not everywhere. */
export type DataGraph = Pick<Constraint, 'graph' | 'fader'>;

/** Data through the graph, `[rows, ...shape]`, with given adjustments, by position. */
export function forwardData(
  constraint: DataGraph,
  x: tf.Tensor,
  isTraining: boolean,
  adjustments: ReadonlyMap<number, Adjustment>,
): tf.Tensor {
  const pass = new DataPass(constraint, x, isTraining);
  constraint.graph.nodes.forEach((_, place) => {
    pass.advance(place, pass.stepAt(place), adjustments.get(place));
  });
  return pass.output;
}

/** The data's way through the graph, node by node. */
export class DataPass {
  private readonly values: tf.Tensor[] = [];
  private readonly steps: (AffineStep | undefined)[] = [];
  private readonly graph: DataGraph['graph'];
  /** How near each row is to each region, `[rows, regions]`; only where shifts fade. */
  private readonly nearness: tf.Tensor2D | undefined;

  constructor(
    { graph, fader }: DataGraph,
    private readonly x: tf.Tensor,
    private readonly isTraining: boolean,
  ) {
    this.graph = graph;
    this.nearness = fader?.of(x);
  }

  get output(): tf.Tensor {
    return this.values[this.graph.nodes.length - 1];
  }

  /** What enters a node from its first input. */
  inputAt(place: number): tf.Tensor {
    return this.values[this.graph.nodes[place].inputs[0]];
  }

  /** What an affine node does with this batch. */
  stepAt(place: number): AffineStep | undefined {
    const node = this.graph.nodes[place];
    return node.kind === 'affine' ? node.step(this.values[node.inputs[0]], this.isTraining) : undefined;
  }

  advance(place: number, step: AffineStep | undefined, adjustment: Adjustment | undefined): void {
    this.steps[place] = step;
    if (!this.graph.joined.has(place))
      this.values[place] = this.valueOf(this.graph.nodes[place], step, adjustment);
  }

  private valueOf(
    node: GraphNode,
    step: AffineStep | undefined,
    adjustment: Adjustment | undefined,
  ): tf.Tensor {
    const inputs = node.inputs.map(input => this.values[input]);
    switch (node.kind) {
      case 'input':
        return this.x;
      case 'affine':
        return step!.apply(inputs[0], step!.bias);
      case 'noise':
        return node.disturb(inputs[0], this.isTraining);
      case 'activation':
        return node.apply(this.preActivation(node, adjustment?.kind === 'shift' ? adjustment.c : undefined));
      case 'max': {
        const present = presentLifts(node);
        const y = node.apply(inputs[0]);
        if (adjustment?.kind === 'lift')
          return liftedMax(y, inputs[0], node.windows, adjustment.winner, adjustment.lift);
        if (adjustment?.kind === 'liftOnDevice')
          return adjustment.windows.lifted(y, inputs[0], adjustment.winner, adjustment.lift);
        if (!present) return y;
        return liftedMax(y, inputs[0], node.windows, present.winner, node.lifts!.lift.read() as tf.Tensor1D);
      }
      case 'sum':
        return node.apply(inputs);
      case 'concat':
        return tf.concat(inputs, node.axis + 1);
    }
  }

  /**
   * The shift is added to the bias before, where there is one: on the data that is one pass less. Not so after a large kernel: see
   * `sharesPacking`.
   */
  private preActivation({ inputs: [before] }: ActivationNode, c: tf.Tensor | undefined): tf.Tensor {
    if (c && this.nearness) return addedFaded(this.without(before), this.nearness, c);
    if (!c) return this.without(before);
    if (!this.graph.joined.has(before)) return tf.add(this.values[before], c);
    const step = this.steps[before]!;
    const bias = step.bias ? tf.add(step.bias, c) : c;
    const x = this.values[this.graph.nodes[before].inputs[0]];
    return sharesPacking(x, step) ? tf.add(step.apply(x), bias) : step.apply(x, bias);
  }

  /** What enters an activation without its shift. */
  private without(before: number): tf.Tensor {
    if (!this.graph.joined.has(before)) return this.values[before];
    const step = this.steps[before]!;
    return step.apply(this.values[this.graph.nodes[before].inputs[0]], step.bias);
  }
}

/**
 * Whether the product had better be the one that the frames went through, without a bias. The wasm backend packs a right
 * operand anew for each bias it meets, which takes as long as adding a bias to several times as many numbers. In training it costs
 * one more value of the layer's size until the step ends; in a first layer whose frames need no product, only `predict` gains.
 */
function sharesPacking({ shape: [rows] }: tf.Tensor, { kernel }: AffineStep): boolean {
  return isReadInPlace() && kernel !== undefined && kernel.shape[0] > rows / PACKING_COST;
}

/** Nanoseconds to pack a number over those to add one: about 5 to 1. */
const PACKING_COST = 5;
