import { INPUT, type Node } from './node.js';

/** How values that several nodes read, or none, are handed on. */
export interface Handing<T> {
  share(value: T): T;
  drop(value: T): void;
}

/**
 * Carries a value through nodes in topological order, each of which uses up what it reads; gives the last one's. What several read is
 * shared, so that it is used up by the last of them.
 */
export function walk<T>(
  nodes: readonly Node[],
  input: T,
  apply: (node: Node, inputs: readonly T[]) => T,
  { share, drop }: Handing<T>,
): T {
  const readers = new Map<string, number>();
  for (const name of nodes.flatMap(({ inputs }) => inputs)) readers.set(name, (readers.get(name) ?? 0) + 1);
  const values = new Map([[INPUT, input]]);
  const take = (name: string): T => {
    const value = values.get(name)!;
    const left = readers.get(name)! - 1;
    readers.set(name, left);
    return left > 0 ? share(value) : value;
  };
  let last = input;
  nodes.forEach((node, index) => {
    last = apply(node, node.inputs.map(take));
    values.set(node.name, last);
    if (!readers.has(node.name) && index < nodes.length - 1) drop(last);
  });
  return last;
}
