import {
  Abs,
  Ceil,
  type DataType,
  Equal,
  Exp,
  Floor,
  Neg,
  NotEqual,
  Relu,
  Round,
  Sign,
  SparseToDense,
  Square,
  Step,
  type TensorInfo,
  Tile,
} from '@tensorflow/tfjs-core';
import { type Replacement, replacement } from './kernel.js';
import { Refusal } from './refusal.js';

/** @throws Refusal if a tensor has the type */
export function assertNot(dtype: DataType, kernelName: string, inputs: Record<string, TensorInfo>): void {
  for (const [name, info] of Object.entries(inputs)) {
    if (info?.dtype !== dtype) continue;
    throw new Refusal({
      code: 'dtype-unsupported',
      where: kernelName,
      expected: `${name} of a type that the wasm backend computes with`,
      actual: dtype,
      remedy: dtype === 'bool' ? 'Cast it to int32 or float32 first.' : 'Compute it on the cpu backend.',
    });
  }
}

const refusing = (dtype: DataType, kernelName: string): Replacement =>
  replacement<string, object>(kernelName, ({ inputs, attrs, stock }) => {
    assertNot(dtype, kernelName, inputs);
    return stock(inputs, attrs);
  });

/**
 * What upstream gives bits of memory for: functions of bool, whose output it leaves as it was, and comparisons of strings, which
 * it compares by their addresses. Tiling strings ends the backend.
 */
export const refused: Replacement[] = [
  ...[Abs, Ceil, Exp, Floor, Neg, Relu, Round, Sign, Square, Step].map(name => refusing('bool', name)),
  ...[Equal, NotEqual, Tile, SparseToDense].map(name => refusing('string', name)),
];
