import type { Activation } from './activation.js';
import type { AffineOperator } from './affine-operator.js';
import type { Lifts, Windows } from './max-windows.js';

/** Where a network begins. */
export interface InputNode {
  readonly kind: 'input';
  readonly name: string;
  readonly size: number;
}

/** An affine operator on the value of another node. */
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

/**
 * `y = max(min(v, c + r), c − r)`: a value v held within a radius r ≥ 0 of a centre c, entry by entry; `inputs` names the three nodes.
 * Where the radius is 0 it is the centre, whatever the value does; where |v − c| ≤ r it is the value. See `patch`.
 */
export interface ClampNode {
  readonly kind: 'clamp';
  readonly name: string;
  /** The value, the centre and the radius: three nodes of one size. */
  readonly inputs: readonly [value: string, centre: string, radius: string];
}

/** A function of which nothing is known but its sizes: a part of a file that is not read. */
export interface OpaqueNode {
  readonly kind: 'opaque';
  readonly name: string;
  readonly inputs: readonly string[];
  readonly size: number;
}

/** Every kind of node. A new one is a line here; the compiler then lists the tables that lack its rule. */
export interface NodeByKind {
  readonly input: InputNode;
  readonly affine: AffineNode;
  readonly activation: ActivationNode;
  readonly sum: SumNode;
  readonly concat: ConcatNode;
  readonly max: MaxNode;
  readonly clamp: ClampNode;
  readonly opaque: OpaqueNode;
}

/** The kinds of node that `walk` asks a rule for. */
export type NodeKind = keyof NodeByKind;
/** A node of a network. */
export type NetworkNode = NodeByKind[NodeKind];

/** The node reading other nodes: each name it reads, replaced. */
export function withInputs(node: NetworkNode, replaced: (name: string) => string): NetworkNode {
  if ('inputs' in node) {
    const inputs = node.inputs.map(replaced);
    return node.kind === 'clamp'
      ? { ...node, inputs: [inputs[0], inputs[1], inputs[2]] }
      : { ...node, inputs };
  }
  return 'input' in node ? { ...node, input: replaced(node.input) } : node;
}

/** The names of the nodes a node reads. */
export function inputsOf(node: NetworkNode): readonly string[] {
  if ('inputs' in node) return node.inputs;
  return 'input' in node ? [node.input] : [];
}
