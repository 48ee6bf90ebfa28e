import { PoliceError } from '@police/core';
import type { Tensor } from '../arrays.js';
import type { Adjustments } from '../frames/adjustment.js';
import type { ActivationNode, LinearNode, Node, Params } from '../nodes/node.js';

/** The affine layer whose bias belongs to this nonlinearity's units alone. */
export function biasOwner(node: ActivationNode, nodes: readonly Node[]): LinearNode | undefined {
  const [input] = node.inputs;
  const source = nodes.find(({ name }) => name === input);
  const readers = nodes.filter(({ inputs }) => inputs.includes(input));
  return source?.kind === 'linear' && readers.length === 1 ? source : undefined;
}

/**
 * Folds what is added at the nonlinearities into the biases before them. Uses up both. Throws `invalid-option`, naming the layer, where no bias
 * can hold it.
 */
export function projected(
  nodes: readonly Node[],
  params: Params,
  adjustments: Adjustments,
  sharing: 'per-channel' | 'per-unit',
): Params {
  const folded: Params = { ...params };
  for (const [name, adjustment] of Object.entries(adjustments)) {
    if (!('shift' in adjustment)) throw notProjectable(name, 'a maximum, whose winners are lifted');
    const node = nodes.find(each => each.name === name) as ActivationNode;
    const { name: layer, positions = 1 } = ownerFor(node, nodes, sharing);
    const { b, ...rest } = folded[layer];
    folded[layer] = { ...rest, b: b.add(ofBias(adjustment.shift, positions)) };
  }
  return folded;
}

function ownerFor(
  node: ActivationNode,
  nodes: readonly Node[],
  sharing: 'per-channel' | 'per-unit',
): LinearNode {
  const owner = biasOwner(node, nodes);
  if (!owner) throw notProjectable(node.name, 'a nonlinearity after no layer with a bias of its own');
  if (!owner.parameters.some(({ name }) => name === 'b'))
    throw notProjectable(owner.name, 'a layer without one');
  if ((owner.positions ?? 1) > 1 && sharing === 'per-unit')
    throw notProjectable(owner.name, 'one bias per channel, and shifts per unit');
  return owner;
}

/** A channel's positions share their shift: the first one's is that of the bias. */
const ofBias = (shift: Tensor, positions: number): Tensor =>
  positions === 1 ? shift.reshape([-1]) : shift.reshape([-1, positions]).slice([], 0);

function notProjectable(where: string, actual: string): PoliceError {
  return new PoliceError({
    code: 'invalid-option',
    where,
    expected: 'for `project`, a bias that can hold the shifts',
    actual,
    remedy: 'Train with `apply`, which adds them.',
  });
}
