import type { Graph, GraphNode } from '../graph/node.js';
import type { Changes } from './frozen-config.js';
import type { FrozenParts } from './frozen-parts.js';

/** What the layers need to hold a frozen network's weights. */
export function changesOf(graph: Graph, parts: FrozenParts): Changes {
  const shifted = graph.nodes.filter(({ name }) => parts.shift(name));
  const liftedNodes = graph.nodes.filter(
    node => node.kind === 'max' && !node.lifts && parts.lifts(node.name),
  );
  const biased = graph.nodes.filter(
    node =>
      node.kind === 'affine' &&
      node.storesBias &&
      !node.bias &&
      parts
        .operators(node.name)!
        .at(-1)!
        .bias.some(b => b !== 0),
  );
  const layersOf = (nodes: readonly GraphNode[]) => new Set(nodes.map(({ layer }) => layer));
  return { shifted: layersOf(shifted), lifted: layersOf(liftedNodes), biased: layersOf(biased) };
}
