import { type ImportedModel, readModel } from '../src/index.js';
import { codeOf, type DType, rounderOf } from '../src/tensor.js';
import {
  buildModel,
  type TestAttribute,
  type TestModel,
  type TestNode,
  type TestTensor,
} from '../test/onnx.js';
import type { Random } from './random.js';

export type DataType = 'float32' | 'float64' | 'float16';

/** A tensor of a model that is being made. */
export interface Drafted {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DataType;
}

export type Attributes = Readonly<Record<string, TestAttribute>>;

/** A node without its output: operator, inputs, attributes. */
export type DraftNode = readonly [string, readonly string[], Attributes?];

/** A model made node after node, whose shapes are those that our reader finds. */
export class Draft {
  readonly rng: Random;
  readonly opset: number;
  /** For smooth functions; without it there are none. */
  readonly epsilon: number | undefined;
  /** The type of the input, and of the constants that are made next. */
  dtype: DataType;
  /** Every data tensor so far, the input first. */
  readonly tensors: Drafted[];
  readonly nodes: TestNode[] = [];
  readonly constants: Record<string, TestTensor> = {};
  readonly #input: readonly (number | string)[];
  readonly #inputType: DataType;
  #names = 0;

  constructor(rng: Random, opset: number, dtype: DataType, shape: readonly number[], epsilon?: number) {
    this.epsilon = epsilon;
    this.rng = rng;
    this.opset = opset;
    this.dtype = dtype;
    this.#inputType = dtype;
    this.tensors = [{ name: 'x', shape, dtype }];
    this.#input = shape.length > 0 && shape[0] === 1 && rng.chance(0.3) ? ['N', ...shape.slice(1)] : shape;
  }

  get last(): Drafted {
    return this.tensors.at(-1)!;
  }

  fresh(prefix = 't'): string {
    this.#names++;
    return `${prefix}${this.#names}`;
  }

  add(tensor: TestTensor): string {
    const name = this.fresh('c');
    this.constants[name] = tensor;
    return name;
  }

  ints(...data: readonly number[]): string {
    return this.add({ dims: [data.length], data, dtype: 'int64' });
  }

  /** A constant of the data's type, of moderate values. */
  floats(dims: readonly number[], make?: () => number): string {
    return this.add(this.tensor(dims, make));
  }

  tensor(dims: readonly number[], make = () => this.value()): TestTensor {
    const round = rounderOf(this.dtype);
    const size = dims.reduce((product, dim) => product * dim, 1);
    return { dims, data: this.rng.list(size, () => round(make())), dtype: this.dtype };
  }

  /** A moderate number, often a round one. */
  value(): number {
    const { rng } = this;
    return rng.chance(0.3) ? rng.pick([0, 1, -1, 0.5, -0.5, 2, -2, 3]) : 4 * rng.unit() - 2;
  }

  /** Adds nodes; outputs are named here. */
  node([type, inputs, attributes = {}]: DraftNode, outputs = 1): string[] {
    const names = this.rng.list(outputs, () => this.fresh());
    this.nodes.push([type, inputs, names, attributes]);
    return names;
  }

  /** The model up to a tensor. */
  model(output: string): TestModel {
    return {
      opset: this.opset,
      ir: irOf(this.opset),
      input: this.#input,
      dtype: this.#inputType,
      outputType: codeOf(this.dtype),
      nodes: this.nodes,
      constants: this.constants,
      outputs: [output],
    };
  }

  /** Takes a node's output as the newest tensor, if the reader reads it; says why not otherwise. */
  accept(output: string): ImportedModel {
    const { epsilon } = this;
    const read = readModel(buildModel(this.model(output)), {
      at: output,
      ...(epsilon === undefined ? {} : { epsilon }),
    });
    this.tensors.push({ name: output, shape: read.guaranteedShape, dtype: this.dtype });
    return read;
  }

  /** The nodes back to how many there were. */
  rewind(nodes: number): void {
    this.nodes.length = nodes;
  }
}

/** An IR version of the operator set's time. */
function irOf(opset: number): number {
  if (opset < 9) return 3;
  if (opset < 19) return 8;
  return opset < 23 ? 10 : opset < 25 ? 11 : 13;
}

export const INTEGERS: readonly DType[] = [
  'int64',
  'int32',
  'int16',
  'int8',
  'uint32',
  'uint16',
  'uint8',
  'bool',
];
