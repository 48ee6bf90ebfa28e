import { float16, float32, float64, type Network, type Precision } from '@police/core';
import { NetworkBuilder } from './builder.js';
import { elementType, inputOf, outputOf, shapeOf, versionOf } from './declared.js';
import { malformed } from './errors.js';
import { evaluate } from './evaluate.js';
import { type ExternalData, withDataInside } from './external-data.js';
import { wiringOf } from './graph.js';
import { Budget } from './limits.js';
import { decodeModel } from './proto.js';
import type { Sites } from './sites.js';
import { tailOf } from './tail.js';
import type { FloatType } from './tensor.js';

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
    network: builder.network(output, PRECISIONS[precision]),
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

const PRECISIONS: Readonly<Record<FloatType, Precision>> = { float16, float32, float64 };

/** The coarsest format in which shifts are stored; the input's where there are none. */
function coarsest({ biases, shifts, maxima }: Sites, input: FloatType): FloatType {
  const sites = [...biases.values(), ...shifts.values(), ...maxima.values()];
  const formats = new Set<FloatType>(sites.length > 0 ? sites.map(({ dtype }) => dtype) : [input]);
  return formats.has('float16') ? 'float16' : formats.has('float32') ? 'float32' : 'float64';
}
