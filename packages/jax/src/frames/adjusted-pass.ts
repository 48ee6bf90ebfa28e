import type { Tensor } from '../arrays.js';
import { applied, arrays, paramsOf } from '../model.js';
import { biasOwner } from '../network/projection.js';
import type { LinearNode, MaxNode, Node, Params } from '../nodes/node.js';
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
  const bends = bendsByOwner(nodes);
  const inBias = new Set(bends.values());
  return (params, adjustments, x) => {
    const at = (name: string | undefined) => adjustments[name ?? ''] as Adjustment | undefined;
    const apply = (node: Node, [input, ...others]: readonly Tensor[]): Tensor => {
      const own = paramsOf(node, params);
      const bend = at(bends.get(node.name));
      if (bend && 'shift' in bend) {
        const { linear, bias } = node as LinearNode;
        return linear(own, input).add(bias!(own).add(bend.shift.ref));
      }
      const adjustment = inBias.has(node.name) ? undefined : at(node.name);
      if (!adjustment) return applied(node, own, [input, ...others]);
      return 'shift' in adjustment
        ? applied(node, own, [input.add(adjustment.shift.ref)])
        : maximum(node as MaxNode, input, adjustment.lift.ref);
    };
    return walk(nodes, x, apply, arrays);
  };
}

/** Names of the nonlinearities by the affine layers that have a bias for them alone. */
function bendsByOwner(nodes: readonly Node[]): ReadonlyMap<string, string> {
  const bends = new Map<string, string>();
  for (const node of nodes) {
    const owner = node.kind === 'activation' ? biasOwner(node, nodes) : undefined;
    if (owner?.bias) bends.set(owner.name, node.name);
  }
  return bends;
}
