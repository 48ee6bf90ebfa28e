import { ifKind, type Nodes } from './walk.js';

/** Multiply-adds of one row through affine nodes, and one. */
export function multiplyAdds({ nodes }: Nodes): number {
  return nodes.reduce(
    (sum, node) => sum + (ifKind({ affine: ({ operator }) => operator.outSize * operator.terms }, node) ?? 0),
    1,
  );
}
