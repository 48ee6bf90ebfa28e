import type { GraphPart, OnnxNode } from '@police/onnx-export';
import type { ModelEdits, NewNode } from './edits.js';
import type { ModelEnds } from './ends.js';
import { unsupported } from './errors.js';
import { codeOf, type FloatType } from './tensor.js';
import { entriesOf } from './values.js';

/** Operators added one after the other: each gives the tensor that it makes. */
export interface Steps {
  readonly cast: (tensor: string, from: FloatType, to: FloatType, output: string) => string;
  readonly shaped: (tensor: string, sizes: readonly number[], output: string) => string;
  readonly then: (node: NewNode) => string;
  readonly fresh: (part: string) => string;
}

/** The input as rows `[batch, D]` of a type. */
export function flatInput(
  { inputName, inputShape, inputType }: Pick<ModelEnds, 'inputName' | 'inputShape' | 'inputType'>,
  type: FloatType,
  { cast, shaped, then, fresh }: Steps,
): string {
  const x = cast(inputName, inputType, type, fresh('input'));
  const [first, ...rest] = inputShape;
  if (first === 1 && rest.length === 1) return x;
  const output = fresh('flat');
  if (first === 1 && rest.length > 1)
    return then({ opType: 'Flatten', inputs: [x], output, ints: { axis: 1 } });
  return shaped(x, [1, entriesOf(inputShape)], output);
}

/** An operator of a graph part, whose attributes are whole numbers. */
export function newNode({ opType, name, inputs, output, attributes }: OnnxNode): NewNode {
  const ints = attributes.map(({ name: attribute, type, value }) => {
    if (type === 'int') return [attribute, value] as const;
    throw unsupported(name, 'dense layers, ReLUs and clamps', `${opType} with '${attribute}'`);
  });
  return { opType, name, inputs, output, ints: Object.fromEntries(ints) };
}

/** The constants that a graph part reads. */
export function addConstants(file: ModelEdits, { initializers }: GraphPart, dtype: FloatType): void {
  for (const { name, dims, values } of initializers) {
    if (values instanceof Float32Array) file.addConstant(name, Float64Array.from(values), { dims, dtype });
    else file.addIntegers(name, Array.from(values, Number));
  }
}

/** Steps whose operators gather in `added`, and whose tensors are named after one. */
export function stepsOf(file: ModelEdits, name: string, added: NewNode[]): Steps {
  const then = (node: NewNode): string => {
    added.push(node);
    return node.output;
  };
  const fresh = (part: string) => file.newName(`${name}.${part}`);
  return {
    then,
    fresh,
    cast: (tensor, from, to, output) =>
      from === to ? tensor : then({ opType: 'Cast', inputs: [tensor], output, ints: { to: codeOf(to) } }),
    shaped: (tensor, sizes, output) => {
      const shape = file.addIntegers(fresh('shape'), sizes);
      return then({ opType: 'Reshape', inputs: [tensor, shape], output });
    },
  };
}
