import { fromBinary } from '@bufbuild/protobuf';
import { forward, type Matrix, type Network, type Rng } from '@police/core';
import { float32ErrorBound } from '@police/testing/float32-error';
import { runOnnx } from '@police/testing/onnx-runtime';
import { type ModelProto, ModelProtoSchema } from 'onnx-buf';
import { expect } from 'vitest';

/** The model read back from its bytes. */
export const decode = (bytes: Uint8Array): ModelProto => fromBinary(ModelProtoSchema, bytes);

/** Each node as `Op name(inputs) → output`. */
export function nodesOf(bytes: Uint8Array): string[] {
  return decode(bytes).graph!.node.map(
    ({ opType, name, input, output }) => `${opType} ${name}(${input.join(', ')}) → ${output.join(', ')}`,
  );
}

/** Each node's operator. */
export function opTypesOf(bytes: Uint8Array): string[] {
  return decode(bytes).graph!.node.map(({ opType }) => opType);
}

/** Random float32 values `[rows, cols]` in [−scale, scale]. */
export function randomRows(rng: Rng, rows: number, cols: number, scale = 1): Matrix {
  const data = new Float64Array(rows * cols).map(() => Math.fround((2 * rng() - 1) * scale));
  return { rows, cols, data };
}

/** Fails, saying where, if a value lies further from the expected one than its own bound. */
export function expectWithin(actual: Matrix, expected: Matrix, bound: Matrix): void {
  expect([actual.rows, actual.cols]).toEqual([expected.rows, expected.cols]);
  if (actual.data.length === 0) return;
  let worst = 0;
  for (let k = 1; k < actual.data.length; k++) if (excess(k) > excess(worst)) worst = k;
  const at = `[${Math.floor(worst / actual.cols)}, ${worst % actual.cols}]`;
  const values = `${actual.data[worst]} for ${expected.data[worst]}, bound ${bound.data[worst]}`;
  expect(excess(worst) <= 0, `worst at ${at}: ${values}`).toBe(true);

  function excess(k: number): number {
    const by = Math.abs(actual.data[k] - expected.data[k]) - bound.data[k];
    return Number.isNaN(by) ? Number.POSITIVE_INFINITY : by;
  }
}

/** ONNX Runtime gives what core's `forward` gives, up to float32 rounding. */
export async function expectSameOutputs(bytes: Uint8Array, net: Network, x: Matrix): Promise<void> {
  expectWithin(await runOnnx(bytes, x), forward(net, x), float32ErrorBound(net, x));
}
