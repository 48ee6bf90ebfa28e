import { labelOf, type Wiring, wiringOf } from './graph.js';
import { uniqueNames } from './names.js';
import { decodeModel, encodeNode, encodeTensor, encodeValueInfo, FIELD, type GraphProto } from './proto.js';
import type { Format } from './sites.js';
import { codeOf, rawBytes } from './tensor.js';
import { bytesField, bytesPieces, fieldsOf, joined, mapFields, stringField } from './wire.js';

/** From this IR version on, initializers need not be listed among the inputs. */
const INPUTS_OPTIONAL = 4;

/** A node to be inserted. */
export interface NewNode {
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly output: string;
  /** @defaultValue the output's */
  readonly name?: string;
  readonly ints?: Readonly<Record<string, number>>;
}

/** Changes of a model file, gathered and then written in one go. Everything else keeps its bytes, unknown fields too. */
export class ModelEdits {
  readonly graph: GraphProto;
  readonly wiring: Wiring;
  readonly #bytes: Uint8Array;
  readonly #listsInputs: boolean;
  readonly #taken: Set<string>;
  readonly #unique: (wanted: string) => string;
  readonly #uniqueNode: (wanted: string) => string;
  readonly #inputs = new Map<number, string[]>();
  readonly #outputs = new Map<number, string[]>();
  readonly #initializers = new Map<number, Uint8Array>();
  readonly #constants = new Map<number, Uint8Array>();
  readonly #before = new Map<number, Uint8Array[]>();
  readonly #after = new Map<number, Uint8Array[]>();
  readonly #added: Uint8Array[] = [];

  constructor(bytes: Uint8Array) {
    const model = decodeModel(bytes);
    this.#bytes = bytes;
    this.graph = model.graph;
    this.#listsInputs = model.irVersion < INPUTS_OPTIONAL;
    this.wiring = wiringOf(model.graph);
    this.#taken = new Set(this.wiring.names);
    const unique = uniqueNames(this.#taken);
    this.#unique = wanted => {
      const name = unique(wanted);
      this.#taken.add(name);
      return name;
    };
    this.#uniqueNode = uniqueNames(model.graph.node.map(({ name }) => name));
  }

  label(node: number): string {
    return labelOf(this.graph.node[node], node);
  }

  /** A name that nothing has, after a node's. */
  name(node: number, part: string): string {
    const { name, output } = this.graph.node[node];
    return this.#unique(`${name || output[0]}.${part}`);
  }

  /** All names in use, those of edits among them. */
  get takenNames(): Iterable<string> {
    return this.#taken;
  }

  /** A name that nothing has: the one wanted, or after it. */
  newName(wanted: string): string {
    return this.#unique(wanted);
  }

