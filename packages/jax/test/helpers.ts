import { jit, numpy as np } from '@jax-js/jax';
import { type Matrix, matrix, type Network, type Sides } from '@police/core';
import type { Format, Model, Params, Policed, State } from '@police/jax';

export type Tensor = np.Array;

/**
 * jax-js looks for a global `Worker` at every new kernel, and onnxruntime-web defines one in Node as it starts: then kernels want a shared
 * memory, which there is not. One thread is enough for both here.
 */
export function keepOneThread(): void {
  Object.defineProperty(globalThis, 'Worker', { get: () => undefined, set: () => {}, configurable: true });
}

export const ROUNDOFF: Readonly<Record<Format, number>> = { float32: 2 ** -24, float64: 2 ** -53 };

/** Rows as an array. */
export function toTensor({ rows, cols, data }: Matrix, dtype: Format): Tensor {
  const values = dtype === 'float64' ? Float64Array.from(data) : Float32Array.from(data);
  return np.array(values, { shape: [rows, cols] });
}

/** An array's numbers; it is used up. */
export const numbers = (array: Tensor): Float64Array => Float64Array.from(array.dataSync());

/** Flat rows of an array, which is used up. */
export const toMatrix = (array: Tensor): Matrix => {
  const [rows] = array.shape;
  const data = numbers(array);
  return matrix(rows, data.length / rows, data);
};

/** Parameters with one more reference each. */
export const again = <T>(tree: T): T => {
  for (const value of Object.values(tree as Record<string, unknown>)) {
    if (value && typeof value === 'object' && 'dataSync' in value) void (value as Tensor).ref;
    else again(value);
  }
  return tree;
};

export const formatOf = (params: Params): Format => {
  const [node] = Object.values(params);
  return Object.values(node)[0].dtype as Format;
};

/** Plain outputs at rows. */
export const runPlain = (model: Model, params: Params, x: Matrix): Matrix =>
  toMatrix(model.apply(again(params), rowsFor(model, x, formatOf(params))));

/** Constrained outputs at rows. */
export const runPoliced = (policed: Policed, params: Params, state: State, x: Matrix): Matrix => {
  const rows = rowsFor(policed.model, x, formatOf(params));
  const [y, next] = compiled(policed)(again(params), again(state), rows);
  for (const sides of Object.values(next)) sides.dispose();
  return toMatrix(y);
};

const compiledOnes = new WeakMap<Policed, Policed['apply']>();

/** Eager operations are each a kernel, and slow. */
function compiled(policed: Policed): Policed['apply'] {
  const apply = compiledOnes.get(policed) ?? jit(policed.apply);
  compiledOnes.set(policed, apply);
  return apply;
}

const rowsFor = ({ inputShape }: Model, x: Matrix, dtype: Format): Tensor =>
  toTensor(x, dtype).reshape([x.rows, ...inputShape]);

/** Core's sides as the state of a model. */
export function stateOf(net: Network, sides: Sides): State {
  return Object.fromEntries(
    net.nodes.flatMap(node => {
      if (node.kind !== 'activation' && node.kind !== 'max') return [];
      const units = net.sizes.get(node.name)!;
      const values = Int32Array.from(sides[node.name]);
      const shape = node.kind === 'max' ? [units] : [values.length / units, units];
      return [[node.name, np.array(values, { shape })]];
    }),
  );
}
