// The one file that knows how messages are coded.
import {
  type AttributeProto,
  AttributeType,
  DataType,
  encode,
  type Partly,
  type TensorProto,
  type ValueInfoProto,
} from '@police/onnx-proto';

/** Operator set and file format: old enough for any runtime of the last years, new enough for every operator here. */
export const OPSET = 17;
export const IR_VERSION = 8;

/** A node's attribute, in one of the four types that are written. */
export type OnnxAttribute = { readonly name: string } & (
  | { readonly type: 'int' | 'float'; readonly value: number }
  | { readonly type: 'ints'; readonly value: readonly number[] }
  | { readonly type: 'string'; readonly value: string }
);

/** An operator with one output; an input named '' is absent. */
export interface OnnxNode {
  readonly opType: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: readonly OnnxAttribute[];
}

/** A constant, float32 or int64, row-major; no dims for a scalar. */
export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly values: Float32Array | BigInt64Array;
}

/** A float32 tensor `[batch, size]` of any batch size. */
export interface OnnxBatch {
  readonly name: string;
  readonly size: number;
}

export interface OnnxGraph {
  readonly name: string;
  /** In topological order. */
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly input: OnnxBatch;
  readonly output: OnnxBatch;
}

export interface OnnxModel {
  readonly producerName: string;
  readonly producerVersion: string;
  readonly docString?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly graph: OnnxGraph;
}

/** The bytes of an ONNX `ModelProto`. */
export function encodeModel({ graph, metadata, ...header }: OnnxModel): Uint8Array<ArrayBuffer> {
  return encode('ModelProto', {
    ...header,
    irVersion: BigInt(IR_VERSION),
    opsetImport: [{ domain: '', version: BigInt(OPSET) }],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: graph.name,
      node: graph.nodes.map(({ opType, name, inputs, output, attributes }) => ({
        opType,
        name,
        input: [...inputs],
        output: [output],
        attribute: attributes.map(attribute),
      })),
      initializer: graph.initializers.map(tensor),
      input: [batch(graph.input)],
      output: [batch(graph.output)],
    },
  });
}

function attribute({ name, ...given }: OnnxAttribute): Partly<AttributeProto> {
  switch (given.type) {
    case 'int':
      return { name, type: AttributeType.INT, i: BigInt(given.value) };
    case 'ints':
      return { name, type: AttributeType.INTS, ints: given.value.map(BigInt) };
    case 'float':
      return { name, type: AttributeType.FLOAT, f: given.value };
    case 'string':
      // ONNX's own words: ASCII.
      return {
        name,
        type: AttributeType.STRING,
        s: Uint8Array.from(given.value, letter => letter.charCodeAt(0)),
      };
  }
}

function tensor({ name, dims, values }: OnnxTensor): Partly<TensorProto> {
  return {
    name,
    dims: dims.map(BigInt),
    dataType: values instanceof Float32Array ? DataType.FLOAT : DataType.INT64,
    rawData: littleEndian(values),
  };
}

/** ONNX stores raw data in little-endian order, whatever the machine's. */
function littleEndian(values: Float32Array | BigInt64Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(values.byteLength));
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value === 'bigint') view.setBigInt64(8 * i, value, true);
    else view.setFloat32(4 * i, value, true);
  }
  return new Uint8Array(view.buffer);
}

function batch({ name, size }: OnnxBatch): Partly<ValueInfoProto> {
  const dim = [
    { value: { case: 'dimParam' as const, value: 'batch' } },
    { value: { case: 'dimValue' as const, value: BigInt(size) } },
  ];
  return {
    name,
    type: { value: { case: 'tensorType', value: { elemType: DataType.FLOAT, shape: { dim } } } },
  };
}
