// The one file that knows how messages are coded.
import {
  type AttributeProto,
  AttributeType,
  decode,
  encode,
  type GraphProto,
  type MessageName,
  type ModelProto,
  messageFieldsOf,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from '@police/onnx-proto';
import { malformed } from './errors.js';
import { assertNotForeign } from './foreign-files.js';
import { MOST_MESSAGES } from './limits.js';
import { fieldsOf } from './wire.js';

export type { AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto };
export { AttributeType };

/** Fields of ONNX messages that edits touch, by their numbers in onnx.proto. */
export const FIELD = {
  model: { graph: 7 },
  graph: { node: 1, initializer: 5, input: 11 },
  node: { input: 1, output: 2, attribute: 5 },
  attribute: { name: 1, tensor: 5 },
  tensor: { floatData: 4, int32Data: 5, rawData: 9, doubleData: 10 },
} as const;

/** Deep enough for any graph without subgraphs; a graph in a graph takes four levels. */
const DEEPEST = 32;

/**
 * The bytes of an ONNX `ModelProto`, decoded. Throws `invalid-network` on bytes that are no model, that nest deeply, or
 * that hold more messages than `MOST_MESSAGES`.
 */
export function decodeModel(bytes: Uint8Array): ModelProto & { graph: GraphProto } {
  assertNotForeign(bytes);
  let model: ModelProto;
  try {
    assertModest(bytes);
    model = decode('ModelProto', bytes);
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'PoliceError') throw cause;
    const reason = cause instanceof Error ? cause.message : `${cause}`;
    throw malformed('model', 'the bytes of an ONNX model', `${bytes.length} bytes that are none (${reason})`);
  }
  if (!model.graph) throw malformed('model', 'a model with a graph', 'none', 'Is this an ONNX file?');
  return model as ModelProto & { graph: GraphProto };
}

/** Counts messages before any is decoded. */
function assertModest(bytes: Uint8Array): void {
  let count = 0;
  const visit = (name: MessageName, message: Uint8Array, depth: number): void => {
    if (++count > MOST_MESSAGES) throw malformed('model', `at most ${MOST_MESSAGES} parts`, 'more');
    if (depth > DEEPEST) throw malformed('model', `at most ${DEEPEST} levels of nesting`, 'more');
    let graphs = 0;
    for (const { number, content } of fieldsOf(message)) {
      const inner = messagesOf(name).get(number);
      // Protobuf would merge them; no exporter writes two, and edits could not tell them apart.
      if (depth === 0 && number === FIELD.model.graph && ++graphs > 1) {
        throw malformed('model', 'one graph', 'several');
      }
      if (inner) visit(inner, content, depth + 1);
    }
  };
  visit('ModelProto', bytes, 0);
}

const messages = new Map<MessageName, ReadonlyMap<number, MessageName>>();

/** The fields of a message that hold messages themselves, by number. */
function messagesOf(name: MessageName): ReadonlyMap<number, MessageName> {
  const found = messages.get(name) ?? messageFieldsOf(name);
  messages.set(name, found);
  return found;
}

export function encodeModel(model: ModelProto): Uint8Array<ArrayBuffer> {
  return encode('ModelProto', model);
}

/** `TensorProto.DataLocation`. */
const EXTERNAL = 1;

export function isExternal({ dataLocation, externalData }: TensorProto): boolean {
  return dataLocation === EXTERNAL || externalData.length > 0;
}

/** Takes a tensor's data away, and says where it is instead. */
export function setExternal(tensor: TensorProto, entries: Readonly<Record<string, string>>): void {
  tensor.rawData = new Uint8Array(0);
  tensor.dataLocation = EXTERNAL;
  tensor.externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
}

/** The bytes of a node without attributes but integers. */
export function encodeNode(node: {
  readonly opType: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly ints?: Readonly<Record<string, number>>;
}): Uint8Array {
  const attribute = Object.entries(node.ints ?? {}).map(([name, value]) => ({
    name,
    type: AttributeType.INT,
    i: BigInt(value),
  }));
  const { opType, name, inputs, output } = node;
  return encode('NodeProto', { opType, name, input: inputs, output: [output], attribute });
}

/** The bytes of a tensor with raw data. */
export function encodeTensor(tensor: {
  readonly name: string;
  readonly dataType: number;
  readonly dims: readonly number[];
  readonly rawData: Uint8Array<ArrayBuffer>;
}): Uint8Array {
  const { name, dataType, rawData } = tensor;
  return encode('TensorProto', { name, dataType, rawData, dims: tensor.dims.map(BigInt) });
}

/** The bytes of a graph input's declaration. */
export function encodeValueInfo(name: string, elemType: number, dims: readonly number[]): Uint8Array {
  const dim = dims.map(size => ({ value: { case: 'dimValue' as const, value: BigInt(size) } }));
  return encode('ValueInfoProto', {
    name,
    type: { value: { case: 'tensorType', value: { elemType, shape: { dim } } } },
  });
}
