import {
  type Activation,
  type AffineOperator,
  type Network,
  type NetworkNode,
  network,
  type Precision,
  type Windows,
} from '@police/core';
import { activate, byKind, type InputNode, inputsOf, type Lifts, type NodeTable } from '@police/core/adapter';
import * as operators from '@police/core/operators';
import { computedIn } from './arithmetic.js';
import { isIdentity, isPermutation } from './broadcast.js';
import { unsupported } from './errors.js';
import { linearIn } from './exactness.js';
import { keepingNumbers } from './kept-numbers.js';
import type { Budget } from './limits.js';
import { uniqueNames } from './names.js';
import type { BiasSite, MaxSite, ShiftSite, Sites, WeightSite } from './sites.js';
import type { FloatType } from './tensor.js';
import { type Constant, type Data, entriesOf, type Value } from './values.js';

/** A core node other than the input, without its name. */
type Unnamed<N = Exclude<NetworkNode, InputNode>> = N extends NetworkNode ? Omit<N, 'name'> : never;

/** A maximum that was taken out of the network. */
export interface TakenMax {
  /** The core node that it read, and its size. */
  readonly input: string;
  readonly units: number;
  readonly windows: Windows;
  readonly lifts: Lifts | undefined;
  readonly site: MaxSite;
}

/** Collects core nodes, and where their biases are stored, while ONNX nodes are read one after the other. */
export class NetworkBuilder {
  readonly budget: Budget;
  readonly #nodes = new Map<string, NetworkNode>();
  readonly #biases = new Map<string, BiasSite>();
  readonly #weights = new Map<string, WeightSite>();
  readonly #shifts = new Map<string, ShiftSite>();
  readonly #maxima = new Map<string, MaxSite>();
  readonly #unique = uniqueNames();
  #inputType: FloatType = 'float32';

  constructor(budget: Budget) {
    this.budget = budget;
  }

