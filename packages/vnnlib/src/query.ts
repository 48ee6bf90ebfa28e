import type { ElementType } from './element-type.js';
import type { Source } from './source.js';

/** What a text says. Every part has `at`, its offset in `source.text`; `source.position(at)` is its line and column. */
export interface Query {
  readonly version: Version;
  /** Of version 1: one network, of an input X and an output Y, each a vector. */
  readonly networks: readonly Network[];
  /** All of them hold in a model of the query. */
  readonly assertions: readonly Assertion[];
  readonly source: Source;
}

/** VNN-LIB 1 is `{ major: 1, minor: 0 }`. */
export interface Version {
  readonly major: 1 | 2;
  readonly minor: number;
}

/** A network that a query declares, with its tensors. */
export interface Network {
  readonly name: string;
  readonly equivalence?: Equivalence;
  readonly inputs: readonly InputTensor[];
  readonly hidden: readonly HiddenTensor[];
  readonly outputs: readonly OutputTensor[];
  readonly at: number;
}

/** That the network is an earlier one (`equal-to`), or has its graph but not its weights (`isomorphic-to`). */
export interface Equivalence {
  readonly kind: 'equal-to' | 'isomorphic-to';
  readonly network: string;
  readonly at: number;
}

interface TensorBase {
  readonly name: string;
  readonly elementType: ElementType;
  /** Length of each axis; none for a scalar. */
  readonly shape: readonly number[];
  readonly at: number;
}

/** A tensor that is given to a network. */
export interface InputTensor extends TensorBase {
  readonly role: 'input';
  /** True where the model's own initial value is meant (VNN-LIB 2.1). */
  readonly isInitialized: boolean;
}

/** A tensor inside a network. */
export interface HiddenTensor extends TensorBase {
  readonly role: 'hidden';
  /** Name of the tensor in the ONNX model. */
  readonly onnxName: string;
}

/** A tensor that a network gives. */
export interface OutputTensor extends TensorBase {
  readonly role: 'output';
}

/** Any declared tensor; `role` tells which. */
export type Tensor = InputTensor | HiddenTensor | OutputTensor;

/** One `assert`. */
export interface Assertion {
  readonly formula: Formula;
  readonly at: number;
}

/** Comparisons, joined by `and` and `or`. */
export type Formula = Comparison | Connective;

/** All of its operands, or one at least. */
export type Connective = ConnectiveOf<'and'> | ConnectiveOf<'or'>;

/** At least one operand. */
interface ConnectiveOf<Kind> {
  readonly kind: Kind;
  readonly operands: readonly Formula[];
  readonly at: number;
}

/** Two terms and the relation between them. */
export interface Comparison {
  readonly kind: 'comparison';
  readonly operator: Comparator;
  readonly left: Term;
  readonly right: Term;
  readonly at: number;
}

/** `!=` is of version 2, and of `distinct`. */
export type Comparator = '<' | '<=' | '>' | '>=' | '==' | '!=';

/** An arithmetic expression. */
export type Term = Constant | Element | Operation;

/** A number as it is written. */
export interface Constant {
  readonly kind: 'constant';
  /** A decimal in the standards' form, `-?digits(.digits)?`; exponents of the text are written out. */
  readonly text: string;
  readonly at: number;
}

/** One number of a tensor. */
export interface Element {
  readonly kind: 'element';
  /** The tensor's name: `X` for `X_3` of version 1. */
  readonly tensor: string;
  /** In row-major order; 0 of a scalar. */
  readonly index: number;
  readonly at: number;
}

/** From left to right; `-` of one operand negates it, and `/` is of version 1 only. At least one operand. */
export interface Operation {
  readonly kind: 'operation';
  readonly operator: Operator;
  readonly operands: readonly Term[];
  readonly at: number;
}

/** `/` is of version 1 only. */
export type Operator = '+' | '-' | '*' | '/';

/** For `fold`: the operands of a term or formula. */
export function operandsOf<T extends Term | Formula>(node: T): readonly T[] {
  return 'operands' in node ? (node.operands as readonly T[]) : [];
}

/** All tensors of a query by name. */
export function tensorsOf(query: Query): Map<string, Tensor> {
  const all = query.networks.flatMap(({ inputs, hidden, outputs }) => [...inputs, ...hidden, ...outputs]);
  return new Map(all.map(tensor => [tensor.name, tensor]));
}

/** Number of elements. */
export function sizeOf({ shape }: Pick<Tensor, 'shape'>): number {
  return shape.reduce((size, length) => size * length, 1);
}

/** The constants and elements of terms, from left to right. */
export function leavesOf(...terms: readonly Term[]): (Constant | Element)[] {
  const leaves: (Constant | Element)[] = [];
  const stack = [...terms].reverse();
  for (let next = stack.pop(); next; next = stack.pop()) {
    if (next.kind !== 'operation') leaves.push(next);
    else for (let i = next.operands.length - 1; i >= 0; i--) stack.push(next.operands[i]);
  }
  return leaves;
}
