// Protobuf's wire format: https://protobuf.dev/programming-guides/encoding

/** How a field's content is laid out. Groups (3 and 4) are not read: onnx.proto has none. */
export const WireType = { Varint: 0, Bit64: 1, LengthDelimited: 2, Bit32: 5 } as const;
export type WireType = (typeof WireType)[keyof typeof WireType];

/** Bytes that are no message. */
export class WireError extends Error {
  override readonly name: string = 'WireError';
}

/** One field of a serialised message. */
export interface Field {
  readonly number: number;
  readonly wireType: WireType;
  /** Tag and content. */
  readonly all: Uint8Array;
  /** The content, without the length in front of it. */
  readonly content: Uint8Array;
}

const MOST_VARINT_BYTES = 10;
const LARGEST_TAG = 2 ** 32 - 1;

/** The fields of a message in the order of the file. Throws `WireError`. */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  let at = 0;
  while (at < message.length) {
    const start = at;
    at = varintEnd(message, at);
    const tag = at === start + 1 ? message[start] : Number(varintOf(message.subarray(start, at)));
    const number = Math.floor(tag / 8);
    if (number === 0 || tag > LARGEST_TAG) throw new WireError(`illegal tag ${tag} at byte ${start}`);
    let content = at;
    let end: number;
    switch (tag % 8) {
      case WireType.Varint:
        end = varintEnd(message, at);
        break;
      case WireType.Bit64:
        end = at + 8;
        break;
      case WireType.Bit32:
        end = at + 4;
        break;
      case WireType.LengthDelimited:
        content = varintEnd(message, at);
        end = content + (content === at + 1 ? message[at] : Number(varintOf(message.subarray(at, content))));
        break;
      default:
        throw new WireError(`wire type ${tag % 8} at byte ${start}`);
    }
    if (end > message.length) throw new WireError(`the end within the field at byte ${start}`);
    at = end;
    yield {
      number,
      wireType: (tag % 8) as WireType,
      all: message.subarray(start, end),
      content: message.subarray(content, end),
    };
  }
}

/** The place after the varint that begins at `start`. */
export function varintEnd(bytes: Uint8Array, start: number): number {
  for (let at = start; at < start + MOST_VARINT_BYTES; at++) {
    if (at >= bytes.length) throw new WireError(`the end within the varint at byte ${start}`);
    if (bytes[at] < 0x80) return at + 1;
  }
  throw new WireError(`a varint of more than ${MOST_VARINT_BYTES} bytes at byte ${start}`);
}

/** Exact as a number below 2⁴⁹, seven bytes; a bigint of 64 bits beyond. */
export function varintOf(bytes: Uint8Array): number | bigint {
  if (bytes.length <= 7) {
    let value = 0;
    for (let i = bytes.length - 1; i >= 0; i--) value = value * 128 + (bytes[i] & 0x7f);
    return value;
  }
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 7n) | BigInt(bytes[i] & 0x7f);
  return BigInt.asUintN(64, value);
}

/** The bytes of a varint; negative numbers as their 64 bits of two's complement. */
export function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  let left = typeof value === 'number' && value >= 0 ? value : BigInt.asUintN(64, BigInt(value));
  while (typeof left === 'bigint' && left > 0x7fn) {
    bytes.push(Number(left & 0x7fn) | 0x80);
    left >>= 7n;
  }
  let rest = Number(left);
  while (rest > 0x7f) {
    bytes.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** The tag in front of a field. */
export const tag = (number: number, wireType: WireType): Uint8Array => varint(number * 8 + wireType);

/** A length-delimited field: a message, a string or bytes. */
export function bytesField(number: number, content: Uint8Array): Uint8Array<ArrayBuffer> {
  return joined(bytesPieces(number, [content]));
}

/** The same of a content in pieces, in pieces: of a large one no copy is made. */
export function bytesPieces(number: number, content: readonly Uint8Array[]): Uint8Array[] {
  const bytes = content.reduce((sum, { length }) => sum + length, 0);
  return [tag(number, WireType.LengthDelimited), varint(bytes), ...content];
}

/** A field that holds text, in UTF-8. */
export function stringField(number: number, content: string): Uint8Array<ArrayBuffer> {
  return bytesField(number, new TextEncoder().encode(content));
}

/** The pieces one after the other. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
