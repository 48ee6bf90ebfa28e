import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { type DataType, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { Refusal } from './refusal.js';

export type Values = Float32Array | Int32Array | Uint8Array;

/** Number of elements. */
export const sizeOf = (info: TensorInfo): number => util.sizeFromShape(info.shape);

/**
 * The tensors' own memory in the wasm heap, as float32. Writing to it is for fresh outputs only. A view is void after
 * the next kernel or `makeOutput`, which may grow the heap: make outputs first, then all views in one call.
 */
export function floats(backend: BackendWasm, ...infos: TensorInfo[]): Float32Array[] {
  const at = offsets(backend, infos);
  return infos.map((info, i) => new Float32Array(buffer(backend), at[i], sizeOf(info)));
}

/** As `floats`, the 32 bits of each element as an integer: int32 values, or elements that are only moved. */
export function words(backend: BackendWasm, ...infos: TensorInfo[]): Int32Array[] {
  const at = offsets(backend, infos);
  return infos.map((info, i) => new Int32Array(buffer(backend), at[i], sizeOf(info)));
}

/** As `floats`, one byte an element: bool. */
export function bytes(backend: BackendWasm, info: TensorInfo): Uint8Array {
  const [at] = offsets(backend, [info]);
  return new Uint8Array(buffer(backend), at, sizeOf(info));
}

/** As `floats`, each in the type of its elements. */
export function values(backend: BackendWasm, ...infos: TensorInfo[]): Values[] {
  const at = offsets(backend, infos);
  return infos.map((info, i) => new (arrayOf(info.dtype))(buffer(backend), at[i], sizeOf(info)));
}

function arrayOf(dtype: DataType): Float32ArrayConstructor | Int32ArrayConstructor | Uint8ArrayConstructor {
  if (dtype === 'float32') return Float32Array;
  if (dtype === 'int32') return Int32Array;
  if (dtype === 'bool') return Uint8Array;
  throw new Refusal({
    code: 'dtype-unsupported',
    where: 'wasm heap',
    expected: 'float32, int32 or bool',
    actual: dtype,
    remedy: 'Cast the tensor, or compute on the cpu backend.',
  });
}

/** An output filled with zeros. */
export function zeros(backend: BackendWasm, shape: number[], dtype: DataType): TensorInfo {
  const out = backend.makeOutput(shape, dtype);
  values(backend, out)[0].fill(0);
  return out;
}

// Reading an offset makes a deferred tensor compute itself, which may grow the heap: all offsets before any buffer.
const offsets = (backend: BackendWasm, infos: TensorInfo[]): number[] =>
  infos.map(info => backend.dataIdMap.get(info.dataId).memoryOffset);

/** The heap as it is now; upstream's types leave out what Emscripten adds to the module. */
const buffer = (backend: BackendWasm): ArrayBuffer =>
  (backend.wasm as unknown as { HEAPU8: Uint8Array<ArrayBuffer> }).HEAPU8.buffer;
