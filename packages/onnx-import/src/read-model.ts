import { float16, float32, float64, type Network, type Precision } from '@police/core';
import { NetworkBuilder } from './builder.js';
import { clampsIn, type Reading, valueToLeave } from './clamps.js';
import { endsOf, type GraphEnds, type ReadOptions } from './ends.js';
import { malformed } from './errors.js';
import { evaluate, UnreadNode } from './evaluate.js';
import { withDataInside } from './external-data.js';
import { nodesBefore, type Wiring, wiringOf } from './graph.js';
import { Budget } from './limits.js';
import { decodeModel, type GraphProto } from './proto.js';
import type { Sites } from './sites.js';
import type { FloatType, Tensor } from './tensor.js';
import { constantOf, type Data, type Value } from './values.js';

export type { ReadOptions } from './ends.js';

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
  /** The coarsest format that anything is computed in. Where it is float16, bounds on float32 inference say nothing of this model. */
  readonly arithmetic: FloatType;
  readonly opset: number;
  /**
   * Tensors held by a patch whose computation is not read, since it has something that cannot be: opaque nodes stand for them. What
   * is proved holds for any numbers they have, NaN excepted.
   */
  readonly unread: readonly string[];
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
 * Reads an ONNX model as that of `@police/onnx-import` does, but of families of operators only those that `operators` names: 7 kB less in
 * a page that needs none. Throws `unsupported-layer`, naming the family, where one is missing.
 *
 * @example
 * import { readModel, resizing } from '@police/onnx-import/lean';
 *
 * const model = readModel(bytes, { operators: [resizing] });
 */
export function readModel(bytes: Uint8Array, options: ReadOptions = {}): ImportedModel {
  const inside = options.externalData && withDataInside(decodeModel(bytes), bytes, options.externalData);
  const kept = inside ?? (options.takeOver ? bytes : bytes.slice());
  const model = decodeModel(kept);
  const { graph } = model;
  const wiring = wiringOf(graph);
  const ends = endsOf(model, wiring, options);
  const { targets, inputType, ...named } = ends;
  const { builder, input, found, values, unread } = readGraph(graph, wiring, ends, options);
  const output = builder.concat(found, 'outputs');
  const computed = nodesBefore(targets, graph, wiring)
    .flatMap(node => graph.node[node].output.map(values))
    .flatMap(value => (value?.kind === 'data' ? [value.dtype] : []));
  const { biases, shifts, maxima } = builder.sites;
  const stored = [biases, shifts, maxima].flatMap(sites => [...sites.values()].map(({ dtype }) => dtype));
  const precision = coarsest(stored) ?? inputType;
  const isOutput = (tensor: string) => graph.output.some(({ name }) => name === tensor);
  return {
    ...named,
    network: builder.network(output, PRECISIONS[precision]),
    inputShape: input.shape,
    guaranteed: targets.map((tensor, i) => ({ tensor, shape: found[i].shape, isOutput: isOutput(tensor) })),
    guaranteedTensor: targets.join(', '),
    guaranteedShape: output.shape,
    precision,
    arithmetic: coarsest(computed) ?? inputType,
    unread,
    source: { bytes: kept, options, sites: builder.sites, isExternal: inside !== undefined },
  };
}

/** What was read of a graph. */
interface ReadGraph {
  readonly builder: NetworkBuilder;
  readonly input: Data;
  /** The targets' values. */
  readonly found: readonly Data[];
  /** Of what was read, by tensor. */
  readonly values: (tensor: string) => Value | undefined;
  readonly unread: readonly string[];
}

/** All of it, or, where something cannot be read but a patch holds what is computed of it, all but that. */
function readGraph(graph: GraphProto, wiring: Wiring, ends: GraphEnds, options: ReadOptions): ReadGraph {
  const clamps = clampsIn(graph, wiring);
  const unread = new Set<string>();
  for (;;) {
    try {
      return { ...readOnce(graph, wiring, ends, { clamps, unread }, options), unread: [...unread] };
    } catch (error) {
      if (!(error instanceof UnreadNode)) throw error;
      const value = valueToLeave(error.node, graph, wiring, { clamps, unread });
      if (value === undefined) throw error.cause;
      unread.add(value);
    }
  }
}

function readOnce(
  graph: GraphProto,
  wiring: Wiring,
  { inputName, inputShape, inputType, fixed, targets, opset }: GraphEnds,
  reading: Reading,
  { memory, epsilon, operators: families = [] }: ReadOptions,
): Omit<ReadGraph, 'unread'> {
  const builder = new NetworkBuilder(new Budget(memory));
  const input = builder.input(inputName, inputShape, inputType);
  const known = new Map<string, Value>([
    [inputName, input],
    ...fixed.map(({ name, ...tensor }) => [name, constantOf(tensor)] as const),
  ]);
  const run = { graph, wiring, opset, builder, input, known, epsilon, reading, families };
  const values = evaluate(run, new Set(targets));
  return { builder, input, found: targets.map(target => dataAt(target, values)), values };
}

const PRECISIONS: Readonly<Record<FloatType, Precision>> = { float16, float32, float64 };

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

function coarsest(formats: readonly FloatType[]): FloatType | undefined {
  return (['float16', 'float32', 'float64'] as const).find(format => formats.includes(format));
}
