import { malformed, unsupported } from './errors.js';
import { type AttributeProto, AttributeType, type NodeProto } from './proto.js';
import { readTensor, type Tensor } from './tensor.js';

const LARGEST = 2 ** 31 - 1;

/**
 * A node's attributes. What is read is checked to be of its type, and what nobody has read is refused: it would change
 * the operator in a way the reader does not know of.
 */
export class Attributes {
  readonly #byName = new Map<string, AttributeProto>();
  readonly #read = new Set<string>();
  readonly #label: string;

  constructor({ attribute }: NodeProto, label: string) {
    this.#label = label;
    for (const one of attribute) {
      if (this.#byName.has(one.name))
        throw malformed(label, 'each attribute once', `two called '${one.name}'`);
      this.#byName.set(one.name, one);
    }
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** Takes note that these make no difference here. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.#read.add(name);
  }

  int(name: string): number | undefined;
  int(name: string, fallback: number): number;
  int(name: string, fallback?: number): number | undefined {
    const found = this.#find(name, AttributeType.INT);
    return found ? this.#integer(name, found.i) : fallback;
  }

  ints(name: string): number[] | undefined {
    return this.#find(name, AttributeType.INTS)?.ints.map(value => this.#integer(name, value));
  }

  float(name: string): number | undefined;
  float(name: string, fallback: number): number;
  float(name: string, fallback?: number): number | undefined {
    return this.#find(name, AttributeType.FLOAT)?.f ?? fallback;
  }

  floats(name: string): number[] | undefined {
    return this.#find(name, AttributeType.FLOATS)?.floats;
  }

  string(name: string, fallback: string): string {
    const found = this.#find(name, AttributeType.STRING);
    // The values that ONNX knows are ASCII.
    return found ? String.fromCharCode(...found.s.subarray(0, 64)) : fallback;
  }

  tensor(name: string): Tensor | undefined {
    const found = this.#find(name, AttributeType.TENSOR);
    if (!found) return undefined;
    if (!found.t) throw malformed(this.#label, `a tensor in attribute '${name}'`, 'none');
    return readTensor(found.t, `${this.#label} attribute '${name}'`);
  }

  /** Throws `unsupported-layer` for an attribute that was neither read nor ignored. */
  assertAllRead(): void {
    for (const name of this.#byName.keys()) {
      if (!this.#read.has(name)) {
        throw unsupported(this.#label, `no attribute '${name}' in this operator set`, 'one');
      }
    }
  }

  #find(name: string, type: AttributeType): AttributeProto | undefined {
    this.#read.add(name);
    const found = this.#byName.get(name);
    if (!found || found.type === type) return found;
    const named = (value: number) => AttributeType[value] ?? `type ${value}`;
    throw malformed(this.#label, `attribute '${name}' of type ${named(type)}`, named(found.type));
  }

  #integer(name: string, value: bigint): number {
    if (value <= BigInt(LARGEST) && value >= BigInt(-LARGEST)) return Number(value);
    throw malformed(this.#label, `integers of at most ${LARGEST} in attribute '${name}'`, `${value}`);
  }
}
