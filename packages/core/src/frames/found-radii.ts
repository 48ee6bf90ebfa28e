import type { AffineOperator } from '../network/affine-operator.js';
import type { Network } from '../network/network.js';
import { inputsOf, type NetworkNode } from '../network/nodes.js';

/** What a nonlinearity does to directions: the slopes `[units]` it scales them by, or the entries `[windows]` that win. */
export type FixedPiece = { readonly slopes: Float64Array } | { readonly winners: Int32Array };

/** Radii of one region's streamed frame, and what they were made of. */
export interface FoundRadii {
  /** After linear nodes, `[units]`, and of the pairs of a maximum, by name. */
  readonly radii: Map<string, Float64Array>;
  readonly pieces: Map<string, FixedPiece>;
  readonly net: Network;
}

/** Nothing found yet. */
export const foundIn = (net: Network): FoundRadii => ({ radii: new Map(), pieces: new Map(), net });

/**
 * The radius of a node as far as it is known: found already, or `before` of the same region and network, its biases aside. Directions never
 * see a bias: a radius is the same wherever weights and pieces before it are.
 */
export function radiusKnown(
  found: FoundRadii,
  before?: FoundRadii,
): (name: string) => Float64Array | undefined {
  const alike = new Map<string, boolean>();
  // Of what is not fixed yet, the piece of a maximum whose radii are asked for, nothing is compared.
  const isMadeAlike = (name: string): boolean => {
    const others = partsOf(before!, name);
    return (
      partsOf(found, name).every((part, i) => part.every((x, j) => x === others[i]?.[j])) &&
      inputsOf(nodeOf(found.net, name)!).every(isAlike)
    );
  };
  const isAlike = (name: string): boolean => {
    if (!alike.has(name)) alike.set(name, isMadeAlike(name));
    return alike.get(name)!;
  };
  return name => {
    const then = before?.radii.get(name);
    if (then && !found.radii.has(name) && isMadeAlike(name)) found.radii.set(name, then);
    return found.radii.get(name);
  };
}

export const nodeOf = ({ nodes }: Network, name: string): NetworkNode | undefined =>
  nodes.find(node => node.name === name);

/** What directions through a node depend on: its operator but for the bias, and its piece, as far as that is fixed. */
function partsOf(found: FoundRadii, name: string): readonly Part[] {
  const node = nodeOf(found.net, name);
  if (!node) return [];
  const piece = found.pieces.get(name);
  return [
    inputsOf(node),
    ...('operator' in node ? weightsOf(node.operator) : []),
    ...('coefficients' in node && node.coefficients ? [node.coefficients] : []),
    ...(piece ? Object.values(piece) : []),
  ];
}

const weightsOf = ({ parameters, storesBias }: AffineOperator) =>
  storesBias ? parameters.slice(0, -1) : parameters;

/** Numbers or names. */
interface Part extends ArrayLike<unknown> {
  every(test: (x: number | string, j: number) => boolean): boolean;
}
