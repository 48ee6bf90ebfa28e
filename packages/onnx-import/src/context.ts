import type { AffineOperator } from '@police/core';
import * as operators from '@police/core/operators';
import type { Attributes } from './attributes.js';
import { broadcastIndex, sameShape } from './broadcast.js';
import type { NetworkBuilder } from './builder.js';
import { malformed, unsupported } from './errors.js';
import { type BiasSite, type ShiftSite, shiftSiteOf, type WeightSite } from './sites.js';
import { isFloat } from './tensor.js';
import { type Constant, constantOf, type Data, entriesOf, type Value } from './values.js';

export interface ContextOptions {
  readonly node: number;
  readonly opType: string;
  readonly label: string;
  readonly name: string;
  readonly opset: number;
  readonly attributes: Attributes;
  readonly inputs: readonly (Value | undefined)[];
  /** ONNX names of the inputs. */
  readonly tensors: readonly string[];
  readonly isOnlyReader: (input: number) => boolean;
  readonly isAfter: (input: number, opType: string) => boolean;
  readonly builder: NetworkBuilder;
  /** How far from affine the tails of smooth functions may be. */
  readonly epsilon: number | undefined;
  /** Whether curves of several nodes were looked for. */
  readonly knowsCurves: boolean;
}

/** One ONNX node while it is read: its inputs and attributes, checked as they are asked for, and what can be made of them. */
export class NodeContext {
  readonly node: number;
  readonly opType: string;
  /** For messages. */
  readonly label: string;
  /** For core nodes. */
  readonly name: string;
  readonly opset: number;
  readonly attributes: Attributes;
  readonly inputs: readonly (Value | undefined)[];
  readonly tensors: readonly string[];
  readonly isOnlyReader: (input: number) => boolean;
  /** Whether an operator of the type, on data, lies anywhere before an input. */
  readonly isAfter: (input: number, opType: string) => boolean;
  readonly builder: NetworkBuilder;
  readonly epsilon: number | undefined;
  readonly knowsCurves: boolean;

  constructor(options: ContextOptions) {
    this.node = options.node;
    this.opType = options.opType;
    this.label = options.label;
    this.name = options.name;
    this.opset = options.opset;
    this.attributes = options.attributes;
    this.inputs = options.inputs;
    this.tensors = options.tensors;
    this.isOnlyReader = options.isOnlyReader;
    this.isAfter = options.isAfter;
    this.builder = options.builder;
    this.epsilon = options.epsilon;
    this.knowsCurves = options.knowsCurves;
  }

  /** An input that must be there. Throws `invalid-network`. */
  value(input: number): Value {
    const found = this.inputs[input];
    if (found) return found;
    throw malformed(this.label, `an input ${input}`, 'none');
  }

  /** An input of floating-point numbers. Throws `unsupported-layer`. */
  float(input: number): Value {
    const found = this.value(input);
    if (isFloat(found.dtype)) return found;
    throw unsupported(this.label, `floating-point numbers as input ${input}`, found.dtype);
  }

  /** An input that must be constant if it is there. Throws `unsupported-layer`. */
  optionalConstant(input: number): Constant | undefined {
    const found = this.inputs[input];
    if (!found || found.kind === 'constant') return found;
    throw unsupported(
      this.label,
      `input ${input} ('${this.tensors[input]}') constant`,
      'one that depends on the network’s input',
      'Only operators that are affine in the network’s input can be read.',
    );
  }

  constant(input: number): Constant {
    this.value(input);
    return this.optionalConstant(input)!;
  }

  /** A constant list of integers. Throws `invalid-network`. */
  integers(input: number): number[] | undefined {
    const found = this.optionalConstant(input);
    if (!found) return undefined;
    const list = Array.from(found.data);
    if (found.shape.length <= 1 && list.every(Number.isInteger)) return list;
    throw malformed(this.label, `a list of integers as input ${input}`, `${found.dtype} [${found.shape}]`);
  }

  /** A number where a tensor of one entry is wanted. */
  scalar(input: number): number | undefined {
    const found = this.optionalConstant(input);
    if (!found || found.data.length === 1) return found?.data[0];
    throw malformed(this.label, `a single number as input ${input}`, `sizes [${found.shape}]`);
  }

  /** Axes, shapes and the like, which older operator sets have as an attribute and newer ones as an input. */
  listed(attribute: string, input: number): number[] | undefined {
    return this.attributes.has(attribute) ? this.attributes.ints(attribute) : this.integers(input);
  }

  claim(entries: number): void {
    this.builder.budget.claim(entries, this.label);
  }

  /** The core node's name, or one after it. */
  part(part?: string): string {
    return part === undefined ? this.name : `${this.name}.${part}`;
  }

  affine(
    x: Value,
    operator: AffineOperator,
    shape: readonly number[],
    part?: string,
    site?: BiasSite,
    weights?: WeightSite,
  ): Value {
    return this.builder.affine(x, operator, shape, this.part(part), site, weights);
  }

  /** Where the weights of the node are stored: the constant of sizes `dims` that is its input `input`. */
  weightSite(input: number, x: Value, dims: readonly number[]): WeightSite {
    return { node: this.node, input, dims, dtype: isFloat(x.dtype) ? x.dtype : 'float32' };
  }

  /** `input`: which of the node's inputs x is; absent for a value made inside the node. */
  move(x: Value, gather: operators.Gather, input?: number, part?: string): Value {
    return this.builder.move(x, gather, this.part(part), input === undefined || this.isOnlyReader(input));
  }

  reshaped(x: Value, shape: readonly number[], input?: number): Value {
    if (entriesOf(shape) !== entriesOf(x.shape)) {
      throw malformed(this.label, `a shape of ${entriesOf(x.shape)} entries`, `[${shape}]`);
    }
    return this.builder.reshaped(x, shape, input === undefined || this.isOnlyReader(input));
  }

  /** The value repeated to a shape that its own broadcasts to. */
  broadcast(x: Value, shape: readonly number[], input?: number): Value {
    if (sameShape(x.shape, shape)) return x;
    if (entriesOf(x.shape) === entriesOf(shape)) return this.reshaped(x, shape, input);
    this.claim(entriesOf(shape));
    const index = broadcastIndex(x.shape, shape);
    const inSize = entriesOf(x.shape);
    return this.move(x, operators.gather({ inSize, index, outShape: shape }), input, 'broadcast');
  }

  shiftSite(input: number, x: Value): ShiftSite {
    return shiftSiteOf({ node: this.node, input }, x.shape, isFloat(x.dtype) ? x.dtype : 'float32');
  }

  /** A constant made by the node. */
  made(x: Constant, shape: readonly number[], data: Float64Array): Constant {
    return constantOf({ dtype: x.dtype, shape, data });
  }

  isData(x: Value): x is Data {
    return x.kind === 'data';
  }
}
