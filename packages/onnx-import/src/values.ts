import type { FloatType, Tensor } from './tensor.js';

/** What an ONNX tensor is while a model is read: known already, or computed from the network's input. */
export type Value = Constant | Data;

export interface Constant extends Tensor {
  readonly kind: 'constant';
}

/** The units of a core node under a shape. Reshaping makes another value of the same node. */
export interface Data {
  readonly kind: 'data';
  /** Name of the core node. */
  readonly node: string;
  readonly shape: readonly number[];
  readonly dtype: FloatType;
  /**
   * Whether this value's tensor is the only way to the node's units. If it has one reader as well, that reader may
   * change the node itself: place its bias, reorder its units.
   */
  readonly exclusive: boolean;
}

export function constantOf(tensor: Tensor): Constant {
  return { ...tensor, kind: 'constant' };
}

/** Number of entries. */
export function entriesOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
