import { type Fields, UNKNOWN, WIRE_TYPE } from './decode.js';
import type { MessageName, Messages, Partly } from './messages.js';
import { isMessage, type Rule, SCHEMA, type Scalar } from './schema.js';
import { bytesField, joined, tag, varint, WireType } from './wire.js';

/** The bytes of a message: of its own fields, by number, then those that the schema does not know. */
export function encode<Name extends MessageName>(
  name: Name,
  message: Partly<Messages[Name]>,
): Uint8Array<ArrayBuffer> {
  return encodeFields(name, message as Fields);
}

function encodeFields(name: MessageName, message: Fields): Uint8Array<ArrayBuffer> {
  const pieces: Uint8Array[] = [];
  for (const [number, rule] of SCHEMA[name]) {
    const value = ownValue(message, rule);
    if (value === undefined) continue;
    if (!rule.isRepeated) pieces.push(...encodeOne(number, rule.kind, value));
    else if (rule.isPacked) pieces.push(...encodePacked(number, rule.kind as Scalar, value as unknown[]));
    else for (const one of value as unknown[]) pieces.push(...encodeOne(number, rule.kind, one));
  }
  pieces.push(...((message[UNKNOWN] as Uint8Array[] | undefined) ?? []));
  return joined(pieces);
}

function ownValue(message: Fields, { name, isChoice }: Rule): unknown {
  if (!isChoice) return Object.hasOwn(message, name) ? message[name] : undefined;
  const chosen = message.value as { case?: string; value?: unknown } | undefined;
  return chosen?.case === name ? chosen.value : undefined;
}

function encodePacked(number: number, kind: Scalar, values: readonly unknown[]): Uint8Array[] {
  if (values.length === 0) return [];
  return [bytesField(number, joined(values.map(value => encodeScalar(kind, value))))];
}

function encodeOne(number: number, kind: Rule['kind'], value: unknown): Uint8Array[] {
  if (isMessage(kind)) return delimited(number, encodeFields(kind, value as Fields));
  const content = encodeScalar(kind, value);
  return WIRE_TYPE[kind] === WireType.LengthDelimited
    ? delimited(number, content)
    : [tag(number, WIRE_TYPE[kind]), content];
}

const delimited = (number: number, content: Uint8Array): Uint8Array[] => [
  tag(number, WireType.LengthDelimited),
  varint(content.length),
  content,
];

function encodeScalar(kind: Scalar, value: unknown): Uint8Array {
  switch (kind) {
    case 'bytes':
      return value as Uint8Array;
    case 'string':
      return new TextEncoder().encode(value as string);
    case 'float':
      return fixed(4, view => view.setFloat32(0, value as number, true));
    case 'double':
      return fixed(8, view => view.setFloat64(0, value as number, true));
    default:
      return varint(value as number | bigint);
  }
}

function fixed(size: number, write: (view: DataView) => void): Uint8Array {
  const view = new DataView(new ArrayBuffer(size));
  write(view);
  return new Uint8Array(view.buffer);
}