  /** The tensor that a node reads, edits included. */
  inputOf(node: number, input: number): string {
    return (this.#inputs.get(node) ?? this.graph.node[node].input)[input];
  }

  setInput(node: number, input: number, tensor: string): void {
    const inputs = [...(this.#inputs.get(node) ?? this.graph.node[node].input)];
    while (inputs.length < input) inputs.push('');
    inputs[input] = tensor;
    this.#inputs.set(node, inputs);
  }

  appendInput(node: number, tensor: string): void {
    this.setInput(node, (this.#inputs.get(node) ?? this.graph.node[node].input).length, tensor);
  }

  setOutput(node: number, tensor: string, output = 0): void {
    const outputs = [...(this.#outputs.get(node) ?? this.graph.node[node].output)];
    outputs[output] = tensor;
    this.#outputs.set(node, outputs);
  }

  /** Puts other values into the constant that a node reads, if that is stored and nobody else reads it. */
  setConstant(tensor: string, values: Float64Array, { dtype }: Format): boolean {
    if (this.wiring.uses.get(tensor) !== 1) return false;
    const raw = rawBytes(values, dtype);
    const initializer = this.wiring.initializers.get(tensor);
    if (initializer !== undefined) {
      this.#initializers.set(initializer, raw);
      return true;
    }
    const producer = this.wiring.producers.get(tensor)?.node;
    if (producer === undefined) return false;
    const { opType, attribute } = this.graph.node[producer];
    if (opType !== 'Constant' || attribute.length !== 1 || attribute[0].name !== 'value') return false;
    this.#constants.set(producer, raw);
    return true;
  }

  /** A new floating-point constant, and its name. */
  addConstant(name: string, values: Float64Array, { dims, dtype }: Format): string {
    return this.#addTensor(name, codeOf(dtype), dims, rawBytes(values, dtype));
  }

  /** A new list of integers, and its name. */
  addIntegers(name: string, values: readonly number[]): string {
    const view = new DataView(new ArrayBuffer(8 * values.length));
    values.forEach((value, i) => {
      view.setBigInt64(8 * i, BigInt(value), true);
    });
    return this.#addTensor(name, codeOf('int64'), [values.length], new Uint8Array(view.buffer));
  }

  insertBefore(node: number, inserted: NewNode): void {
    append(this.#before, node, this.#encoded(inserted));
  }

  insertAfter(node: number, inserted: NewNode): void {
    append(this.#after, node, this.#encoded(inserted));
  }

  /** The file with all changes. */
  apply(): Uint8Array<ArrayBuffer> {
    return joined(
      mapFields(this.#bytes, field =>
        field.number === FIELD.model.graph
          ? bytesPieces(FIELD.model.graph, this.#graph(field.content))
          : undefined,
      ),
    );
  }

  #addTensor(
    name: string,
    dataType: number,
    dims: readonly number[],
    rawData: Uint8Array<ArrayBuffer>,
  ): string {
    this.#added.push(bytesField(FIELD.graph.initializer, encodeTensor({ name, dataType, dims, rawData })));
    if (this.#listsInputs) {
      this.#added.push(bytesField(FIELD.graph.input, encodeValueInfo(name, dataType, dims)));
    }
    return name;
  }

  #encoded(node: NewNode): Uint8Array {
    return bytesField(
      FIELD.graph.node,
      encodeNode({ ...node, name: this.#uniqueNode(node.name ?? node.output) }),
    );
  }

  /** One piece after the other: whole, each level of it would be a copy of the file more. */
  #graph(graph: Uint8Array): Uint8Array[] {
    const pieces = mapFields(graph, ({ number, all, content }, k) => {
      if (number === FIELD.graph.initializer) {
        const raw = this.#initializers.get(k);
        return raw && bytesPieces(number, withRawData(content, raw));
      }
      if (number !== FIELD.graph.node) return undefined;
      const edited = this.#node(content, k);
      const own = edited ? bytesField(number, edited) : all;
      return [...(this.#before.get(k) ?? []), own, ...(this.#after.get(k) ?? [])];
    });
    return [...pieces, ...this.#added];
  }

  #node(node: Uint8Array, k: number): Uint8Array | undefined {
    const raw = this.#constants.get(k);
    const inputs = this.#inputs.get(k);
    const outputs = this.#outputs.get(k);
    if (!raw && !inputs && !outputs) return undefined;
    const { input, output, attribute } = FIELD.node;
    const rest = mapFields(node, ({ number, content }) => {
      if (number === input && inputs) return [];
      if (number === output && outputs) return [];
      return number === attribute && raw ? [bytesField(number, withTensorData(content, raw))] : undefined;
    });
    const wired = (number: number, names: readonly string[] = []) =>
      names.map(name => stringField(number, name));
    return joined([...wired(input, inputs), ...wired(output, outputs), ...rest]);
  }
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  lists.set(key, [...(lists.get(key) ?? []), value]);
}

/** An attribute whose tensor holds other values. */
function withTensorData(attribute: Uint8Array, raw: Uint8Array): Uint8Array {
  return joined(
    mapFields(attribute, ({ number, content }) =>
      number === FIELD.attribute.tensor ? bytesPieces(number, withRawData(content, raw)) : undefined,
    ),
  );
}

/** A tensor with other values, in raw form; name, sizes, type and all else stay. */
function withRawData(tensor: Uint8Array, raw: Uint8Array): Uint8Array[] {
  const { floatData, int32Data, doubleData, rawData } = FIELD.tensor;
  const dataFields: readonly number[] = [floatData, int32Data, doubleData, rawData];
  const others = [...fieldsOf(tensor)].filter(({ number }) => !dataFields.includes(number));
  return [...others.map(({ all }) => all), ...bytesPieces(rawData, [raw])];
}
