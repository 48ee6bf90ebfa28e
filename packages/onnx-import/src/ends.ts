import { elementType, inputOf, outputOf, shapeOf, versionOf } from './declared.js';
import type { ExternalData } from './external-data.js';
import { type Wiring, wiringOf } from './graph.js';
import { decodeModel, type GraphProto, type ModelProto, type ValueInfoProto } from './proto.js';
import { tailOf } from './tail.js';
import { dtypeOf, type FloatType, isFloat } from './tensor.js';

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

/** Where a model begins and ends; what is between is not looked at. */
export interface ModelEnds {
  readonly inputName: string;
  /** Sizes of the input tensor for one sample. */
  readonly inputShape: readonly number[];
  readonly inputType: FloatType;
  /** The graph's output. */
  readonly outputName: string;
  /** The tensor that a guarantee is stated for: the output, or what its tail reads. */
  readonly guaranteedTensor: string;
  /** Its sizes for one sample and its type, as far as the file says. */
  readonly declaredShape?: readonly number[];
  readonly declaredType?: FloatType;
  /** What is kept after the guaranteed tensor: a final Softmax, Sigmoid or ArgMax. */
  readonly tail: readonly string[];
  readonly opset: number;
}

/** The ends of an ONNX model of any operators. Throws as `readModel` does, but for what is between them. */
export function readEnds(bytes: Uint8Array, options: ReadOptions = {}): ModelEnds {
  const model = decodeModel(bytes);
  return endsOf(model, wiringOf(model.graph), options);
}

export function endsOf(
  model: ModelProto & { graph: GraphProto },
  wiring: Wiring,
  { output, inputShape }: ReadOptions,
): ModelEnds {
  const { graph } = model;
  const opset = versionOf(model);
  const outputName = outputOf(graph, output);
  const { guaranteed, kept } = tailOf(outputName, graph, wiring);
  const declared = inputOf(graph, wiring);
  return {
    inputName: declared.name,
    inputShape: shapeOf(declared, inputShape),
    inputType: elementType(declared),
    outputName,
    guaranteedTensor: guaranteed,
    ...declarationOf(guaranteed, graph),
    tail: kept,
    opset,
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
