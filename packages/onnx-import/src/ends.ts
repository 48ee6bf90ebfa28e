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
import { unsupported } from './errors.js';
import type { ExternalData } from './external-data.js';
import { type Wiring, wiringOf } from './graph.js';
import type { OperatorFamily } from './operators/reader.js';
import { decodeModel, type GraphProto, type ModelProto, type ValueInfoProto } from './proto.js';
import { tailOf } from './tail.js';
import { dtypeOf, type FloatType, isFloat, type Tensor } from './tensor.js';

/** Of `readModel` and `readEnds`: which part of the model is meant, and what its file leaves open. */
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
   * Operators that are read besides those that always are.
   * @defaultValue all; of `@police/onnx-import/lean` none
   */
  readonly operators?: readonly OperatorFamily[];
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
  /**
   * Takes the bytes over, to be changed by nobody from then on, instead of a copy: of a large file it saves its size.
   * @defaultValue false
   */
  readonly takeOver?: boolean;
}

/** What of a graph is read. */
export interface GraphEnds {
  /** The input that varies. */
  readonly inputName: string;
  /** Its sizes for one sample. */
  readonly inputShape: readonly number[];
  readonly inputType: FloatType;
  /** The inputs held at constants, and what they are held at. */
  readonly fixed: readonly (Tensor & { readonly name: string })[];
  /** The graph's outputs that are read, by commas. */
  readonly outputName: string;
  /** The tensors that a guarantee is stated for, each once: outputs, or what their tails read. */
  readonly targets: readonly string[];
  /** What is kept after them: a final Softmax, Sigmoid, Tanh or ArgMax. */
  readonly tail: readonly string[];
  readonly opset: number;
}

/** Where a model begins and ends; what is between is not looked at. */
export interface ModelEnds extends Omit<GraphEnds, 'targets'> {
  /** The tensor that a guarantee is stated for: the output, or what its tail reads. */
  readonly guaranteedTensor: string;
  /** Whether it is an output of the graph, and no tensor inside. */
  readonly isOutput: boolean;
  /** Its sizes for one sample and its type, as far as the file says. */
  readonly declaredShape?: readonly number[];
  readonly declaredType?: FloatType;
}

/**
 * The ends of an ONNX model of any operators. Throws as `readModel` does, but for what is between them, and `unsupported-layer` where
 * several tensors are wanted.
 */
export function readEnds(bytes: Uint8Array, options: ReadOptions = {}): ModelEnds {
  const model = decodeModel(bytes);
  const { targets, ...ends } = endsOf(model, wiringOf(model.graph), options);
  const [guaranteedTensor, ...more] = targets;
  if (more.length > 0) {
    throw unsupported(
      'model',
      'one output',
      `${targets.length}: ${targets.map(tensor => `'${tensor}'`).join(', ')}`,
      "Choose one: { output: 'name' }.",
    );
  }
  const isOutput = model.graph.output.some(({ name }) => name === guaranteedTensor);
  return { ...ends, guaranteedTensor, isOutput, ...declarationOf(guaranteedTensor, model.graph) };
}

export function endsOf(
  model: ModelProto & { graph: GraphProto },
  wiring: Wiring,
  options: ReadOptions,
): GraphEnds {
  const { graph } = model;
  const opset = versionOf(model);
  const wanted = wantedOf(graph, wiring, options);
  const { fix = {} } = options;
  const inputs = inputsOf(graph, wiring);
  const declared = inputOf(inputs, Object.keys(fix));
  const fixed = inputs.flatMap(each =>
    Object.hasOwn(fix, each.name) ? [{ ...fixedValue(each, fix[each.name]), name: each.name }] : [],
  );
  return {
    inputName: declared.name,
    inputShape: shapeOf(declared, options.inputShape),
    inputType: elementType(declared),
    fixed,
    ...wanted,
    opset,
  };
}

/** The tensors to read, each once, and what of the graph comes after them. */
function wantedOf(
  graph: GraphProto,
  wiring: Wiring,
  { output, at }: ReadOptions,
): Pick<GraphEnds, 'targets' | 'outputName' | 'tail'> {
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

/** What a file says of a tensor: its sizes, an open first axis as 1, where the others are known, and its type. */
export function declarationOf(
  tensor: string,
  graph: GraphProto,
): Pick<ModelEnds, 'declaredShape' | 'declaredType'> {
  const found = [...graph.output, ...graph.valueInfo].find(({ name }) => name === tensor);
  const type = typeIn(found);
  const sizes = type?.shape?.dim.map(({ value }, axis) =>
    value.case === 'dimValue' && value.value > 0 ? Number(value.value) : axis === 0 ? 1 : undefined,
  );
  const known = sizes?.filter(size => size !== undefined);
  const dtype = type && type.elemType !== 0 ? dtypeOf(type.elemType, `'${tensor}'`) : undefined;
  return {
    ...(known && known.length === sizes?.length ? { declaredShape: known } : {}),
    ...(dtype && isFloat(dtype) ? { declaredType: dtype } : {}),
  };
}

function typeIn(info: ValueInfoProto | undefined) {
  return info?.type?.value.case === 'tensorType' ? info.type.value.value : undefined;
}
