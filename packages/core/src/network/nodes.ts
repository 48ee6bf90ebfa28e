import type { Activation } from './activation.js';
import type { AffineOperator } from './affine-operator.js';
import type { Lifts, Windows } from './max-windows.js';

export interface InputNode {
  readonly kind: 'input';
  readonly name: string;
  readonly size: number;
}

export interface AffineNode {
  readonly kind: 'affine';
  readonly name: string;
  readonly input: string;
  readonly operator: AffineOperator;
}

/** `y = σ(h + shift)`: the nonlinearity owns the bias shift, so that any graph may lie before it. */
export interface ActivationNode {
  readonly kind: 'activation';
  readonly name: string;
  readonly input: string;
  readonly activation: Activation;
  /** `[units]`; absent means zero. */
  readonly shift?: Float64Array;
}

/** `y = Σ coefficientᵢ · xᵢ` of nodes of one size: residual sums, differences. */
export interface SumNode {
  readonly kind: 'sum';
  readonly name: string;
  readonly inputs: readonly string[];
  /** One per input; all 1 by default. */
  readonly coefficients?: readonly number[];
}

/** The units of all inputs, one after the other. */
export interface ConcatNode {
  readonly kind: 'concat';
  readonly name: string;
  readonly inputs: readonly string[];
}

/** The largest entry of each window: max-pooling (windows may overlap) and maxout. */
export interface MaxNode {
  readonly kind: 'max';
  readonly name: string;
  readonly input: string;
  readonly windows: Windows;
  /** Entries that are lifted so that they win on the regions; absent before the network is policed. */
  readonly lifts?: Lifts;
}

/** Every kind of node. A new one is a line here; the compiler then lists the tables that lack its rule. */
export interface NodeByKind {
  readonly input: InputNode;
  readonly affine: AffineNode;
  readonly activation: ActivationNode;
  readonly sum: SumNode;
  readonly concat: ConcatNode;
  readonly max: MaxNode;
}

export type NodeKind = keyof NodeByKind;
/** A node of a network. */
export type NetworkNode = NodeByKind[NodeKind];

/** The names of the nodes a node reads. */
export function inputsOf(node: NetworkNode): readonly string[] {
  if ('inputs' in node) return node.inputs;
  return 'input' in node ? [node.input] : [];
}
