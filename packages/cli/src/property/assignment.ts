import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { elementName, sizeOf, type Tensor } from '@police/vnnlib';
import { writeOutputs } from '../outputs.js';
import type { Terminal } from '../terminal.js';
import type { Part } from './joined.js';
import type { Property } from './property.js';

/** A tensor of a query and its values, row-major. */
export interface Assigned {
  readonly tensor: Tensor;
  readonly values: Float64Array;
}

/** The tensors of networks side by side, in the order of the query. */
export function assignedOf(parts: readonly Part[], x: Float64Array, y: Float64Array): Assigned[] {
  return parts.flatMap(({ input, output, inputsFrom, outputsFrom }) => [
    { tensor: input, values: x.slice(inputsFrom, inputsFrom + sizeOf(input)) },
    { tensor: output, values: y.slice(outputsFrom, outputsFrom + sizeOf(output)) },
  ]);
}

/**
 * An assignment as text. Of version 2 as the standard's interface has it: `X float32 [1,5]`, then a number a line, row-major. Of version 1 as
 * the competition's files have it: `((X_0 0.5)` and so on.
 */
export function assignmentLines({ query: { version } }: Property, assigned: readonly Assigned[]): string[] {
  if (version.major === 2) {
    return assigned.flatMap(({ tensor, values }) => [
      `${tensor.name} ${typeName(tensor)} [${tensor.shape.join(',')}]`,
      ...Array.from(values, plain),
    ]);
  }
  const pairs = assigned.flatMap(({ tensor, values }) =>
    Array.from(values, (value, i) => `(${elementName(version, tensor, i)} ${plain(value)})`),
  );
  return pairs.map((pair, i) => `${i === 0 ? '(' : ' '}${pair}${i === pairs.length - 1 ? ')' : ''}`);
}

const typeName = ({ elementType }: Tensor): string => (elementType === 'real' ? 'Real' : elementType);

/** The shortest decimal of a number, without an exponent. */
export function plain(x: number): string {
  const [, sign, whole, fraction = '', exponent] = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(`${x}`) ?? [];
  if (exponent === undefined) return `${x}`;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, '0').slice(0, point)}${digits.length > point ? `.${digits.slice(point)}` : ''}`;
}

/** Writes each tensor to `folder/name.pb`, a serialised ONNX TensorProto. */
export async function serialiseAssignment(
  folder: string,
  assigned: readonly Assigned[],
  terminal: Terminal,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const files = assigned.map(({ tensor, values }) => ({
    path: join(folder, `${tensor.name}.pb`),
    content: tensorProto(tensor, values),
  }));
  await writeOutputs(files, terminal, true);
}

/** TensorProto's data types. */
const FLOAT = 1;
const DOUBLE = 11;

/** Fields of TensorProto: dims 1, data_type 2, name 8, raw_data 9, little-endian. A real is written as a double. */
function tensorProto(tensor: Tensor, values: Float64Array): Uint8Array {
  const isFloat = tensor.elementType === 'float32';
  const raw = Buffer.alloc((isFloat ? 4 : 8) * sizeOf(tensor));
  values.forEach((value, i) => {
    if (isFloat) raw.writeFloatLE(value, 4 * i);
    else raw.writeDoubleLE(value, 8 * i);
  });
  return Buffer.concat([
    ...tensor.shape.map(length => Buffer.concat([Uint8Array.of(0x08), varint(length)])),
    Uint8Array.of(0x10, isFloat ? FLOAT : DOUBLE),
    delimited(8, Buffer.from(tensor.name)),
    delimited(9, raw),
  ]);
}

function delimited(field: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of((field << 3) | 2), varint(content.length), content]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Uint8Array.of(...bytes, rest);
}
