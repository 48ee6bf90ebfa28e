import { malformed } from './errors.js';
import type { GraphProto, NodeProto } from './proto.js';

/** Which node computes a tensor, and as which of its outputs. */
export interface Producer {
  readonly node: number;
  readonly output: number;
}

/** A graph's wiring, by tensor name. */
export interface Wiring {
  readonly producers: ReadonlyMap<string, Producer>;
  /** How often each tensor is read: by nodes, by subgraphs, as an output of the graph. */
  readonly uses: ReadonlyMap<string, number>;
  /** Index of each initializer. */
  readonly initializers: ReadonlyMap<string, number>;
  /** Every name in use, of tensors and of nodes. */
  readonly names: ReadonlySet<string>;
}

/** What messages call a node: name, operator and position, as viewers show them. */
export function labelOf({ name, opType, output }: NodeProto, index: number): string {
  return `'${name || output.find(one => one !== '') || ''}' (${opType}, node ${index})`;
}

/** Throws `invalid-network` where two nodes or initializers give one tensor. */
export function wiringOf(graph: GraphProto): Wiring {
  const producers = new Map<string, Producer>();
  const initializers = new Map<string, number>();
  const uses = new Map<string, number>();
  const names = new Set<string>();
  const use = (tensor: string) => uses.set(tensor, (uses.get(tensor) ?? 0) + 1);
  graph.initializer.forEach(({ name }, i) => {
    if (initializers.has(name))
      throw malformed(`initializer '${name}'`, 'a name used once', 'two of that name');
    initializers.set(name, i);
    names.add(name);
  });
  graph.node.forEach((node, index) => {
    node.output.forEach((tensor, output) => {
      if (tensor === '') return;
      if (producers.has(tensor) || initializers.has(tensor)) {
        throw malformed(labelOf(node, index), 'a tensor computed once', `'${tensor}' computed elsewhere too`);
      }
      producers.set(tensor, { node: index, output });
    });
    countUses(node, use);
    addInnerNames(node, names);
    for (const name of [node.name, ...node.input, ...node.output]) names.add(name);
  });
  for (const { name } of graph.output) use(name);
  for (const { name } of [...graph.input, ...graph.output, ...graph.valueInfo]) names.add(name);
  return { producers, uses, initializers, names };
}

/** A subgraph may read any tensor of the graph around it. Nesting is bounded by the decoder. */
function countUses(node: NodeProto, use: (tensor: string) => void): void {
  for (const tensor of node.input) use(tensor);
  for (const { g, graphs } of node.attribute) {
    for (const inner of g ? [g, ...graphs] : graphs) for (const one of inner.node) countUses(one, use);
  }
}

/** Names in subgraphs, which may not be those of the graph around them either. */
function addInnerNames(node: NodeProto, names: Set<string>): void {
  for (const { g, graphs } of node.attribute) {
    for (const inner of g ? [g, ...graphs] : graphs) {
      for (const { name } of [...inner.input, ...inner.output, ...inner.initializer]) names.add(name);
      for (const one of inner.node) {
        for (const name of [one.name, ...one.input, ...one.output]) names.add(name);
        addInnerNames(one, names);
      }
    }
  }
}

/**
 * The nodes that tensors depend on, each after those it reads; ties in the order of the file, which need not be sorted.
 * `readBy` says what a node reads, where that is not its inputs. Throws `invalid-network` where they read each other in a circle.
 */
export function nodesBefore(
  tensors: readonly string[],
  graph: GraphProto,
  { producers }: Wiring,
  readBy: (node: number) => readonly string[] = node => graph.node[node].input,
): number[] {
  const order: number[] = [];
  const state = new Map<number, 'open' | 'done'>();
  const sources = (node: number) =>
    readBy(node)
      .flatMap(name => producers.get(name)?.node ?? [])
      .sort((a, b) => b - a);
  // A stack, not recursion: graphs may be thousands of nodes deep.
  const stack = tensors.flatMap(tensor => producers.get(tensor)?.node ?? []).reverse();
  while (stack.length > 0) {
    const node = stack.at(-1)!;
    if (state.get(node) === 'open') {
      state.set(node, 'done');
      order.push(node);
    }
    if (state.has(node)) {
      stack.pop();
      continue;
    }
    state.set(node, 'open');
    for (const source of sources(node)) {
      if (state.get(source) === 'open') {
        throw malformed(
          labelOf(graph.node[source], source),
          'a graph without circles',
          'one through this node',
        );
      }
      if (!state.has(source)) stack.push(source);
    }
  }
  return order;
}
