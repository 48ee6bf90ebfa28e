import { malformed, unsupported } from './errors.js';
import type { Wiring } from './graph.js';
import type { GraphProto, ModelProto, ValueInfoProto } from './proto.js';
import { dtypeOf, type FloatType, isFloat } from './tensor.js';

/** The oldest and the newest operator set that is read. */
export const OPSETS: readonly [oldest: number, newest: number] = [8, 26];
const [OLDEST_OPSET, NEWEST_OPSET] = OPSETS;
const [OLDEST_IR, NEWEST_IR] = [3, 13];

/** The default operator set's version. */
export function versionOf({ irVersion, opsetImport, functions }: ModelProto): number {
  if (irVersion < OLDEST_IR || irVersion > NEWEST_IR) {
    throw unsupported('model', `IR version ${OLDEST_IR} to ${NEWEST_IR}`, `${irVersion}`);
  }
  // Functions of other domains are calls of what is not read; one of the default domain would be another meaning of its operators.
  const own = functions.filter(({ domain }) => domain === '' || domain === 'ai.onnx');
  if (own.length > 0) throw unsupported('model', 'no operators of its own', `${own.length}`);
  const found = opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  const version = Number(found?.version ?? 0);
  if (version >= OLDEST_OPSET && version <= NEWEST_OPSET) return version;
  const remedy = 'Convert it with onnx.version_converter.';
  throw unsupported(
    'model',
    `operator set ${OLDEST_OPSET} to ${NEWEST_OPSET}`,
    found ? `${version}` : 'none',
    remedy,
  );
}

/** The output to read: the one wanted, or the only one. */
export function outputOf({ output }: GraphProto, wanted: string | undefined): string {
  const names = output.map(({ name }) => name);
  if (wanted !== undefined) {
    if (names.includes(wanted)) return wanted;
    throw malformed('output', `one of '${names.join("', '")}'`, `'${wanted}'`);
  }
  if (names.length === 1) return names[0];
  throw unsupported(
    'model',
    'one output',
    `${names.length}`,
    "Choose one: readModel(bytes, { output: 'name' }).",
  );
}

/** Files before IR version 4 list initializers among the inputs. */
export function inputOf({ input }: GraphProto, { initializers }: Wiring): ValueInfoProto {
  const own = input.filter(({ name }) => !initializers.has(name));
  if (own.length === 1) return own[0];
  throw unsupported('model', 'one input', `${own.length}: ${own.map(({ name }) => `'${name}'`).join(', ')}`);
}

/** The format of the input's entries. */
export function elementType({ name, type }: ValueInfoProto): FloatType {
  const where = `input '${name}'`;
  if (type?.value.case !== 'tensorType')
    throw unsupported(where, 'a tensor', `${type?.value.case ?? 'no type'}`);
  const dtype = dtypeOf(type.value.value.elemType, where);
  if (isFloat(dtype)) return dtype;
  throw unsupported(where, 'floating-point numbers', dtype);
}

/** The input's sizes for one sample: those wanted, or the file's with an open first axis as 1. */
export function shapeOf({ name, type }: ValueInfoProto, wanted: readonly number[] | undefined): number[] {
  const where = `input '${name}'`;
  const declared = type?.value.case === 'tensorType' ? type.value.value.shape : undefined;
  const sizes = declared?.dim.map(({ value }) =>
    value.case === 'dimValue' && value.value > 0 ? Number(value.value) : undefined,
  );
  const open = (sizes ?? []).map((size, axis) => size ?? (axis === 0 ? 1 : 0));
  const shape = wanted ?? open;
  const isFilled = (sizes || wanted) && shape.every(size => Number.isSafeInteger(size) && size > 0);
  const agrees =
    !sizes ||
    (sizes.length === shape.length && sizes.every((size, i) => size === undefined || size === shape[i]));
  if (isFilled && agrees) return [...shape];
  const told = sizes ? `[${sizes.map(size => size ?? '?')}]` : 'sizes not known';
  throw malformed(
    where,
    'sizes that are known but for the first axis',
    wanted ? `[${wanted}] for ${told}` : told,
    'Give them: readModel(bytes, { inputShape: [1, …] }).',
  );
}
