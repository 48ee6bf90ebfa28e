import type { Network } from '@police/core';
import { Attributes } from './attributes.js';
import { NetworkBuilder } from './builder.js';
import { NodeContext } from './context.js';
import { malformed, namingNode, unsupported } from './errors.js';
import { type ExternalData, withDataInside } from './external-data.js';
import { labelOf, nodesBefore, type Wiring, wiringOf } from './graph.js';
import { Budget } from './limits.js';
import { READERS } from './operators/table.js';
import { decodeModel, type GraphProto, type ModelProto, type ValueInfoProto } from './proto.js';
import type { Sites } from './sites.js';
import { tailOf } from './tail.js';
import { dtypeOf, type FloatType, isFloat, readTensor, rounderOf } from './tensor.js';
import { constantOf, type Data, entriesOf, type Value } from './values.js';

export interface ReadOptions {
  /**
   * Sizes of the input tensor, for a model that leaves them open.
   * @defaultValue the model's; an open first axis, the batch's, is 1
   */
  readonly inputShape?: readonly number[];
  /**
   * Which output of the graph to read, where it has several.
   * @defaultValue the only one
   */
  readonly output?: string;
  /**
   * Reads the files that the model keeps data in beside itself. `writeBack` writes that data into the model.
   * @defaultValue none: such a model is refused
   */
  readonly externalData?: ExternalData;
}

/** An ONNX model as a core network. */
export interface ImportedModel {
  /**
   * The network on one sample: the entries of the input tensor, row-major, to those of the guaranteed tensor. Its nodes
   * are named after the ONNX nodes.
   */
  readonly network: Network;
  readonly inputName: string;
  /** Sizes of the input tensor for one sample. */
  readonly inputShape: readonly number[];
  /** The graph's output. */
  readonly outputName: string;
  /** The tensor that the network computes and that a guarantee is stated for: the output, or what its tail reads. */
  readonly guaranteedTensor: string;
  /** Its sizes for one sample. */
  readonly guaranteedShape: readonly number[];
  /** What is kept after the guaranteed tensor: a final Softmax, Sigmoid or ArgMax. */
  readonly tail: readonly string[];
  /** The format to `freeze` in: the coarsest in which a bias is stored. */
  readonly precision: FloatType;
  readonly opset: number;
  /** For `writeBack`: the file as it was read, how, and where its biases are. */
  readonly source: { readonly bytes: Uint8Array; readonly options: ReadOptions; readonly sites: Sites };
}

const [OLDEST_OPSET, NEWEST_OPSET] = [8, 26];
const [OLDEST_IR, NEWEST_IR] = [3, 13];

/**
 * Reads an ONNX model. Batches: the network is what the model does with one sample. An open first axis of the input
 * has size 1 then, all other sizes must be known, and whatever the sizes are, all entries of the input are the network's
 * input; so models with a batch axis, without one, or that flatten or transpose it need no rule of their own.
 *
 * Throws `invalid-network` (no ONNX model, contradictions, circles, data in other files, far too large),
 * `unsupported-layer` (an operator, an attribute or a version that is not read, named with its node), `not-finite` or
 * `shape`.
 *
 * @example
 * const model = readModel(bytes);
 * const { network } = freeze(enforce(model.network, regions).network, regions);
 * const { bytes: policed, edits } = writeBack(model, network);
 */
export function readModel(bytes: Uint8Array, options: ReadOptions = {}): ImportedModel {
  const inside = options.externalData && withDataInside(decodeModel(bytes), bytes, options.externalData);
  const kept = inside ?? bytes.slice();
  const model = decodeModel(kept);
  const { graph } = model;
  const opset = versionOf(model);
  const wiring = wiringOf(graph);
  const outputName = outputOf(graph, options.output);
  const { guaranteed, kept: tail } = tailOf(outputName, graph, wiring);
  const declared = inputOf(graph, wiring);
  const builder = new NetworkBuilder(new Budget(kept.length));
  const input = builder.input(declared.name, shapeOf(declared, options.inputShape), elementType(declared));
  const values = evaluate({ graph, wiring, opset, builder, input, inputName: declared.name }, guaranteed);
  const output = values(guaranteed);
  if (output?.kind !== 'data') {
    throw malformed(
      `output '${guaranteed}'`,
      'a tensor computed from the input',
      output ? 'a constant' : 'no such tensor',
    );
  }
  const precision = coarsest(builder.sites, input.dtype);
  return {
    network: builder.network(output, rounderOf(precision)),
    inputName: declared.name,
    inputShape: input.shape,
    outputName,
    guaranteedTensor: guaranteed,
    guaranteedShape: output.shape,
    tail,
    precision,
    opset,
    source: { bytes: kept, options, sites: builder.sites },
  };
}

