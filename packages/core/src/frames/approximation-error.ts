import { type Activation, slopeAt } from '../network/activation.js';
import type { Network, NetworkNode } from '../network/network.js';
import { piecesOn } from '../rule/shift.js';
import type { MaxShifts } from '../rule/winners.js';
import { winnersOn } from '../rule/winners.js';

/** Outweighs the rounding of computing a bound. */
const BOUND_INFLATION = 1 + 2 ** -20;

/** Whether some activation only approaches its pieces, so that the network is affine up to an error. */
export function isApproximate(net: Network): boolean {
  return net.nodes.some(
    node => node.kind === 'activation' && node.activation.approximationError !== undefined,
  );
}

/** Pieces of a nonlinearity: sides of an activation, winners of a maximum. */
export type Settled = { readonly sides: Int8Array } | { readonly winners: MaxShifts };

/**
 * Bound `[size]` on the distance, anywhere on region r, between a node's value and that of its affine stand-in, from
 * the bounds of its inputs: what the tails of smooth activations add up to. A node's own pieces are given when it has
 * any; they must hold for all values within the bounds.
 */
export function approximationErrorThrough(
  node: NetworkNode,
  inputs: readonly Float64Array[],
  r: number,
  settled?: Settled,
): Float64Array {
  const [first] = inputs;
  switch (node.kind) {
    case 'input':
      return new Float64Array(node.size);
    case 'affine':
      return node.operator
        .magnitude({ rows: 1, cols: first.length, data: first })
        .data.map(e => e * BOUND_INFLATION);
    case 'sum': {
      const { coefficients } = node;
      return first.map((_, j) =>
        inputs.reduce((sum, e, i) => sum + Math.abs(coefficients ? coefficients[i] : 1) * e[j], 0),
      );
    }
    case 'concat':
      return Float64Array.from(inputs.flatMap(e => Array.from(e)));
    case 'activation':
      return activationTail(node.activation, first, r, (settled as { sides: Int8Array }).sides);
    case 'max':
      return Float64Array.from(
        winnersOn((settled as { winners: MaxShifts }).winners, r),
        winner => first[winner],
      );
  }
}

function activationTail(activation: Activation, e: Float64Array, r: number, sides: Int8Array): Float64Array {
  const pieces = piecesOn(r, activation, sides, e.length);
  return e.map(
    (x, j) =>
      (Math.abs(slopeAt(activation.pieces[pieces[j]], j)) * x + (activation.approximationError ?? 0)) *
      BOUND_INFLATION,
  );
}
