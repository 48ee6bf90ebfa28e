interface Frame<N, R> {
  readonly node: N;
  readonly children: readonly N[];
  readonly results: R[];
}

/**
 * The value of a tree, each node's made from those of its children. No recursion: trees may be as deep as memory.
 */
export function fold<N, R>(
  root: N,
  childrenOf: (node: N) => readonly N[],
  combine: (node: N, results: readonly R[]) => R,
): R {
  const stack: Frame<N, R>[] = [{ node: root, children: childrenOf(root), results: [] }];
  for (;;) {
    const { node, children, results } = stack[stack.length - 1];
    if (results.length < children.length) {
      const child = children[results.length];
      stack.push({ node: child, children: childrenOf(child), results: [] });
      continue;
    }
    stack.pop();
    const result = combine(node, results);
    if (stack.length === 0) return result;
    stack[stack.length - 1].results.push(result);
  }
}