  get sites(): Sites {
    return { biases: this.#biases, weights: this.#weights, shifts: this.#shifts, maxima: this.#maxima };
  }

  /** The type of the network's input. */
  get inputType(): FloatType {
    return this.#inputType;
  }

  /** The network's input, a tensor of this shape. */
  input(name: string, shape: readonly number[], dtype: FloatType): Data {
    const size = entriesOf(shape);
    this.budget.claim(size, `input '${name}'`);
    const unique = this.#unique(name);
    this.#inputType = dtype;
    this.#nodes.set(unique, { kind: 'input', name: unique, size });
    return { kind: 'data', node: unique, shape, dtype, exclusive: true };
  }

  /** Adds a node, named `name` or after it. */
  add(node: Unnamed, name: string, shape: readonly number[], dtype: FloatType): Data {
    this.budget.claim(entriesOf(shape), name);
    const unique = this.#unique(name);
    this.#nodes.set(unique, { ...node, name: unique });
    return { kind: 'data', node: unique, shape, dtype, exclusive: true };
  }

  /**
   * An affine operator on a value: a node, or, on a constant, the result, if it is the same in every runtime. Throws
   * `unsupported-layer` where it depends on the order of a sum.
   */
  affine(
    x: Value,
    operator: AffineOperator,
    shape: readonly number[],
    name: string,
    site?: BiasSite | undefined,
    weights?: WeightSite | undefined,
  ): Value {
    if (x.kind === 'data') {
      const result = this.add({ kind: 'affine', input: x.node, operator }, name, shape, x.dtype);
      if (site) this.#biases.set(result.node, site);
      if (weights) this.#weights.set(result.node, weights);
      return result;
    }
    this.budget.claim(entriesOf(shape), name);
    return { ...x, shape, data: linearIn(operator, x) };
  }

  activation(x: Value, activation: Activation, name: string, site: ShiftSite): Value {
    if (x.kind === 'constant') {
      if (activation.curve)
        throw unsupported(name, 'a tensor that depends on the network’s input', 'a constant');
      const round = computedIn(x.dtype, name);
      return { ...x, data: x.data.map((v, j) => (Number.isNaN(v) ? v : round(activate(activation, v, j)))) };
    }
    const result = this.add({ kind: 'activation', input: x.node, activation }, name, x.shape, x.dtype);
    this.#shifts.set(result.node, site);
    return result;
  }

  sum(terms: readonly Data[], coefficients: readonly number[], name: string): Data {
    const [{ shape, dtype }] = terms;
    return this.add({ kind: 'sum', inputs: terms.map(({ node }) => node), coefficients }, name, shape, dtype);
  }

  /** The units of all values, one after the other; just the value if it is one. */
  concat(values: readonly Data[], name: string): Data {
    const [first] = values;
    if (values.length === 1) return first;
    const size = values.reduce((sum, { shape }) => sum + entriesOf(shape), 0);
    const inputs = values.map(({ node }) => node);
    return this.add({ kind: 'concat', inputs }, name, [size], first.dtype);
  }

  max(
    x: Data,
    { windows, lifts }: { readonly windows: Windows; readonly lifts?: Lifts | undefined },
    shape: readonly number[],
    name: string,
    site: MaxSite,
  ): Data {
    this.budget.claim(8 * windows.offsets.length + 2 * windows.members.length, name);
    const result = this.add(
      { kind: 'max', input: x.node, windows, ...(lifts && { lifts }) },
      name,
      shape,
      x.dtype,
    );
    this.#maxima.set(result.node, site);
    return result;
  }

  /** Entries moved, repeated, dropped or filled, as a `Gather` of core's says. `isOnlyReader`: see `Data.exclusive`. */
  move(x: Value, gather: operators.Gather, name: string, isOnlyReader: boolean): Value {
    const { index, fill, outShape } = gather;
    if (x.kind === 'constant') {
      this.budget.claim(index.length, name);
      return { ...x, shape: outShape, data: Float64Array.from(index, i => (i < 0 ? fill : x.data[i])) };
    }
    const size = entriesOf(x.shape);
    if (isIdentity(index, size)) return this.reshaped(x, outShape, isOnlyReader);
    const source = this.#nodes.get(x.node)!;
    const isItsOwn = x.exclusive && isOnlyReader && source.kind === 'affine' && source.operator.storesBias;
    if (isItsOwn && isPermutation(index, size)) {
      const operator = operators.permuted(source.operator, { outputs: gather });
      this.#nodes.set(x.node, { ...source, operator });
      return { ...x, shape: outShape };
    }
    return this.affine(x, gather, outShape, name);
  }

  /** The same entries under another shape: no core node. */
  reshaped(x: Value, shape: readonly number[], isOnlyReader: boolean): Value {
    return x.kind === 'constant' ? { ...x, shape } : { ...x, shape, exclusive: x.exclusive && isOnlyReader };
  }

  /** A constant as a node of the network; `x` is any node, of which nothing is taken. */
  lifted({ shape, data, dtype }: Constant, x: Data, name: string): Data {
    const nothing = new Int32Array(data.length).fill(-1);
    const zeros = operators.gather({ inSize: entriesOf(x.shape), index: nothing });
    const from = this.affine(x, zeros, shape, `${name}.zeros`) as Data;
    const constant = operators.addConstant(data);
    return this.affine({ ...from, dtype: dtype as FloatType }, constant, shape, name) as Data;
  }

  /** The dense operator of a matrix product that still lacks its bias, if the value is that and nobody else reads it. */
  openProduct(x: Data, isOnlyReader: boolean): AffineOperator | undefined {
    const node = this.#nodes.get(x.node)!;
    const isOpen =
      this.#biases.get(x.node)?.kind === 'after' && node.kind === 'affine' && !node.operator.biasGroups;
    return isOpen && x.exclusive && isOnlyReader ? node.operator : undefined;
  }

  /** The operator of an affine node, and the node it reads. */
  affineAt(name: string): { readonly operator: AffineOperator; readonly input: string } | undefined {
    const node = this.#nodes.get(name);
    return node?.kind === 'affine' ? node : undefined;
  }

  /** Puts another operator into an affine node, its bias stored at `site`. */
  replaceAffine(x: Data, operator: AffineOperator, site: BiasSite): void {
    const node = this.#nodes.get(x.node)!;
    if (node.kind === 'affine') this.#nodes.set(x.node, { ...node, operator });
    this.#biases.set(x.node, site);
  }

  /** Takes a maximum out of the network again, to become part of a larger one. */
  takeMax(x: Data): TakenMax | undefined {
    const node = this.#nodes.get(x.node)!;
    const site = this.#maxima.get(x.node);
    if (node.kind !== 'max' || !site) return undefined;
    this.#nodes.delete(x.node);
    this.#maxima.delete(x.node);
    const { input, windows, lifts } = node;
    return { input, units: this.#unitsOf(input), windows, lifts, site };
  }

  #unitsOf(name: string): number {
    const units: NodeTable<number> = {
      input: ({ size }) => size,
      affine: ({ operator }) => operator.outSize,
      activation: ({ input }) => this.#unitsOf(input),
      sum: ({ inputs: [first] }) => this.#unitsOf(first),
      concat: ({ inputs }) => inputs.reduce((sum, input) => sum + this.#unitsOf(input), 0),
      max: ({ windows }) => windows.offsets.length - 1,
      clamp: ({ inputs: [first] }) => this.#unitsOf(first),
      opaque: ({ size }) => size,
    };
    return byKind(units, this.#nodes.get(name)!);
  }

  /**
   * The network from the input to `output`; nodes that it does not depend on are left out. Numbers that the format to
   * freeze in does not hold are kept as they are.
   */
  network(output: Data, precision: Precision): Network {
    const needed = new Set<string>([output.node]);
    const nodes = [...this.#nodes.values()];
    for (const node of [...nodes].reverse()) {
      if (needed.has(node.name)) for (const name of inputsOf(node)) needed.add(name);
    }
    const kept = nodes.filter(node => node.kind === 'input' || needed.has(node.name));
    return network(kept.map(node => keepingNumbers(node, precision)));
  }
}
