import { float16, float32, float64, type Network, type Precision } from '@police/core';
import { NetworkBuilder } from './builder.js';
import {
  elementType,
  type FixedInput,
  fixedValue,
  inputOf,
  inputsOf,
  outputsOf,
  shapeOf,
  tensorsAt,
  versionOf,
} from './declared.js';
import { malformed } from './errors.js';
import { evaluate } from './evaluate.js';
import { type ExternalData, withDataInside } from './external-data.js';
import { type Wiring, wiringOf } from './graph.js';
import { Budget } from './limits.js';
import { decodeModel, type GraphProto } from './proto.js';
import type { Sites } from './sites.js';
import { tailOf } from './tail.js';
import type { FloatType, Tensor } from './tensor.js';
import { constantOf, type Data, type Value } from './values.js';

export interface ReadOptions {
  /**
   * Sizes of the input tensor, for a model that leaves them open.
   * @defaultValue the model's; an open first axis, the batch's, is 1
   */
  readonly inputShape?: readonly number[];
  /**
   * Which outputs of the graph to read; several are joined, one after the other.
   * @defaultValue all
   */
  readonly output?: string | readonly string[];
  /** Tensors inside the graph to read instead of outputs: what comes after them is kept as it is, and no guarantee speaks of it. */
  readonly at?: string | readonly string[];
  /** Inputs held at constants, by name: all but one, where the graph has several. */
  readonly fix?: Readonly<Record<string, FixedInput>>;
  /**
   * Reads smooth functions (Sigmoid, Tanh, SiLU, GELU, Softplus, Mish), which are affine on their tails only, and only up to this
   * distance; see core's `softplus`.
   * @defaultValue none: they are refused
   */
  readonly epsilon?: number;
  /**
   * Bytes that tensors between layers and folded constants may take.
   * @defaultValue 2 GiB
   */
  readonly memory?: number;
  /**
   * Reads the files that the model keeps data in beside itself. `writeBack` writes that data into the model.
   * @defaultValue none: such a model is refused
   */
  readonly externalData?: ExternalData;
}

/** A tensor that the network computes. */
export interface GuaranteedTensor {
  readonly tensor: string;
  /** For one sample. */
  readonly shape: readonly number[];
  /** Whether it is an output of the graph, and no tensor inside. */
  readonly isOutput: boolean;
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
  /** The inputs held at constants, and what they are held at. */
  readonly fixed: readonly (Tensor & { readonly name: string })[];
  /** The graph's outputs that are read, by commas. */
  readonly outputName: string;
  /** The tensors that the network computes, one after the other, and that a guarantee is stated for. */
  readonly guaranteed: readonly GuaranteedTensor[];
  /** Their names, by commas: one is the output, or what its tail reads. */
  readonly guaranteedTensor: string;
  /** Its sizes for one sample; of several the number of all their entries. */
  readonly guaranteedShape: readonly number[];
  /** What is kept after the guaranteed tensor: a final Softmax, Sigmoid, Tanh or ArgMax. */
  readonly tail: readonly string[];
  /** The format to `freeze` in: the coarsest in which a bias is stored. */
  readonly precision: FloatType;
  readonly opset: number;
  /** For `writeBack`: the file as it was read, its data inside, how, and where its biases are. */
  readonly source: {
    readonly bytes: Uint8Array;
    readonly options: ReadOptions;
    readonly sites: Sites;
    /** Whether data was kept in other files; `withDataOutside` puts it there again. */
    readonly isExternal: boolean;
  };
}

/**
 * Reads an ONNX model. Batches: the network is what the model does with one sample. An open first axis of the input
 * has size 1 then, all other sizes must be known, and whatever the sizes are, all entries of the input are the network's
 * input; so models with a batch axis, without one, or that flatten or transpose it need no rule of their own.
 *
 * Several outputs are joined. Of several inputs all but one are held at constants.
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
  const { targets, outputName, tail } = wantedOf(graph, wiring, options);
  const { fix = {}, epsilon } = options;
  const inputs = inputsOf(graph, wiring);
  const declared = inputOf(inputs, Object.keys(fix));
  const fixed = inputs.flatMap(each =>
    Object.hasOwn(fix, each.name) ? [{ ...fixedValue(each, fix[each.name]), name: each.name }] : [],
  );
  const builder = new NetworkBuilder(new Budget(options.memory));
  const input = builder.input(declared.name, shapeOf(declared, options.inputShape), elementType(declared));
  const known = new Map<string, Value>([
    [declared.name, input],
    ...fixed.map(({ name, ...tensor }) => [name, constantOf(tensor)] as const),
  ]);
  const values = evaluate({ graph, wiring, opset, builder, known, epsilon }, new Set(targets));
  const found = targets.map(target => dataAt(target, values));
  const output = builder.concat(found, 'outputs');
  const precision = coarsest(builder.sites, input.dtype);
  const isOutput = (tensor: string) => graph.output.some(({ name }) => name === tensor);
  return {
    network: builder.network(output, PRECISIONS[precision]),
    inputName: declared.name,
    inputShape: input.shape,
    fixed,
    outputName,
    guaranteed: targets.map((tensor, i) => ({ tensor, shape: found[i].shape, isOutput: isOutput(tensor) })),
    guaranteedTensor: targets.join(', '),
    guaranteedShape: output.shape,
    tail,
    precision,
    opset,
    source: { bytes: kept, options, sites: builder.sites, isExternal: inside !== undefined },
  };
}

const PRECISIONS: Readonly<Record<FloatType, Precision>> = { float16, float32, float64 };

/** The tensors to read, each once, and what of the graph comes after them. */
function wantedOf(
  graph: GraphProto,
  wiring: Wiring,
  { output, at }: ReadOptions,
): { targets: readonly string[]; outputName: string; tail: readonly string[] } {
  const names = outputsOf(graph, output);
  if (at !== undefined)
    return { targets: [...new Set(tensorsAt(at, wiring))], outputName: names.join(', '), tail: [] };
  const tails = names.map(name => tailOf(name, graph, wiring));
  return {
    targets: [...new Set(tails.map(({ guaranteed }) => guaranteed))],
    outputName: names.join(', '),
    tail: [...new Set(tails.flatMap(({ kept }) => kept))],
  };
}

function dataAt(tensor: string, values: (tensor: string) => Value | undefined): Data {
  const value = values(tensor);
  if (value?.kind === 'data') return value;
  throw malformed(
    `output '${tensor}'`,
    'a tensor computed from the input',
    value ? 'a constant' : 'no such tensor',
    "Choose others: readModel(bytes, { output: 'name' }).",
  );
}

/** The coarsest format in which shifts are stored; the input's where there are none. */
function coarsest({ biases, shifts, maxima }: Sites, input: FloatType): FloatType {
  const sites = [...biases.values(), ...shifts.values(), ...maxima.values()];
  const formats = new Set<FloatType>(sites.length > 0 ? sites.map(({ dtype }) => dtype) : [input]);
  return formats.has('float16') ? 'float16' : formats.has('float32') ? 'float32' : 'float64';
}
