import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { AttributeProto_AttributeType, type ModelProto, ModelProtoSchema } from 'onnx-buf';
import { bitsOfFloat16 } from '../src/float16.js';
import { codeOf, type DType, rawBytes } from '../src/tensor.js';

export function decode(bytes: Uint8Array): ModelProto {
  return fromBinary(ModelProtoSchema, bytes);
}

export function encode(model: ModelProto): Uint8Array<ArrayBuffer> {
  return toBinary(ModelProtoSchema, model);
}

/** A constant: floats by default, `int64` for shapes and axes. */
export interface TestTensor {
  readonly dims: readonly number[];
  readonly data: readonly number[];
  readonly dtype?: DType;
  /** Instead of `data`, for int64 values that no float64 holds. */
  readonly bigints?: readonly bigint[];
}

export type TestAttribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | TestTensor;

/** `[operator, inputs, outputs, attributes]`. */
export type TestNode = readonly [
  string,
  readonly string[],
  readonly string[],
  Readonly<Record<string, TestAttribute>>?,
];

export interface TestModel {
  readonly opset?: number;
  readonly ir?: number;
  /** Sizes of input `x`; a string is an open one. */
  readonly input: readonly (number | string)[];
  readonly dtype?: 'float32' | 'float64' | 'float16';
  readonly nodes: readonly TestNode[];
  readonly constants?: Readonly<Record<string, TestTensor>>;
  /** @defaultValue ['y'] */
  readonly outputs?: readonly string[];
  readonly outputType?: number;
}

export const int64 = (...data: number[]): TestTensor => ({ dims: [data.length], data, dtype: 'int64' });
export const scalar = (value: number): TestTensor => ({ dims: [], data: [value] });

export function tensorProto(name: string, tensor: TestTensor, typed = false) {
  const { dims, data, dtype = 'float32' } = tensor;
  const base = { name, dims: dims.map(BigInt), dataType: codeOf(dtype) };
  if (dtype === 'int64') return { ...base, int64Data: [...(tensor.bigints ?? data.map(BigInt))] };
  if (dtype === 'uint32') return { ...base, uint64Data: data.map(BigInt) };
  if (dtype === 'bool' || dtype.includes('int')) return { ...base, int32Data: [...data] };
  if (typed && dtype === 'float32') return { ...base, floatData: [...data] };
  if (typed && dtype === 'float16') return { ...base, int32Data: data.map(bitsOfFloat16) };
  if (typed && dtype === 'float64') return { ...base, doubleData: [...data] };
  return { ...base, rawData: rawBytes(Float64Array.from(data), dtype as 'float32') };
}

function attribute(name: string, value: TestAttribute) {
  const type = AttributeProto_AttributeType;
  if (typeof value === 'number') return { name, type: type.INT, i: BigInt(value) };
  if (typeof value === 'string') return { name, type: type.STRING, s: Uint8Array.from(Buffer.from(value)) };
  if ('float' in value) return { name, type: type.FLOAT, f: value.float };
  if ('floats' in value) return { name, type: type.FLOATS, floats: [...value.floats] };
  if ('dims' in value) return { name, type: type.TENSOR, t: tensorProto('', value) as never };
  return { name, type: type.INTS, ints: value.map(BigInt) };
}

const elemType = { float32: 1, float64: 11, float16: 10 } as const;

/** A small model with one input `x`. */
export function buildModel(model: TestModel): Uint8Array<ArrayBuffer> {
  const { opset = 13, ir = 8, input, dtype = 'float32', nodes, constants = {}, outputs = ['y'] } = model;
  const dim = input.map(size => ({
    value:
      typeof size === 'number'
        ? { case: 'dimValue' as const, value: BigInt(size) }
        : { case: 'dimParam' as const, value: size },
  }));
  const tensors = Object.entries(constants);
  const declared = ir < 4 ? tensors : [];
  const proto = create(ModelProtoSchema, {
    irVersion: BigInt(ir),
    producerName: 'test',
    opsetImport: [{ domain: '', version: BigInt(opset) }],
    metadataProps: [{ key: 'author', value: 'somebody' }],
    graph: {
      name: 'graph',
      node: nodes.map(([opType, from, to, attributes = {}], i) => ({
        opType,
        name: `n${i}`,
        input: [...from],
        output: [...to],
        attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
      })),
      initializer: tensors.map(([name, tensor], i) => tensorProto(name, tensor, i % 2 === 1)),
      input: [
        {
          name: 'x',
          type: { value: { case: 'tensorType', value: { elemType: elemType[dtype], shape: { dim } } } },
        },
        ...declared.map(([name, tensor]) => ({
          name,
          type: {
            value: {
              case: 'tensorType' as const,
              value: {
                elemType: codeOf(tensor.dtype ?? 'float32'),
                shape: {
                  dim: tensor.dims.map(d => ({ value: { case: 'dimValue' as const, value: BigInt(d) } })),
                },
              },
            },
          },
        })),
      ],
      output: outputs.map(name => ({
        name,
        type: {
          value: { case: 'tensorType' as const, value: { elemType: model.outputType ?? elemType[dtype] } },
        },
      })),
    },
  });
  return encode(proto);
}
