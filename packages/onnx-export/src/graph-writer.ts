import { uniqueNames } from './names.js';
import type { OnnxNode, OnnxTensor } from './onnx-proto.js';
import type { Constant, Operation, Source, Tensor } from './operation.js';

/** Collects ONNX nodes and constants under names of their own. A name already taken gets a number appended. */
export class GraphWriter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  readonly nodeName: (wanted: string) => string;
  readonly tensorName: (wanted: string) => string;
  /** Reshaped tensors by what they are, so that consumers share them. */
  readonly #views = new Map<string, string>();

  /** `taken` names of tensors, and of nodes. */
  constructor(taken: readonly string[], takenNodes: readonly string[] = []) {
    this.nodeName = uniqueNames(takenNodes);
    this.tensorName = uniqueNames(taken);
  }

  /**
   * Adds the operators of a tree, the last one named `name`, its result `output`. Those before it are `name.OpType`,
   * constants `name.role`.
   */
  append(
    { opType, inputs, attributes, shape }: Operation,
    name: string,
    output: string,
    owner: string = name,
  ): Tensor {
    const sources = inputs.map(source => this.#nameOf(source, owner));
    this.nodes.push({ opType, name, inputs: sources, output, attributes });
    return { kind: 'tensor', name: output, shape };
  }

  #nameOf(source: Source, owner: string): string {
    switch (source.kind) {
      case 'absent':
        return '';
      case 'tensor':
        return source.name;
      case 'constant':
        return this.#initializer(source, owner);
      case 'operation':
        return this.#resultOf(source, owner);
    }
  }

  #initializer({ role, dims, values }: Constant, owner: string): string {
    const name = this.tensorName(`${owner}.${role}`);
    this.initializers.push({ name, dims, values });
    return name;
  }

  #resultOf(operation: Operation, owner: string): string {
    const view = viewKey(operation);
    const known = view === undefined ? undefined : this.#views.get(view);
    if (known !== undefined) return known;
    const name = this.nodeName(`${owner}.${operation.opType}`);
    const output = this.tensorName(name);
    this.append(operation, name, output, owner);
    if (view !== undefined) this.#views.set(view, output);
    return output;
  }
}

/** What tells one reshape of a tensor from another; undefined for any other operation. */
function viewKey({ opType, inputs: [from], shape }: Operation): string | undefined {
  const isView = (opType === 'Flatten' || opType === 'Reshape') && from.kind === 'tensor';
  return isView ? JSON.stringify([from.name, shape]) : undefined;
}
