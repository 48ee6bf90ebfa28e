import type { Element, Query, Tensor, Version } from './query.js';

/** An element as a query of a version writes it: `X_3`, `X[0,3]`, `Y`. */
export function elementName({ major }: Version, { name, shape }: Tensor, index: number): string {
  if (major === 1) return `${name}_${index}`;
  return shape.length === 0 ? name : `${name}[${indicesOf(shape, index)}]`;
}

/** Indices along each axis of a row-major index. */
export function indicesOf(shape: readonly number[], index: number): number[] {
  const indices: number[] = [];
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    indices[axis] = rest % shape[axis];
    rest = Math.floor(rest / shape[axis]);
  }
  return indices;
}

/** An element's name in its query. */
export function nameIn(
  query: Query,
  tensors: ReadonlyMap<string, Tensor>,
  { tensor, index }: Pick<Element, 'tensor' | 'index'>,
): string {
  return elementName(query.version, tensors.get(tensor)!, index);
}
