import type { Network, NetworkNode } from '@police/core';
import { snapshot } from '../helpers.js';

/** All numbers of a network; curves, which are functions, follow from the names. */
export function parametersOf({ nodes, ...rest }: Network): unknown {
  const withoutCurves = nodes.map((node): NetworkNode => {
    if (node.kind !== 'activation') return node;
    const { curve, ...activation } = node.activation;
    return { ...node, activation };
  });
  return snapshot({ ...rest, nodes: withoutCurves });
}
