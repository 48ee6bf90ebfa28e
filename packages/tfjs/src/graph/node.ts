import type { Activation, AffineOperator, Windows } from '@police/core';
import type * as tf from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';

/** Sizes without the batch axis; values have shape `[rows, ...shape]`. */
export type Shape = readonly number[];

interface NodeBase {
  /** Unique in the graph; core's name too. */
  readonly name: string;
  /** The layer it was read from. */
  readonly layer: string;
  /** Positions of its inputs in the graph. */
  readonly inputs: readonly number[];
  readonly shape: Shape;
}

export interface InputNode extends NodeBase {
  readonly kind: 'input';
}

/** An affine map with the parameters it has in one step. */
export interface AffineStep {
  /** `linear(x) + bias` on `[rows, ...inShape]`; the bias broadcasts over `[rows, ...shape]`. */
  apply(x: tf.Tensor, bias?: tf.Tensor): tf.Tensor;
  /** The step's own bias. */
  readonly bias?: tf.Tensor;
  /** W `[in, out]` where `linear(x)` is `x W` of rows `[rows, in]`. */
  readonly kernel?: tf.Tensor2D;
}

/** Which outputs share one bias, as the positions of a convolution's channel do. */
export interface BiasSharing {
  /** Group of each output in the flattened shape, `[units]`. */
  readonly groups: Int32Array;
  /** Shape of one value per group that broadcasts over `[rows, ...shape]`. */
  readonly shape: Shape;
}

/**
 * How core stores a value: flattened as TensorFlow.js lays it out, or with the last axis, the channels, in front, as
 * core's convolutions want it.
 */
export type Layout = 'natural' | 'channelsFirst';

/** An affine node in core's words. */
export interface CoreAffine {
  /** The layout its operators take, or `any`. */
  readonly takes: Layout | 'any';
  /** Named operators, one after the other; the last one has the node's name. */
  operators(layout: Layout): readonly AffineOperator[];
  /** The layout of the result; by default that of the input. */
  readonly gives?: Layout;
  /** Writes the parameters of such operators into the layer's weights. Absent where there are none. */
  write?(operators: readonly AffineOperator[], layout: Layout): void;
}

export interface AffineNode extends NodeBase {
  readonly kind: 'affine';
  /** With the weights of now. `x`, the data, is there in a training step: batch normalisation looks at it. */
  step(x: tf.Tensor | undefined, isTraining: boolean): AffineStep;
  /** Where its step in training depends on the batch: makes the statistics of data `[rows, ...inShape]` those of inference. */
  adoptStatistics?(x: tf.Tensor): void;
  /** Whether it adds a bias, if only of zeros: then a shift after it can be one. */
  readonly storesBias: boolean;
  /** The bias as a weight; may be absent where there could be one. */
  readonly bias?: LayerVariable;
  /** Absent where every output has a bias of its own. */
  readonly sharing?: BiasSharing;
  readonly core: CoreAffine;
}

/** A disturbance in training that passes values on unchanged otherwise: dropout. Frames pass it unchanged. */
export interface NoiseNode extends NodeBase {
  readonly kind: 'noise';
  disturb(x: tf.Tensor, isTraining: boolean): tf.Tensor;
}

export interface ActivationNode extends NodeBase {
  readonly kind: 'activation';
  /** The framework's own function. */
  apply(x: tf.Tensor): tf.Tensor;
  /** Core's description with the weights it has now, its units in the order given: entry j is unit `order[j]`. */
  describe(order?: Int32Array): Activation;
  /** The slope `[...shape]` of the leftmost piece, where that is a weight: PReLU's alpha. */
  readonly alpha?: () => tf.Tensor;
  readonly variables: readonly LayerVariable[];
}

/** What lifts the winners of windows that a model has already, see core's `Lifts`. */
export interface LiftWeights {
  /** The lifted entry of each window plus one, 0 for none, `[windows]`. */
  readonly winner: LayerVariable;
  /** `[windows]`. */
  readonly lift: LayerVariable;
}

/** The largest entries of windows: max-pooling, or the maximum over a first axis. */
export interface MaxNode extends NodeBase {
  readonly kind: 'max';
  /** Over the flattened input; window w is entry w of the flattened output. */
  readonly windows: Windows;
  /** The framework's own function. */
  apply(x: tf.Tensor): tf.Tensor;
  readonly lifts?: LiftWeights;
}

export interface SumNode extends NodeBase {
  readonly kind: 'sum';
  readonly coefficients: readonly number[];
  apply(inputs: readonly tf.Tensor[]): tf.Tensor;
}

export interface ConcatNode extends NodeBase {
  readonly kind: 'concat';
  /** Of `shape`, from 0. */
  readonly axis: number;
}

export type GraphNode = InputNode | AffineNode | NoiseNode | ActivationNode | MaxNode | SumNode | ConcatNode;

/** A model as a graph in topological order, the input first and the output last. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  /** A final softmax or sigmoid, which no constraint concerns. */
  readonly head?: (x: tf.Tensor) => tf.Tensor;
  /**
   * The affine node whose bias belongs to a nonlinearity alone, by position: its shift is added there. Core's
   * `biasOwner`.
   */
  readonly owners: ReadonlyMap<number, number>;
  /** The owners that come right before their nonlinearity: the two are computed together. */
  readonly joined: ReadonlySet<number>;
  /** Positions of what lies before some nonlinearity: the frames need go no further. */
  readonly leadsToNonlinearity: ReadonlySet<number>;
}

export const sizeOf = (shape: Shape): number => shape.reduce((product, size) => product * size, 1);

export const isNonlinear = (node: GraphNode): node is ActivationNode | MaxNode =>
  node.kind === 'activation' || node.kind === 'max';
