// The one file that knows onnx-buf, so that another protobuf binding can take its place.
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  type AttributeProtoSchema,
  ModelProtoSchema,
  TensorProto_DataType,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from 'onnx-buf';

/** Operator set and file format: old enough for any runtime of the last years, new enough for every operator here. */
export const OPSET = 17;
export const IR_VERSION = 8;

export interface OnnxAttribute {
  readonly name: string;
  readonly type: 'int' | 'float';
  readonly value: number;
}

/** An operator with one output. */
export interface OnnxNode {
  readonly opType: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: readonly OnnxAttribute[];
}

/** A float32 constant, row-major; no dims for a scalar. */
export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly values: Float32Array;
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
  const model = create(ModelProtoSchema, {
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
  return toBinary(ModelProtoSchema, model);
}

function attribute({ name, type, value }: OnnxAttribute): MessageInitShape<typeof AttributeProtoSchema> {
  return type === 'int'
    ? { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) }
    : { name, type: AttributeProto_AttributeType.FLOAT, f: value };
}

function tensor({ name, dims, values }: OnnxTensor): MessageInitShape<typeof TensorProtoSchema> {
  return {
    name,
    dims: dims.map(BigInt),
    dataType: TensorProto_DataType.FLOAT,
    rawData: littleEndian(values),
  };
}

/** ONNX stores raw data in little-endian order, whatever the machine's. */
function littleEndian(values: Float32Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((x, i) => {
    view.setFloat32(4 * i, x, true);
  });
  return new Uint8Array(view.buffer);
}

function batch({ name, size }: OnnxBatch): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = [
    { value: { case: 'dimParam' as const, value: 'batch' } },
    { value: { case: 'dimValue' as const, value: BigInt(size) } },
  ];
  return {
    name,
    type: { value: { case: 'tensorType', value: { elemType: TensorProto_DataType.FLOAT, shape: { dim } } } },
  };
}
