import { malformed } from './errors.js';
import { entriesOf } from './values.js';

/** The shape that tensors of these shapes have in common by ONNX's (NumPy's) rule. Throws `invalid-network`. */
export function broadcastShapes(shapes: readonly (readonly number[])[], where: string): number[] {
  const rank = Math.max(...shapes.map(shape => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map(shape => shape[axis - rank + shape.length] ?? 1);
    const size = sizes.find(one => one !== 1) ?? 1;
    if (sizes.every(one => one === 1 || one === size)) return size;
    throw malformed(where, 'shapes that broadcast', shapes.map(shape => `[${shape}]`).join(' and '));
  });
}

/** The entry of a tensor of shape `from` that each entry of shape `to` takes, `[entriesOf(to)]`. */
export function broadcastIndex(from: readonly number[], to: readonly number[]): Int32Array {
  const skipped = to.length - from.length;
  let index = Int32Array.of(0);
  to.forEach((size, axis) => {
    const own = axis < skipped ? 1 : from[axis - skipped];
    index = Int32Array.from({ length: index.length * size }, (_, i) => {
      const at = index[Math.floor(i / size)] * own;
      return own === 1 ? at : at + (i % size);
    });
  });
  return index;
}

/** Whether the index only counts. */
export function isIdentity(index: Int32Array, size: number): boolean {
  return index.length === size && index.every((from, j) => from === j);
}

/** Whether every entry is taken exactly once. */
export function isPermutation(index: Int32Array, size: number): boolean {
  if (index.length !== size) return false;
  const seen = new Uint8Array(size);
  for (const from of index) {
    if (from < 0 || seen[from]) return false;
    seen[from] = 1;
  }
  return true;
}

/** The shape without a leading axis of size 1, the batch's: a constant of this shape fits any batch. */
export function withoutBatch(shape: readonly number[]): number[] {
  return shape.length > 1 && shape[0] === 1 ? shape.slice(1) : [...shape];
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]) && entriesOf(a) === entriesOf(b);
}
