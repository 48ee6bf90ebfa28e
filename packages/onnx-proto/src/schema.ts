import type { MessageName } from './messages.js';

export type Scalar = 'string' | 'bytes' | 'int32' | 'int64' | 'uint64' | 'float' | 'double';

/** One field of a message. */
export interface Rule {
  readonly name: string;
  readonly kind: Scalar | MessageName;
  readonly isRepeated: boolean;
  /** Written in one piece; read either way. */
  readonly isPacked: boolean;
  /** Of several fields called `value`, one is there: `{ case: name, value }`. */
  readonly isChoice: boolean;
}

/** Fields by number: name, kind, `[]` where it repeats (`[packed]`: in one piece), `|` where it is one of several. Of onnx.proto. */
const FIELDS: Record<MessageName, Record<number, string>> = {
  ModelProto: {
    1: 'irVersion int64',
    2: 'producerName string',
    3: 'producerVersion string',
    4: 'domain string',
    5: 'modelVersion int64',
    6: 'docString string',
    7: 'graph GraphProto',
    8: 'opsetImport OperatorSetIdProto[]',
    14: 'metadataProps StringStringEntryProto[]',
    20: 'trainingInfo bytes[]',
    25: 'functions bytes[]',
  },
  OperatorSetIdProto: { 1: 'domain string', 2: 'version int64' },
  StringStringEntryProto: { 1: 'key string', 2: 'value string' },
  GraphProto: {
    1: 'node NodeProto[]',
    2: 'name string',
    5: 'initializer TensorProto[]',
    10: 'docString string',
    11: 'input ValueInfoProto[]',
    12: 'output ValueInfoProto[]',
    13: 'valueInfo ValueInfoProto[]',
    14: 'quantizationAnnotation bytes[]',
    15: 'sparseInitializer bytes[]',
    16: 'metadataProps StringStringEntryProto[]',
  },
  NodeProto: {
    1: 'input string[]',
    2: 'output string[]',
    3: 'name string',
    4: 'opType string',
    5: 'attribute AttributeProto[]',
    6: 'docString string',
    7: 'domain string',
    8: 'overload string',
    9: 'metadataProps StringStringEntryProto[]',
  },
  AttributeProto: {
    1: 'name string',
    2: 'f float',
    3: 'i int64',
    4: 's bytes',
    5: 't TensorProto',
    6: 'g GraphProto',
    7: 'floats float[]',
    8: 'ints int64[]',
    9: 'strings bytes[]',
    10: 'tensors TensorProto[]',
    11: 'graphs GraphProto[]',
    13: 'docString string',
    14: 'tp TypeProto',
    15: 'typeProtos TypeProto[]',
    20: 'type int32',
    21: 'refAttrName string',
    22: 'sparseTensor bytes[]',
    23: 'sparseTensors bytes[]',
  },
  TensorProto: {
    1: 'dims int64[]',
    2: 'dataType int32',
    4: 'floatData float[packed]',
    5: 'int32Data int32[packed]',
    6: 'stringData bytes[]',
    7: 'int64Data int64[packed]',
    8: 'name string',
    9: 'rawData bytes',
    10: 'doubleData double[packed]',
    11: 'uint64Data uint64[packed]',
    12: 'docString string',
    13: 'externalData StringStringEntryProto[]',
    14: 'dataLocation int32',
    16: 'metadataProps StringStringEntryProto[]',
  },
  ValueInfoProto: {
    1: 'name string',
    2: 'type TypeProto',
    3: 'docString string',
    4: 'metadataProps StringStringEntryProto[]',
  },
  TypeProto: {
    1: 'tensorType TensorType|',
    4: 'sequenceType bytes|',
    5: 'mapType bytes|',
    6: 'denotation string',
    8: 'sparseTensorType bytes|',
    9: 'optionalType bytes|',
  },
  TensorType: { 1: 'elemType int32', 2: 'shape TensorShapeProto' },
  TensorShapeProto: { 1: 'dim Dimension[]' },
  Dimension: { 1: 'dimValue int64|', 2: 'dimParam string|', 3: 'denotation string' },
};

/** The rules of every message, by field number. */
export const SCHEMA: Readonly<Record<MessageName, ReadonlyMap<number, Rule>>> = /* @__PURE__ */ mapRecord(
  FIELDS,
  fields => new Map(Object.entries(fields).map(([number, text]) => [Number(number), ruleOf(text)])),
);

export function isMessage(kind: Rule['kind']): kind is MessageName {
  return kind in SCHEMA;
}

function ruleOf(text: string): Rule {
  const [, name, kind, mark] = /^(\w+) (\w+)(\[\]|\[packed\]|\|)?$/.exec(text)!;
  return {
    name,
    kind: kind as Rule['kind'],
    isRepeated: mark?.startsWith('[') ?? false,
    isPacked: mark === '[packed]',
    isChoice: mark === '|',
  };
}

function mapRecord<K extends string, A, B>(record: Record<K, A>, change: (value: A) => B): Record<K, B> {
  return Object.fromEntries(Object.entries<A>(record).map(([key, value]) => [key, change(value)])) as Record<
    K,
    B
  >;
}
