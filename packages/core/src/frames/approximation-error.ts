import { type Activation, slopeAt } from '../network/activation.js';
import type { Network } from '../network/network.js';
import { UNRESOLVED } from '../network/unresolved.js';
import { ifKind, onDemand, type Rules } from '../network/walk.js';
import { type AffinePieces, piecesOn } from '../rule/pieces.js';
import { winnersOn } from '../rule/winners.js';

/** Outweighs the rounding of computing a bound. */
const BOUND_INFLATION = 1 + 2 ** -20;

/** Whether some activation only approaches its pieces, so that the network is affine up to an error. */
export function isApproximate(net: Network): boolean {
  return net.nodes.some(node =>
    ifKind({ activation: ({ activation }) => activation.approximationError !== undefined }, node),
  );
}

/**
 * Bound `[size]` on the distance, anywhere on region r, between a node's value and that of its affine stand-in: what the tails
 * of smooth activations add up to. The pieces of the nodes before must hold for all values within the bounds.
 */
export function approximationErrors(pieces: AffinePieces, r: number): Rules<Float64Array> {
  return {
    ...UNRESOLVED,
    input: ({ size }) => new Float64Array(size),
    affine: ({ operator }, [e]) =>
      operator.magnitude({ rows: 1, cols: e.length, data: e }).data.map(x => x * BOUND_INFLATION),
    sum: ({ coefficients }, inputs) =>
      inputs[0].map((_, j) =>
        inputs.reduce((sum, e, i) => sum + Math.abs(coefficients ? coefficients[i] : 1) * e[j], 0),
      ),
    concat: (_node, inputs) => Float64Array.from(inputs.flatMap(e => Array.from(e))),
    activation: ({ name, activation }, [e]) =>
      throughPieces(activation, e, piecesOn(r, activation, pieces.layers.get(name)!.shifts.sides, e.length)),
    max: ({ name }, [e]) => Float64Array.from(winnersOn(pieces.maxima.get(name)!, r), winner => e[winner]),
  };
}

/**
 * Those bounds on so many regions, by node name, asked for while `pieces` fill: a node's pieces must be there when those after it
 * are asked for.
 */
export function approximationErrorsOf(
  net: Network,
  regions: number,
  pieces: AffinePieces,
): (name: string) => readonly Float64Array[] {
  const byRegion = Array.from({ length: regions }, (_, r) => onDemand(net, approximationErrors(pieces, r)));
  return name => byRegion.map(errorOf => errorOf(name));
}

function throughPieces(activation: Activation, e: Float64Array, pieces: Int32Array): Float64Array {
  const own = activation.approximationError ?? 0;
  return e.map((x, j) => (Math.abs(slopeAt(activation.pieces[pieces[j]], j)) * x + own) * BOUND_INFLATION);
}
