import { inputsOf, type NetworkNode, type NodeByKind, type NodeKind } from './nodes.js';

/** Called after each node of a network with the number of nodes done and in all. */
export type Progress = (done: number, total: number) => void;

/** Something for every kind of node. */
export type NodeTable<R> = { readonly [K in NodeKind]: (node: NodeByKind[K]) => R };

/**
 * A meaning of networks: for each kind of node its value from those of the nodes it reads. Running the network on data, carrying
 * frames, bounding rounding and proving are such tables; nothing else looks at a node's kind.
 */
export type Rules<T> = { readonly [K in NodeKind]: (node: NodeByKind[K], inputs: readonly T[]) => T };

/** The way back: for each kind of node what its value's share is to each node that it reads. */
export type BackRules<T> = {
  readonly [K in Exclude<NodeKind, 'input'>]: (node: NodeByKind[K], value: T) => readonly T[];
};

/** A table's entry for a node. */
export function byKind<R>(table: NodeTable<R>, node: NetworkNode): R {
  const entry = table[node.kind] as (node: NetworkNode) => R;
  return entry(node);
}

/** As {@link byKind}, of a table that speaks of some kinds only. */
export function ifKind<R>(table: Partial<NodeTable<R>>, node: NetworkNode): R | undefined {
  const entry = table[node.kind] as ((node: NetworkNode) => R) | undefined;
  return entry?.(node);
}

/** A rule applied to a node. */
export function applyRule<T>(rules: Rules<T>, node: NetworkNode, inputs: readonly T[]): T {
  const rule = rules[node.kind] as (node: NetworkNode, inputs: readonly T[]) => T;
  return rule(node, inputs);
}

/** Nodes in topological order, as a network has them. */
export interface Nodes {
  readonly nodes: readonly NetworkNode[];
}

/** The value of every node, by name, each from those it reads. */
export function walk<T>({ nodes }: Nodes, rules: Rules<T>, progress?: Progress): ReadonlyMap<string, T> {
  const values = new Map<string, T>();
  for (const node of nodes) step(node, rules, values, nodes.length, progress);
  return values;
}

/** The value of the last node alone: others are let go as soon as all nodes that read them have their own. */
export function walkToEnd<T>({ nodes }: Nodes, rules: Rules<T>, progress?: Progress): T {
  const values = new Map<string, T>();
  const done = lastReaders({ nodes });
  let count = 0;
  for (const node of nodes) {
    step(node, rules, values, nodes.length, progress && (() => progress(++count, nodes.length)));
    for (const name of done.get(node.name) ?? []) values.delete(name);
  }
  return values.get(nodes.at(-1)!.name)!;
}

function step<T>(
  node: NetworkNode,
  rules: Rules<T>,
  values: Map<string, T>,
  total: number,
  progress?: Progress,
): void {
  const inputs = inputsOf(node).map(name => values.get(name)!);
  values.set(node.name, applyRule(rules, node, inputs));
  progress?.(values.size, total);
}

/** The nodes whose values nobody reads after a node, by its name. */
function lastReaders({ nodes }: Nodes): Map<string, string[]> {
  const last = new Map<string, string>();
  for (const node of nodes) {
    last.set(node.name, node.name);
    for (const name of inputsOf(node)) last.set(name, node.name);
  }
  last.delete(nodes.at(-1)!.name);
  const done = new Map<string, string[]>();
  for (const [name, reader] of last) done.set(reader, [...(done.get(reader) ?? []), name]);
  return done;
}

/** The most units whose values {@link walkToEnd} has at a time, of nodes of these sizes. */
export function mostAtATime({ nodes }: Nodes, sizes: ReadonlyMap<string, number>): number {
  const done = lastReaders({ nodes });
  let now = 0;
  let most = 0;
  for (const { name } of nodes) {
    now += sizes.get(name)!;
    most = Math.max(most, now);
    for (const other of done.get(name) ?? []) now -= sizes.get(other)!;
  }
  return most;
}

/**
 * The values of a table whose rules may ask for one another in any order: each is computed when first asked for, by name, from
 * those it reads. `known` holds values that need not be computed, and takes up those that were.
 */
export function onDemand<T>(
  { nodes }: Nodes,
  rules: Rules<T>,
  known: Map<string, T> = new Map(),
): (name: string) => T {
  const byName = new Map(nodes.map(node => [node.name, node]));
  const valueAt = (name: string): T => {
    const found = known.get(name);
    if (found !== undefined) return found;
    const node = byName.get(name)!;
    const value = applyRule(rules, node, inputsOf(node).map(valueAt));
    known.set(name, value);
    return value;
  };
  return valueAt;
}

/**
 * Carries a value from the output back and returns what arrives at the input; undefined where no way leads there. What a node's readers
 * send is put together by `add(sum, term)`, which may change and return `sum`. `visit` sees the value of every node on a way, once all its
 * readers have sent; it is not kept.
 */
export function walkBack<T>(
  { nodes }: Nodes,
  atOutput: T,
  rules: BackRules<T>,
  add: (sum: T, term: T) => T,
  visit?: (name: string, value: T) => void,
): T | undefined {
  const values = new Map<string, T>([[nodes.at(-1)!.name, atOutput]]);
  for (const node of [...nodes].reverse()) {
    const value = values.get(node.name);
    values.delete(node.name);
    if (value === undefined) continue;
    visit?.(node.name, value);
    if (node.kind === 'input') return value;
    const rule = rules[node.kind] as (node: NetworkNode, value: T) => readonly T[];
    const shares = rule(node, value);
    inputsOf(node).forEach((name, i) => {
      const sum = values.get(name);
      values.set(name, sum === undefined ? shares[i] : add(sum, shares[i]));
    });
  }
  return undefined;
}
