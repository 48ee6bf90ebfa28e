// Files are changed at the level of protobuf's wire format: what is not changed keeps its very bytes.
import { type Field, fieldsOf } from '@police/onnx-proto';

export { bytesField, bytesPieces, type Field, fieldsOf, stringField } from '@police/onnx-proto';

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
    for (const piece of replace(field, k) ?? [field.all]) pieces.push(piece);
  }
  return pieces;
}
