import { type Network, PoliceError } from '@police/core';
import { graphPart } from '@police/onnx-export';
import { addConstants, flatInput, newNode, stepsOf } from './append-nodes.js';
import { ModelEdits, type NewNode } from './edits.js';
import { type ReadOptions, readEnds } from './ends.js';
import { malformed, unsupported } from './errors.js';
import type { FloatType } from './tensor.js';
import { entriesOf } from './values.js';

/** Of `appendPatch`: where the model ends, and what its file leaves open. */
export interface AppendOptions extends Omit<ReadOptions, 'externalData'> {
  /**
   * Sizes of the patched tensor for one sample, as a run of the model shows them.
   * @defaultValue what the file says
   */
  readonly outputShape?: readonly number[];
  /**
   * Its type.
   * @defaultValue what the file says, else the input's
   */
  readonly outputType?: FloatType;
}

/** What was added to a file. */
export interface AppendedPatch {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Operators added, in order. */
  readonly nodes: readonly string[];
  /** Entries of the constants added. */
  readonly entries: number;
  /** What the tensor before the patch is called now; the patched one has its name. */
  readonly valueTensor: string;
}

/**
 * A model's file with what a patched network computes after an opaque node, put after the model's output, or before a final Softmax,
 * Sigmoid or ArgMax: `network` is that of `patchFunction` on an `opaqueNetwork`. Of the model only its input and output are
 * looked at: it may hold any operators, data beside itself, several paths. All that was there keeps its bytes, but for the name of the
 * output before the patch; all that reads the output reads the patched one.
 *
 * Law: the values written are those of `network`, none is rounded. So `readModel` finds the patch, and `certify` proves it.
 *
 * A batch passes through where the model has one along its first axis. Half precision is patched in float32, between casts.
 *
 * Throws as `readEnds` does, `shape` (another number of inputs or outputs), `not-frozen` (a value that is no float32 value),
 * `invalid-network` (an output that no node computes) or `unsupported-layer` (an output of sizes that are not known).
 *
 * @example
 * const ends = readEnds(bytes);
 * const { network } = patchFunction(opaqueNetwork(4, 3), probes, values);
 * const { bytes: patched } = appendPatch(bytes, network);
 */
export function appendPatch(bytes: Uint8Array, network: Network, options: AppendOptions = {}): AppendedPatch {
  const ends = readEnds(bytes, options);
  const file = new ModelEdits(bytes);
  const { guaranteedTensor: name, inputShape, inputType } = ends;
  const place = file.wiring.producers.get(name);
  if (!place) throw malformed(`output '${name}'`, 'a tensor that a node computes', 'none');
  const outputShape = options.outputShape ?? ends.declaredShape;
  if (!outputShape) throw unknownShape(name);
  const outputType = options.outputType ?? ends.declaredType ?? inputType;
  assertEntries(network.inputSize, inputShape, ends.inputName);
  assertEntries(network.outputSize, outputShape, name);
  // Neither input nor output is rounded by a cast to this one.
  const workType: FloatType = [inputType, outputType].includes('float64') ? 'float64' : 'float32';

  const added: NewNode[] = [];
  const { cast, shaped, fresh, ...steps } = stepsOf(file, name, added);

  const valueTensor = fresh('unpatched');
  file.setOutput(place.node, valueTensor, place.output);
  const input = flatInput(ends, workType, { cast, shaped, fresh, ...steps });
  const isBatched = outputShape.length > 1 && outputShape[0] === 1;
  const uncast = cast(valueTensor, outputType, workType, fresh('value'));
  const value = isBatched ? uncast : shaped(uncast, [-1, network.outputSize], fresh('row'));
  const isLast = isBatched && outputType === workType;
  const output = isLast ? name : fresh('patched');
  const part = graphPart(network, {
    input: { name: input, shape: [network.inputSize] },
    value: { name: value, shape: isBatched ? outputShape.slice(1) : [network.outputSize] },
    outputName: output,
    taken: [...file.takenNames],
  });
  added.push(...part.nodes.map(newNode));
  if (!isBatched) {
    const sizes = outputShape.length === 1 && outputShape[0] === 1 ? [-1] : outputShape;
    shaped(output, sizes, outputType === workType ? name : fresh('whole'));
  }
  if (outputType !== workType) cast(added.at(-1)!.output, workType, outputType, name);

  addConstants(file, part, workType);
  for (const node of added) file.insertAfter(place.node, node);
  return {
    bytes: file.apply(),
    nodes: added.map(({ opType }) => opType),
    entries: part.initializers.reduce((sum, { values }) => sum + values.length, 0),
    valueTensor,
  };
}

function assertEntries(size: number, shape: readonly number[], tensor: string): void {
  const entries = entriesOf(shape);
  if (entries === size) return;
  throw new PoliceError({
    code: 'shape',
    where: `'${tensor}'`,
    expected: `${size} entries, as many as the patch has`,
    actual: `${entries}, [${shape}]`,
  });
}

function unknownShape(tensor: string): PoliceError {
  return unsupported(
    `'${tensor}'`,
    'a tensor whose sizes the file tells',
    'sizes not known',
    'Give them: appendPatch(bytes, network, { outputShape: [1, …] }).',
  );
}
