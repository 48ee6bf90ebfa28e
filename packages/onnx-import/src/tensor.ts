import { malformed, unsupported } from './errors.js';
import { bitsOfFloat16, float16FromBits, roundToFloat16 } from './float16.js';
import { isExternal, type TensorProto } from './proto.js';

export type FloatType = 'float32' | 'float64' | 'float16';
export type IntegerType = 'int64' | 'int32' | 'int16' | 'int8' | 'uint32' | 'uint16' | 'uint8' | 'bool';
export type DType = FloatType | IntegerType;

/** A constant, row-major; no sizes for a scalar. Integers are held as numbers. */
export interface Tensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

interface Format {
  /** ONNX `TensorProto.DataType`. */
  readonly code: number;
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => number;
  /** The field that holds typed data. */
  readonly typed: (tensor: TensorProto) => ArrayLike<number | bigint>;
}

const int32Data = (tensor: TensorProto) => tensor.int32Data;

const formats: Readonly<Record<DType, Format>> = {
  float32: { code: 1, bytes: 4, read: (v, i) => v.getFloat32(i, true), typed: tensor => tensor.floatData },
  uint8: { code: 2, bytes: 1, read: (v, i) => v.getUint8(i), typed: int32Data },
  int8: { code: 3, bytes: 1, read: (v, i) => v.getInt8(i), typed: int32Data },
  uint16: { code: 4, bytes: 2, read: (v, i) => v.getUint16(i, true), typed: int32Data },
  int16: { code: 5, bytes: 2, read: (v, i) => v.getInt16(i, true), typed: int32Data },
  int32: { code: 6, bytes: 4, read: (v, i) => v.getInt32(i, true), typed: int32Data },
  int64: { code: 7, bytes: 8, read: (v, i) => Number(v.getBigInt64(i, true)), typed: t => t.int64Data },
  bool: { code: 9, bytes: 1, read: (v, i) => Number(v.getUint8(i) !== 0), typed: int32Data },
  float16: { code: 10, bytes: 2, read: (v, i) => float16FromBits(v.getUint16(i, true)), typed: int32Data },
  float64: { code: 11, bytes: 8, read: (v, i) => v.getFloat64(i, true), typed: tensor => tensor.doubleData },
  uint32: { code: 12, bytes: 4, read: (v, i) => v.getUint32(i, true), typed: tensor => tensor.uint64Data },
};

const byCode = new Map(Object.entries(formats).map(([name, { code }]) => [code, name as DType]));

/** The type of an ONNX `TensorProto.DataType`. Throws `unsupported-layer` for strings, complex numbers, 4-bit types …. */
export function dtypeOf(code: number, where: string): DType {
  const dtype = byCode.get(code);
  if (dtype) return dtype;
  throw unsupported(where, `a tensor of ${[...byCode.values()].join(', ')}`, `ONNX data type ${code}`);
}

export function codeOf(dtype: DType): number {
  return formats[dtype].code;
}

export function isFloat(dtype: DType): dtype is FloatType {
  return dtype === 'float32' || dtype === 'float64' || dtype === 'float16';
}

/**
 * A tensor's values. Throws `invalid-network` where sizes and data do not agree or the data lie in another file (whose
 * path is never followed), `unsupported-layer` for types without numbers.
 */
export function readTensor(tensor: TensorProto, where: string): Tensor {
  if (isExternal(tensor)) {
    throw malformed(
      where,
      'a tensor with its data in the model file',
      'data in another file',
      'Pass readModel(bytes, { externalData: location => … }), or save the model as one file; paths in models are never followed unasked.',
    );
  }
  const dtype = dtypeOf(tensor.dataType, where);
  const shape = tensor.dims.map(Number);
  const size = shape.reduce((product, dim) => product * dim, 1);
  if (!shape.every(dim => Number.isSafeInteger(dim) && dim >= 0)) {
    throw malformed(where, 'sizes from 0 up', `[${shape}]`);
  }
  const { rawData } = tensor;
  const { bytes, read, typed } = formats[dtype];
  const list = typed(tensor);
  const present = rawData.length > 0 ? rawData.length / bytes : list.length;
  if (present !== size) throw malformed(where, `${size} values for sizes [${shape}]`, `${present}`);
  if (rawData.length > 0) {
    if (dtype === 'bool' && rawData.some(byte => byte > 1))
      throw malformed(where, 'bool bytes 0 or 1', 'others');
    const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
    const data = new Float64Array(size);
    for (let i = 0; i < size; i++) data[i] = read(view, i * bytes);
    return { dtype, shape, data };
  }
  const { lo, hi } = TYPED_RANGES[dtype] ?? { lo: Number.NEGATIVE_INFINITY, hi: Number.POSITIVE_INFINITY };
  const number = dtype === 'float16' ? float16FromBits : (x: number) => x;
  const data = Float64Array.from({ length: size }, (_, i) => {
    const entry = Number(list[i]);
    if (entry < lo || entry > hi) throw malformed(where, `${dtype} values from ${lo} to ${hi}`, `${list[i]}`);
    return number(entry);
  });
  return { dtype, shape, data };
}

/** What typed data may hold where the field is wider than the type (of float16: its bits); runtimes would cut it. */
const TYPED_RANGES: Readonly<Partial<Record<DType, { readonly lo: number; readonly hi: number }>>> = {
  int16: { lo: -(2 ** 15), hi: 2 ** 15 - 1 },
  int8: { lo: -128, hi: 127 },
  uint32: { lo: 0, hi: 2 ** 32 - 1 },
  uint16: { lo: 0, hi: 65535 },
  uint8: { lo: 0, hi: 255 },
  bool: { lo: 0, hi: 1 },
  float16: { lo: 0, hi: 65535 },
};

/** The value nearest to x that a type holds; of an integer type the whole part. */
export function rounderOf(dtype: DType): (x: number) => number {
  switch (dtype) {
    case 'float32':
      return Math.fround;
    case 'float64':
      return x => x;
    case 'float16':
      return roundToFloat16;
    default:
      return Math.trunc;
  }
}

/** The values, each representable in `dtype`, in ONNX's little-endian raw form. */
export function rawBytes(values: Float64Array, dtype: FloatType): Uint8Array<ArrayBuffer> {
  const { bytes } = formats[dtype];
  const view = new DataView(new ArrayBuffer(bytes * values.length));
  values.forEach((x, i) => {
    if (dtype === 'float32') view.setFloat32(4 * i, x, true);
    else if (dtype === 'float64') view.setFloat64(8 * i, x, true);
    else view.setUint16(2 * i, bitsOfFloat16(x), true);
  });
  return new Uint8Array(view.buffer);
}
