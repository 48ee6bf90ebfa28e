import type { NodeContext } from '../context.js';
import type { curveValue } from '../curves/activation.js';
import type { conesOf } from '../curves/cones.js';
import type { Value } from '../values.js';
import type { FamilyName } from './left-out.js';

/** Reads a node with `outputs` outputs: the value of the first one, or of each. */
export type Reader = (ctx: NodeContext, outputs: number) => Value | Value[];

/**
 * Operators that not every page needs: `readModel` of `@police/onnx-import` reads all families, that of `@police/onnx-import/lean`
 * those that it is given.
 */
export interface OperatorFamily {
  /** That it is exported by. */
  readonly name: FamilyName;
  /** By ONNX name. */
  readonly readers: ReadonlyMap<string, Reader>;
  /** Curves that several nodes compute: where they are, and their values. */
  readonly curves?: { readonly conesOf: typeof conesOf; readonly valueOf: typeof curveValue };
}
