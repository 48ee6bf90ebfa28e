import type * as operators from '@police/core/operators';
import { exactFloat32 } from './float32.js';
import type { OnnxAttribute } from './onnx-proto.js';

export type Shape = operators.Shape;

/** A float32 tensor of the graph, `[batch, ...shape]`. */
export interface Tensor {
  readonly kind: 'tensor';
  readonly name: string;
  readonly shape: Shape;
}

/** Float32 values, or integers such as shapes and indices; row-major, no dims for a scalar. */
export interface Constant {
  readonly kind: 'constant';
  /** Names it together with its node: `affine_1.weight`. */
  readonly role: string;
  readonly dims: readonly number[];
  readonly values: Float32Array | BigInt64Array;
}

/** An ONNX operator on its inputs, with one result `[batch, ...shape]`: a node is a tree of these over tensors. */
export interface Operation {
  readonly kind: 'operation';
  readonly opType: string;
  readonly inputs: readonly Source[];
  readonly attributes: readonly OnnxAttribute[];
  readonly shape: Shape;
}

/** What stands for an optional input that is not given. */
export interface Absent {
  readonly kind: 'absent';
}

/** What has a value for each row of the batch. */
export type Value = Tensor | Operation;
export type Source = Value | Constant | Absent;

export const ABSENT: Absent = { kind: 'absent' };

export function operation(
  opType: string,
  inputs: readonly Source[],
  shape: Shape,
  attributes: readonly OnnxAttribute[] = [],
): Operation {
  return { kind: 'operation', opType, inputs, attributes, shape };
}

/** The value as the result of an operator, be it one that does nothing. */
export function asOperation(value: Value): Operation {
  return value.kind === 'operation' ? value : operation('Identity', [value], value.shape);
}

/** The same entries in the same order under another shape of the same size; nothing to do where it has that shape. */
export function reshaped(value: Value, shape: Shape): Value {
  if (isSameShape(value.shape, shape)) return value;
  if (shape.length === 1)
    return operation('Flatten', [value], shape, [{ name: 'axis', type: 'int', value: 1 }]);
  // 0 copies the batch size.
  return operation('Reshape', [value, integers('shape', [0, ...shape])], shape);
}

/** Each row as one vector `[size]`. */
export function flattened(value: Value): Value {
  return reshaped(value, [sizeOf(value.shape)]);
}

export function isSameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

const INT64_MAX = 2n ** 63n - 1n;

/** Int64 values; infinite ones become the largest there are. By default a vector. */
export function integers(role: string, values: Iterable<number>, dims?: readonly number[]): Constant {
  const toInt64 = (x: number) => (Number.isFinite(x) ? BigInt(x) : x > 0 ? INT64_MAX : -INT64_MAX);
  const stored = BigInt64Array.from(Array.from(values, toInt64));
  return { kind: 'constant', role, dims: dims ?? [stored.length], values: stored };
}

/** Throws `not-frozen`, naming the node `where`, for a value that is no float32 value. */
export function floats(
  role: string,
  dims: readonly number[],
  values: ArrayLike<number>,
  where: string,
): Constant {
  return { kind: 'constant', role, dims, values: exactFloat32(values, where, role) };
}

export function scalar(role: string, value: number, where: string): Constant {
  return floats(role, [], [value], where);
}

/**
 * One value for each entry of a `[batch, ...shape]` tensor; stored once per channel `[C, 1, …]`, which broadcasts, where
 * all entries of a channel agree. Throws `not-frozen`.
 */
export function perEntry(role: string, values: ArrayLike<number>, shape: Shape, where: string): Constant {
  const [channels, ...plane] = shape;
  const positions = sizeOf(plane);
  const ofChannel = Array.from({ length: channels ?? 0 }, (_, c) => values[c * positions]);
  const isShared =
    positions > 1 && Array.from(values).every((x, j) => Object.is(x, ofChannel[Math.floor(j / positions)]));
  return isShared
    ? floats(role, [channels, ...plane.map(() => 1)], ofChannel, where)
    : floats(role, shape, values, where);
}
