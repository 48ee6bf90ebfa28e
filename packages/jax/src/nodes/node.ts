import type { Activation, AffineOperator, Windows } from '@police/core';
import type { Lifts } from '@police/core/adapter';
import type { Tensor } from '../arrays.js';
import type { IntoWindows, Members } from './windows.js';

/** The arrays of one node, by name. */
export type NodeParams = { [name: string]: Tensor };

/** The arrays of a model, by the names of nodes that have some: a pytree for `grad`, `jit` and optimizers. */
export type Params = { [node: string]: NodeParams };

/** The numbers of one node, by name. */
export type NodeValues = { readonly [name: string]: Float64Array };

/** An array that a node trains. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** Standard deviation at the start. @defaultValue 0: it starts as `fill` */
  readonly deviation?: number;
  /** @defaultValue 0 */
  readonly fill?: number;
}

interface Common {
  readonly name: string;
  /** Names of the nodes it reads; `input` is the model's input. */
  readonly inputs: readonly string[];
  /** Of one row. */
  readonly inputShape: readonly number[];
  readonly shape: readonly number[];
  readonly parameters: readonly Parameter[];
}

/** An affine layer. Its functions use up x, and leave the parameters as they are. */
export interface LinearNode extends Common {
  readonly kind: 'linear';
  /** Rows `[..., ...inputShape]` without the bias. */
  linear(params: NodeParams, x: Tensor): Tensor;
  /** What is added to every row, of a shape that `shape` takes. */
  readonly bias?: (params: NodeParams) => Tensor;
  /** {@link linear} of a column `[D, 1]`, and of the rows 0, `factorᵢ eᵢ` and 0 again, factors `[rows, 1]`, where that is cheaper. */
  readonly scaledAxes?: (
    params: NodeParams,
    origin: Tensor,
    factors: Tensor,
  ) => { readonly origin: Tensor; readonly scaled: Tensor };
  /** As an operator of core; none where rows are only seen in another shape. */
  readonly operator?: (values: NodeValues) => AffineOperator;
  /** Units of each channel, where they share one bias. */
  readonly positions?: number;
}

/** A nonlinearity; the activation of its present parameters, if it has any. */
export interface ActivationNode extends Common {
  readonly kind: 'activation';
  readonly activation: Activation;
  readonly activationOf?: (values: NodeValues) => Activation;
}

/** The largest entry of each window. */
export interface MaxNode extends Common, Members {
  readonly kind: 'max';
  readonly windows: Windows;
  readonly intoWindows: IntoWindows;
  /** Entries lifted by constants, of a frozen model. */
  readonly lifts?: Lifts;
}

export interface SumNode extends Common {
  readonly kind: 'sum';
  readonly coefficients?: readonly number[];
}

export interface ConcatNode extends Common {
  readonly kind: 'concat';
}

/** `max(min(v, c + r), c − r)` of a value, a centre and a radius: a patch of a frozen model. */
export interface ClampNode extends Common {
  readonly kind: 'clamp';
  readonly inputs: readonly [value: string, centre: string, radius: string];
}

/** What a model is made of, in topological order. */
export type Node = LinearNode | ActivationNode | MaxNode | SumNode | ConcatNode | ClampNode;

/** The name under which the first nodes read the model's input. */
export const INPUT = 'input';
