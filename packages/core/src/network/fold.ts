import { mapNodes, type Network } from './network.js';
import { type ActivationNode, type AffineNode, inputsOf } from './nodes.js';

/**
 * The affine node whose bias belongs to this activation's units alone, so that a shift can be folded into it;
 * undefined when the pre-activation comes from elsewhere or is used elsewhere too.
 */
export function biasOwner(net: Network, node: ActivationNode): AffineNode | undefined {
  const source = net.nodes.find(({ name }) => name === node.input);
  const consumers = net.nodes.filter(other => inputsOf(other).includes(node.input));
  const isItsAlone = source?.kind === 'affine' && consumers.length === 1;
  return isItsAlone && source.operator.storesBias ? source : undefined;
}

/** Moves every shift into the bias before it where that bias can hold it; elsewhere the shift stays on the node. */
export function foldShifts(net: Network): Network {
  const biases = new Map<string, Float64Array>();
  const folded = mapNodes(net, {
    activation: node => {
      const { shift, ...plain } = node;
      const owner = shift && biasOwner(net, node);
      if (!owner || !isSharedAlike(shift, owner.operator.biasGroups)) return node;
      biases.set(
        owner.name,
        owner.operator.bias.map((b, j) => b + shift[j]),
      );
      return plain;
    },
  });
  return mapNodes(folded, {
    affine: node => {
      const bias = biases.get(node.name);
      return bias ? { ...node, operator: node.operator.withBias(bias) } : node;
    },
  });
}

/** Whether all units of a group have the same shift, so that their common bias can take it. */
export function isSharedAlike(shift: Float64Array, groups?: Int32Array): boolean {
  if (!groups) return true;
  const first = new Map<number, number>();
  return shift.every((c, j) => {
    if (!first.has(groups[j])) first.set(groups[j], c);
    return first.get(groups[j]) === c;
  });
}
