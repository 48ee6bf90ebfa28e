import { malformed, unsupported } from './errors.js';
import {
  decodeModel,
  encodeModel,
  isExternal,
  type ModelProto,
  setExternal,
  type TensorProto,
} from './proto.js';
import { joined } from './wire.js';

/**
 * The bytes of a file that a model keeps data in beside itself, by the location the model gives. What locations are allowed is the caller's
 * matter: the command takes plain names in the model's own folder.
 */
export type ExternalData = (location: string) => Uint8Array;

/** Protobuf's limit on a message. */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * The model with the data of its initializers inside (ONNX, "External Data": location, offset, length). Undefined where all are there
 * already. Throws `invalid-network` for entries that do not fit their file, `unsupported-layer` for a model beyond 2 GiB.
 */
export function withDataInside(
  model: ModelProto,
  bytes: Uint8Array,
  read: ExternalData,
): Uint8Array | undefined {
  const outside = model.graph?.initializer.filter(isExternal) ?? [];
  if (outside.length === 0) return undefined;
  const files = new Map<string, Uint8Array>();
  let total = bytes.length;
  for (const tensor of outside) {
    const where = `initializer '${tensor.name}'`;
    const { location, offset, length } = placeOf(tensor, where);
    const file = files.get(location) ?? read(location);
    files.set(location, file);
    const end = length === undefined ? file.length : offset + length;
    if (offset > file.length || end > file.length) {
      throw malformed(
        where,
        `data within the ${file.length} bytes of '${location}'`,
        `bytes ${offset} to ${end}`,
      );
    }
    total += end - offset;
    if (total > MOST_BYTES) {
      throw unsupported(
        'model',
        'at most 2 GiB with its data',
        'more',
        'Weights are read in one piece: store them in float16, or export the part of the network that matters.',
      );
    }
    tensor.rawData = file.slice(offset, end);
    tensor.dataLocation = 0;
    tensor.externalData = [];
  }
  return encodeModel(model);
}

/** The bytes of a model, with the data that it keeps beside itself inside: for a runtime that is given one file. */
export function withExternalData(bytes: Uint8Array, read: ExternalData): Uint8Array {
  return withDataInside(decodeModel(bytes), bytes, read) ?? bytes;
}

/** A model file, and the file beside it that its data is in. */
export interface Outside {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Tensors smaller than this stay inside, as PyTorch has it. */
const LEAST_OUTSIDE = 1024;

/** Where a tensor may begin, so that it can be read in place. */
const ALIGNMENT = 64;

/** The model with the raw data of its larger initializers in a file at `location` beside it; the other way round, see `withDataInside`. */
export function withDataOutside(bytes: Uint8Array, location: string): Outside {
  const model = decodeModel(bytes);
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const tensor of model.graph.initializer) {
    const { length } = tensor.rawData;
    if (length < LEAST_OUTSIDE) continue;
    const padding = (ALIGNMENT - (at % ALIGNMENT)) % ALIGNMENT;
    pieces.push(new Uint8Array(padding), tensor.rawData);
    const offset = at + padding;
    at = offset + length;
    setExternal(tensor, { location, offset: `${offset}`, length: `${length}` });
  }
  return { bytes: encodeModel(model), data: joined(pieces) };
}

function placeOf(
  { externalData }: TensorProto,
  where: string,
): { location: string; offset: number; length: number | undefined } {
  const entry = (key: string) => externalData.find(each => each.key === key)?.value;
  const number = (key: string): number | undefined => {
    const text = entry(key);
    if (text === undefined) return undefined;
    if (/^\d{1,15}$/.test(text)) return Number(text);
    throw malformed(where, `a whole number as ${key} of its data`, `'${text.slice(0, 40)}'`);
  };
  const location = entry('location');
  if (!location) throw malformed(where, 'the location of its data', 'none');
  return { location, offset: number('offset') ?? 0, length: number('length') };
}