/** The default operator set's version. */
function versionOf({ irVersion, opsetImport, functions }: ModelProto): number {
  if (irVersion < OLDEST_IR || irVersion > NEWEST_IR) {
    throw unsupported('model', `IR version ${OLDEST_IR} to ${NEWEST_IR}`, `${irVersion}`);
  }
  if (functions.length > 0) throw unsupported('model', 'no functions of its own', `${functions.length}`);
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

function outputOf({ output }: GraphProto, wanted: string | undefined): string {
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
function inputOf({ input }: GraphProto, { initializers }: Wiring): ValueInfoProto {
  const own = input.filter(({ name }) => !initializers.has(name));
  if (own.length === 1) return own[0];
  throw unsupported('model', 'one input', `${own.length}: ${own.map(({ name }) => `'${name}'`).join(', ')}`);
}

function elementType({ name, type }: ValueInfoProto): FloatType {
  const where = `input '${name}'`;
  if (type?.value.case !== 'tensorType')
    throw unsupported(where, 'a tensor', `${type?.value.case ?? 'no type'}`);
  const dtype = dtypeOf(type.value.value.elemType, where);
  if (isFloat(dtype)) return dtype;
  throw unsupported(where, 'floating-point numbers', dtype);
}

function shapeOf({ name, type }: ValueInfoProto, wanted: readonly number[] | undefined): number[] {
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

interface Evaluation {
  readonly graph: GraphProto;
  readonly wiring: Wiring;
  readonly opset: number;
  readonly builder: NetworkBuilder;
  readonly input: Data;
  readonly inputName: string;
}

/** Reads every node that `target` depends on; looks up values by tensor. */
function evaluate(run: Evaluation, target: string): (tensor: string) => Value | undefined {
  const { graph, wiring, input, inputName } = run;
  const values = new Map<string, Value>([[inputName, input]]);
  const lookUp = (tensor: string): Value | undefined => {
    const index = wiring.initializers.get(tensor);
    if (index !== undefined && !values.has(tensor)) {
      values.set(tensor, constantOf(readTensor(graph.initializer[index], `initializer '${tensor}'`)));
    }
    return values.get(tensor);
  };
  const nameCounts = new Map<string, number>();
  for (const { name } of graph.node) nameCounts.set(name, (nameCounts.get(name) ?? 0) + 1);
  for (const index of nodesBefore(target, graph, wiring)) {
    const node = graph.node[index];
    const label = labelOf(node, index);
    const ownName = node.name !== '' && nameCounts.get(node.name) === 1 ? node.name : node.output[0];
    const results = namingNode(label, () => readNode(run, index, label, ownName, lookUp));
    node.output.forEach((tensor, i) => {
      if (results[i]) values.set(tensor, results[i]);
    });
  }
  return lookUp;
}

function readNode(
  { graph, wiring, opset, builder }: Evaluation,
  index: number,
  label: string,
  name: string,
  lookUp: (tensor: string) => Value | undefined,
): Value[] {
  const node = graph.node[index];
  const reader = node.domain === '' || node.domain === 'ai.onnx' ? READERS.get(node.opType) : undefined;
  if (!reader) {
    throw unsupported(
      label,
      'an operator that is piecewise affine, or constant',
      `'${node.domain === '' ? '' : `${node.domain}.`}${node.opType}'`,
      'See the list in the README of @police/onnx-import.',
    );
  }
  const inputs = node.input.map((tensor, i) => {
    if (tensor === '') return undefined;
    const value = lookUp(tensor);
    if (value) return value;
    const isOutput = wiring.producers.has(tensor);
    const actual = isOutput
      ? `'${tensor}', an output that is not read`
      : `'${tensor}', which nothing computes`;
    throw isOutput
      ? unsupported(label, `a tensor as input ${i}`, actual)
      : malformed(label, `a tensor as input ${i}`, actual);
  });
  const attributes = new Attributes(node, label);
  const ctx = new NodeContext({
    node: index,
    opType: node.opType,
    label,
    name,
    opset,
    attributes,
    inputs,
    tensors: node.input,
    isOnlyReader: input => wiring.uses.get(node.input[input]) === 1,
    builder,
  });
  const result = reader(ctx, node.output.length);
  attributes.assertAllRead();
  const results = Array.isArray(result) ? result : [result];
  for (const { shape, kind } of results) {
    if (kind === 'data' && !(entriesOf(shape) > 0))
      throw malformed(label, 'results with entries', `[${shape}]`);
  }
  return results;
}

/** The coarsest format in which shifts are stored; the input's where there are none. */
function coarsest({ biases, shifts, maxima }: Sites, input: FloatType): FloatType {
  const sites = [...biases.values(), ...shifts.values(), ...maxima.values()];
  const formats = new Set<FloatType>(sites.length > 0 ? sites.map(({ dtype }) => dtype) : [input]);
  return formats.has('float16') ? 'float16' : formats.has('float32') ? 'float32' : 'float64';
}
