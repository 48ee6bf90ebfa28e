import type { Tensor } from '../arrays.js';
import { applied, arrays, paramsOf } from '../model.js';
import { biasOwner } from '../network/projection.js';
import type { MaxNode, Node, Params } from '../nodes/node.js';
import { maximum } from '../nodes/pool.js';
import { walk } from '../nodes/walk.js';
import type { Adjustment, Adjustments } from './adjustment.js';

/**
 * Rows through the nodes, each with what is added at it; parameters and adjustments are left. A shift is added to the bias before it, where
 * that belongs to the shifted units alone: what a batch sends back to both is then summed once.
 */
export function adjustedPass(
  nodes: readonly Node[],
): (params: Params, adjustments: Adjustments, x: Tensor) => Tensor {
  // Of a layer whose bias takes the shift of a nonlinearity, that one; of the nonlinearity itself, nothing any more.
  const adjustedAt = new Map<Node, Node | undefined>();
  for (const node of nodes) {
    const owner = node.kind === 'activation' ? biasOwner(node, nodes) : undefined;
    if (owner?.bias) adjustedAt.set(owner, node).set(node, undefined);
  }
  return (params, adjustments, x) => {
    const apply = (node: Node, inputs: readonly Tensor[]): Tensor => {
      const place = adjustedAt.has(node) ? adjustedAt.get(node) : node;
      const added = place && (adjustments[place.name] as Adjustment | undefined);
      const own = paramsOf(node, params);
      if (!added) return applied(node, own, inputs);
      if ('lift' in added) return maximum(node as MaxNode, inputs[0], added.lift.ref);
      const shift = added.shift.ref;
      if (node.kind !== 'linear') return applied(node, own, [inputs[0].add(shift)]);
      return node.linear(own, inputs[0]).add(node.bias!(own).add(shift));
    };
    return walk(nodes, x, apply, arrays);
  };
}
