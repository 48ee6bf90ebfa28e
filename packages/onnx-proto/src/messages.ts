// What onnx.proto says, in TypeScript's words: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto

/** A file: the graph, and what it says of itself. */
export interface ModelProto {
  irVersion: bigint;
  producerName: string;
  producerVersion: string;
  domain: string;
  modelVersion: bigint;
  docString: string;
  graph?: GraphProto;
  opsetImport: OperatorSetIdProto[];
  metadataProps: StringStringEntryProto[];
  /** Serialised, as those below. */
  trainingInfo: Uint8Array[];
  functions: Uint8Array[];
}

/** A version of an operator set; the domain is empty for the standard one. */
export interface OperatorSetIdProto {
  domain: string;
  version: bigint;
}

/** A pair of metadata. */
export interface StringStringEntryProto {
  key: string;
  value: string;
}

/** Nodes in the order to be run, constants, inputs and outputs. */
export interface GraphProto {
  node: NodeProto[];
  name: string;
  initializer: TensorProto[];
  docString: string;
  input: ValueInfoProto[];
  output: ValueInfoProto[];
  valueInfo: ValueInfoProto[];
  quantizationAnnotation: Uint8Array[];
  sparseInitializer: Uint8Array[];
  metadataProps: StringStringEntryProto[];
}

/** An operator: tensors by name, attributes. */
export interface NodeProto {
  input: string[];
  output: string[];
  name: string;
  opType: string;
  attribute: AttributeProto[];
  docString: string;
  domain: string;
  overload: string;
  metadataProps: StringStringEntryProto[];
}

/** `type` tells which of its fields holds the value. */
export interface AttributeProto {
  name: string;
  f: number;
  i: bigint;
  s: Uint8Array;
  t?: TensorProto;
  g?: GraphProto;
  floats: number[];
  ints: bigint[];
  strings: Uint8Array[];
  tensors: TensorProto[];
  graphs: GraphProto[];
  docString: string;
  tp?: TypeProto;
  typeProtos: TypeProto[];
  type: AttributeType;
  refAttrName: string;
  sparseTensor: Uint8Array[];
  sparseTensors: Uint8Array[];
}

/** A constant: shape, type, and its numbers raw or in a field of their type. */
export interface TensorProto {
  dims: bigint[];
  dataType: number;
  floatData: number[];
  int32Data: number[];
  stringData: Uint8Array[];
  int64Data: bigint[];
  name: string;
  rawData: Uint8Array;
  doubleData: number[];
  uint64Data: bigint[];
  docString: string;
  externalData: StringStringEntryProto[];
  /** 1: in a file of its own. */
  dataLocation: number;
  metadataProps: StringStringEntryProto[];
}

/** A tensor by name, with its type. */
export interface ValueInfoProto {
  name: string;
  type?: TypeProto;
  docString: string;
  metadataProps: StringStringEntryProto[];
}

/** A type; only those of tensors are decoded. */
export interface TypeProto {
  value:
    | { case: 'tensorType'; value: TensorType }
    | { case: 'sequenceType' | 'mapType' | 'optionalType' | 'sparseTensorType'; value: Uint8Array }
    | { case: undefined; value?: undefined };
  denotation: string;
}

/** Element type, a number of `TensorProto.DataType`, and shape. */
export interface TensorType {
  elemType: number;
  shape?: TensorShapeProto;
}

/** A length per axis. */
export interface TensorShapeProto {
  dim: Dimension[];
}

/** A length, the name of one that is open, or nothing. */
export interface Dimension {
  value:
    | { case: 'dimValue'; value: bigint }
    | { case: 'dimParam'; value: string }
    | { case: undefined; value?: undefined };
  denotation: string;
}

/** Every message that is decoded, by its name. */
export interface Messages {
  ModelProto: ModelProto;
  OperatorSetIdProto: OperatorSetIdProto;
  StringStringEntryProto: StringStringEntryProto;
  GraphProto: GraphProto;
  NodeProto: NodeProto;
  AttributeProto: AttributeProto;
  TensorProto: TensorProto;
  ValueInfoProto: ValueInfoProto;
  TypeProto: TypeProto;
  TensorType: TensorType;
  TensorShapeProto: TensorShapeProto;
  Dimension: Dimension;
}

/** The name of a message, as `decode` and `encode` take it. */
export type MessageName = keyof Messages;

/** A message of which fields may be left out, in it and in what it holds. */
export type Partly<T> = T extends bigint | number | string | undefined | Uint8Array
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Partly<Item>[]
    : { readonly [Key in keyof T]?: Partly<T[Key]> | undefined };

/** `AttributeProto.AttributeType`. */
export enum AttributeType {
  UNDEFINED = 0,
  FLOAT = 1,
  INT = 2,
  STRING = 3,
  TENSOR = 4,
  GRAPH = 5,
  FLOATS = 6,
  INTS = 7,
  STRINGS = 8,
  TENSORS = 9,
  GRAPHS = 10,
  SPARSE_TENSOR = 11,
  SPARSE_TENSORS = 12,
  TYPE_PROTO = 13,
  TYPE_PROTOS = 14,
}

/** Those of `TensorProto.DataType` that are written here. */
export const DataType = { FLOAT: 1, INT64: 7 } as const;
