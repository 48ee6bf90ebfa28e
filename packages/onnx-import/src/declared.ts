import { assertFinite } from '@police/core/adapter';
import { malformed, unsupported } from './errors.js';
import type { Wiring } from './graph.js';
import type { GraphProto, ModelProto, ValueInfoProto } from './proto.js';
import { dtypeOf, type FloatType, isFloat, rounderOf, type Tensor } from './tensor.js';
import { fieldsOf } from './wire.js';

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
  const own = functions.map(domainOfFunction).filter(domain => domain === '' || domain === 'ai.onnx');
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

/** Of a serialised `FunctionProto`. */
function domainOfFunction(bytes: Uint8Array): string {
  const DOMAIN = 10;
  const domains = [...fieldsOf(bytes)].filter(({ number }) => number === DOMAIN);
  // Longer ones are others', whatever they are.
  return String.fromCharCode(...(domains.at(-1)?.content.subarray(0, 16) ?? []));
}

const quoted = (names: readonly string[]): string => names.map(name => `'${name}'`).join(', ');

/** The outputs to read: those wanted, or all. Throws `invalid-network`. */
export function outputsOf(
  { output }: GraphProto,
  wanted: string | readonly string[] | undefined,
): readonly string[] {
  const names = output.map(({ name }) => name);
  if (names.length === 0) throw malformed('model', 'an output', 'none');
  const chosen = wanted === undefined ? names : [wanted].flat();
  const unknown = chosen.find(name => !names.includes(name));
  if (unknown === undefined && chosen.length > 0) return chosen;
  throw malformed('output', `one of ${quoted(names)}`, unknown === undefined ? 'none' : `'${unknown}'`);
}

/** Tensors named in a message. */
const MOST_NAMED = 8;

/** Tensors that nodes compute, wanted by name. Throws `invalid-network`. */
export function tensorsAt(wanted: string | readonly string[], { producers }: Wiring): readonly string[] {
  const tensors = [wanted].flat();
  const unknown = tensors.find(tensor => !producers.has(tensor));
  if (unknown === undefined && tensors.length > 0) return tensors;
  const last = [...producers.keys()].slice(-MOST_NAMED);
  throw malformed(
    'tensor',
    `one that a node computes, such as ${quoted(last)}`,
    unknown === undefined ? 'none' : `'${unknown}'`,
  );
}

/** The graph's inputs without the initializers that files before IR version 4 list among them. */
export function inputsOf({ input }: GraphProto, { initializers }: Wiring): ValueInfoProto[] {
  return input.filter(({ name }) => !initializers.has(name));
}

/** The input that is left when others are held at constants. Throws `unsupported-layer` or `invalid-network`. */
export function inputOf(inputs: readonly ValueInfoProto[], fixed: readonly string[]): ValueInfoProto {
  const names = inputs.map(({ name }) => name);
  const unknown = fixed.find(name => !names.includes(name));
  if (unknown !== undefined)
    throw malformed('fix', `inputs of the model, of ${quoted(names)}`, `'${unknown}'`);
  const left = inputs.filter(({ name }) => !fixed.includes(name));
  if (left.length === 1) return left[0];
  throw unsupported(
    'model',
    'one input that varies',
    left.length === 0
      ? 'none'
      : `${left.length}: ${left.map(input => `'${input.name}' ${sizesOf(input)}`).join(', ')}`,
    left.length === 0
      ? 'Leave one input free.'
      : 'Hold the others: readModel(bytes, { fix: { name: { data: […] } } }).',
  );
}

function declaredSizes({ type }: ValueInfoProto): (number | undefined)[] | undefined {
  const declared = type?.value.case === 'tensorType' ? type.value.value.shape : undefined;
  return declared?.dim.map(({ value }) =>
    value.case === 'dimValue' && value.value > 0 ? Number(value.value) : undefined,
  );
}

/** Those wanted, or the file's with an open first axis as 1 and others as 0; and whether they are what the file declares. */
function sizesFor(
  input: ValueInfoProto,
  wanted: readonly number[] | undefined,
): { readonly sizes: readonly number[]; readonly agree: boolean; readonly isKnown: boolean } {
  const declared = declaredSizes(input);
  const sizes = wanted ?? declared?.map((size, axis) => size ?? (axis === 0 ? 1 : 0));
  const agree =
    !declared ||
    (declared.length === sizes?.length && declared.every((size, i) => (size ?? sizes[i]) === sizes[i]));
  return { sizes: sizes ?? [], agree, isKnown: sizes !== undefined };
}

/** Sizes as a file declares them, open ones as `?`. */
function sizesOf(input: ValueInfoProto): string {
  const sizes = declaredSizes(input);
  return sizes ? `[${sizes.map(size => size ?? '?').join(', ')}]` : 'of sizes not known';
}

/** What an input is held at. */
export interface FixedInput {
  /** @defaultValue the sizes that the model declares, one number filling all */
  readonly shape?: readonly number[];
  readonly data: ArrayLike<number>;
}

/** The constant that an input is held at. Throws `invalid-network`, `unsupported-layer` or `not-finite`. */
export function fixedValue(input: ValueInfoProto, { shape, data }: FixedInput): Tensor {
  const where = `fixed input '${input.name}'`;
  if (input.type?.value.case !== 'tensorType') throw unsupported(where, 'a tensor', 'another type');
  const dtype = dtypeOf(input.type.value.value.elemType, where);
  const { sizes, agree } = sizesFor(input, shape);
  const count = sizes.reduce((product, size) => product * size, 1);
  if (!agree || !(count > 0)) throw malformed(where, `sizes ${sizesOf(input)}`, `[${sizes}]`);
  if (data.length !== count && data.length !== 1)
    throw malformed(where, `${count} numbers`, `${data.length}`);
  const round = rounderOf(dtype);
  const values = Float64Array.from({ length: count }, (_, i) => data[data.length === 1 ? 0 : i]);
  assertFinite(values, where);
  const bad = values.find(value => round(value) !== value && !isFloat(dtype));
  if (bad !== undefined) throw malformed(where, `numbers of ${dtype}`, `${bad}`);
  return { dtype, shape: sizes, data: values.map(round) };
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
export function shapeOf(input: ValueInfoProto, wanted: readonly number[] | undefined): number[] {
  const { sizes, agree, isKnown } = sizesFor(input, wanted);
  if (isKnown && agree && sizes.every(size => Number.isSafeInteger(size) && size > 0)) return [...sizes];
  const told = sizesOf(input);
  throw malformed(
    `input '${input.name}'`,
    'sizes that are known but for the first axis',
    wanted ? `[${wanted}] for one ${told}` : told,
    'Give them: readModel(bytes, { inputShape: [1, …] }).',
  );
}
