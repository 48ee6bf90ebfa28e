import type { MessageName, Messages } from './messages.js';
import { isMessage, type Rule, SCHEMA, type Scalar } from './schema.js';
import { type Field, fieldsOf, varintEnd, varintOf, WireError, WireType } from './wire.js';

/** Fields that the schema does not know, as they were; `encode` writes them again. */
export const UNKNOWN: unique symbol = Symbol('unknown fields');

export type Fields = Record<string | symbol, unknown>;

/** Deep enough for any graph; a graph in a graph takes four levels. */
const DEEPEST = 100;

/**
 * The message that bytes hold. Throws `WireError` on bytes that hold none, or nest more than 100 deep. Bytes within are views of those
 * given.
 */
export function decode<Name extends MessageName>(name: Name, bytes: Uint8Array): Messages[Name] {
  return decodeInto(create(name), name, bytes, 0) as unknown as Messages[Name];
}

/** The fields of a message that hold messages themselves, by number. */
export function messageFieldsOf(name: MessageName): ReadonlyMap<number, MessageName> {
  return new Map(
    Array.from(SCHEMA[name]).flatMap(([number, { kind }]) => (isMessage(kind) ? [[number, kind]] : [])),
  );
}

function decodeInto(message: Fields, name: MessageName, bytes: Uint8Array, depth: number): Fields {
  if (depth > DEEPEST) throw new WireError(`more than ${DEEPEST} messages in one another`);
  for (const field of fieldsOf(bytes)) {
    const rule = SCHEMA[name].get(field.number);
    if (!rule) (message[UNKNOWN] as Uint8Array[]).push(field.all);
    else if (isMessage(rule.kind)) setMessage(message, rule, rule.kind, field, depth);
    else if (rule.isRepeated) pushScalars(message[rule.name] as unknown[], rule.kind, field);
    else set(message, rule, scalarOf(rule.kind, contentOf(field, WIRE_TYPE[rule.kind])));
  }
  return message;
}

/** Without fields of its own but lists: what is absent is its prototype's, so that it is not written again. */
function create(name: MessageName): Fields {
  const { absent, lists } = shapeOf(name);
  const message: Fields = Object.create(absent);
  for (const field of lists) message[field] = [];
  message[UNKNOWN] = [];
  return message;
}

interface Shape {
  /** The prototype. */
  readonly absent: object;
  readonly lists: readonly string[];
}

const shapes = /* @__PURE__ */ new Map<MessageName, Shape>();

function shapeOf(name: MessageName): Shape {
  let found = shapes.get(name);
  if (!found) {
    const rules = Array.from(SCHEMA[name].values());
    const absent = Object.fromEntries(
      rules.map(({ name: field, kind, isChoice }) =>
        isChoice ? ['value', { case: undefined }] : [field, isMessage(kind) ? undefined : DEFAULTS[kind]],
      ),
    );
    found = { absent, lists: rules.filter(rule => rule.isRepeated).map(rule => rule.name) };
    shapes.set(name, found);
  }
  return found;
}

const DEFAULTS: Readonly<Record<Scalar, unknown>> = {
  string: '',
  bytes: /* @__PURE__ */ new Uint8Array(0),
  int32: 0,
  int64: 0n,
  uint64: 0n,
  float: 0,
  double: 0,
};

function set(message: Fields, { name, isChoice }: Rule, value: unknown): void {
  if (isChoice) message.value = { case: name, value };
  else message[name] = value;
}

/** A message that comes twice is one of both together, as protobuf has it. */
function setMessage(message: Fields, rule: Rule, kind: MessageName, field: Field, depth: number): void {
  const content = contentOf(field, WireType.LengthDelimited);
  if (rule.isRepeated) {
    (message[rule.name] as unknown[]).push(decodeInto(create(kind), kind, content, depth + 1));
    return;
  }
  const chosen = message.value as { case?: string; value?: Fields } | undefined;
  const before = rule.isChoice
    ? chosen?.case === rule.name
      ? chosen.value
      : undefined
    : (message[rule.name] as Fields | undefined);
  set(message, rule, decodeInto(before ?? create(kind), kind, content, depth + 1));
}

/** One value, or many packed into one field. */
function pushScalars(values: unknown[], kind: Scalar, field: Field): void {
  const wireType = WIRE_TYPE[kind];
  if (wireType === WireType.LengthDelimited || field.wireType === wireType) {
    values.push(scalarOf(kind, contentOf(field, wireType)));
    return;
  }
  const packed = contentOf(field, WireType.LengthDelimited);
  for (let at = 0; at < packed.length; ) {
    const end =
      wireType === WireType.Varint ? varintEnd(packed, at) : at + (wireType === WireType.Bit32 ? 4 : 8);
    if (end > packed.length) throw new WireError('the end within packed numbers');
    values.push(scalarOf(kind, packed.subarray(at, end)));
    at = end;
  }
}

export const WIRE_TYPE: Readonly<Record<Scalar, WireType>> = {
  string: WireType.LengthDelimited,
  bytes: WireType.LengthDelimited,
  int32: WireType.Varint,
  int64: WireType.Varint,
  uint64: WireType.Varint,
  float: WireType.Bit32,
  double: WireType.Bit64,
};

function contentOf({ number, wireType, content }: Field, wanted: WireType): Uint8Array {
  if (wireType === wanted) return content;
  throw new WireError(`field ${number} of wire type ${wireType}, not ${wanted}`);
}

function scalarOf(kind: Scalar, content: Uint8Array): unknown {
  switch (kind) {
    case 'bytes':
      return content;
    case 'string':
      return textOf(content);
    case 'int32':
      return Number(BigInt.asIntN(32, BigInt(varintOf(content))));
    case 'int64':
      return BigInt.asIntN(64, BigInt(varintOf(content)));
    case 'uint64':
      return BigInt(varintOf(content));
    case 'float':
      return viewOf(content).getFloat32(0, true);
    case 'double':
      return viewOf(content).getFloat64(0, true);
  }
}

const utf8 = /* @__PURE__ */ new TextDecoder('utf-8', { ignoreBOM: true });

/** Names are short, and mostly ASCII: without the call into the platform they take a fifth of the time. */
const LONGEST_NAME = 32;

function textOf(content: Uint8Array): string {
  if (content.length > LONGEST_NAME) return utf8.decode(content);
  let text = '';
  for (const byte of content) {
    if (byte > 0x7f) return utf8.decode(content);
    text += String.fromCharCode(byte);
  }
  return text;
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);
