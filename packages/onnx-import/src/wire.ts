// Files are changed at the level of protobuf's wire format: what is not changed keeps its very bytes.
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** One field of a serialised message. */
export interface Field {
  readonly number: number;
  readonly wireType: WireType;
  /** Tag and content. */
  readonly all: Uint8Array;
  /** The content of a length-delimited field; empty for others. */
  readonly content: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** The fields of a message in the order of the file. Throws (no `PoliceError`) on bytes that are no message. */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [number, wireType] = reader.tag();
    const isBytes = wireType === WireType.LengthDelimited;
    const content = isBytes ? reader.bytes() : NOTHING;
    if (!isBytes) reader.skip(wireType, number);
    yield { number, wireType, all: message.subarray(start, reader.pos), content };
  }
}

/** A length-delimited field: a message, a string or bytes. */
export function bytesField(number: number, content: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(content).finish();
}

export function stringField(number: number, content: string): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).string(content).finish();
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

/**
 * The message with every field replaced by what `replace` returns for it: the k-th field of that number, counted from 0;
 * undefined keeps the field as it is.
 */
export function mapFields(
  message: Uint8Array,
  replace: (field: Field, k: number) => readonly Uint8Array[] | undefined,
): Uint8Array[] {
  const counts = new Map<number, number>();
  const pieces: Uint8Array[] = [];
  for (const field of fieldsOf(message)) {
    const k = counts.get(field.number) ?? 0;
    counts.set(field.number, k + 1);
    pieces.push(...(replace(field, k) ?? [field.all]));
  }
  return pieces;
}
