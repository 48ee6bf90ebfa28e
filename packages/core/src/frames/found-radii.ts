import type { Network } from '../network/network.js';
import { inputsOf, type NetworkNode } from '../network/nodes.js';
import { ifKind } from '../network/walk.js';

/** What a nonlinearity does to directions: the slopes `[units]` it scales them by, or the entries `[windows]` that win. */
export type FixedPiece = { readonly slopes: Float64Array } | { readonly winners: Int32Array };

/**
 * Radii of one region's streamed frame, with what they were made of. Directions never see a bias: of a network whose biases alone were
 * moved, a radius is the same wherever the nonlinearities before it are on the same pieces.
 */
export class FoundRadii {
  /** After linear nodes, `[units]`, by name. */
  readonly radii: Map<string, Float64Array> = new Map();
  /** Of a maximum's pairs, by its name. */
  readonly pairs: Map<string, Float64Array> = new Map();
  readonly pieces: Map<string, FixedPiece> = new Map();
  private readonly nodes: ReadonlyMap<string, NetworkNode>;
  private readonly alike = new Map<string, boolean>();

  /** @param before - what was found of the same network, its biases aside, and region */
  constructor(
    net: Network,
    private readonly before?: FoundRadii,
  ) {
    this.nodes = new Map(net.nodes.map(node => [node.name, node]));
  }

  /** The radius after a linear node, as far as it is known. */
  radiusAt(name: string): Float64Array | undefined {
    return this.knownOf('radii', name, [name]);
  }

  /** The radii of the pairs of a maximum, as far as they are known. */
  pairsAt(name: string): Float64Array | undefined {
    return this.knownOf('pairs', name, inputsOf(this.nodes.get(name)!));
  }

  private knownOf(
    what: 'radii' | 'pairs',
    name: string,
    madeOf: readonly string[],
  ): Float64Array | undefined {
    if (!this[what].has(name)) {
      const found = this.before?.[what].get(name);
      if (found && madeOf.every(each => this.isAlike(each))) this[what].set(name, found);
    }
    return this[what].get(name);
  }

  /** Whether directions after a node are what they were before. */
  private isAlike(name: string): boolean {
    const known = this.alike.get(name);
    if (known !== undefined) return known;
    const [now, then] = [this.nodes.get(name)!, this.before?.nodes.get(name)];
    const isPieceAlike = samePiece(this.pieces.get(name), this.before?.pieces.get(name));
    const is =
      then !== undefined &&
      sameLinearPart(now, then) &&
      isPieceAlike &&
      inputsOf(now).every(input => this.isAlike(input));
    this.alike.set(name, is);
    return is;
  }
}

function samePiece(a: FixedPiece | undefined, b: FixedPiece | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const entriesOf = (piece: FixedPiece) => ('slopes' in piece ? piece.slopes : piece.winners);
  const [x, y] = [entriesOf(a), entriesOf(b)];
  return 'slopes' in a === 'slopes' in b && x.length === y.length && x.every((value, j) => value === y[j]);
}

/** Whether nodes of one name in two networks, one made of the other by other biases, have the same weights: the very same numbers in memory. */
function sameLinearPart(a: NetworkNode, b: NetworkNode): boolean {
  const weightsOf = (node: NetworkNode) =>
    ifKind<readonly unknown[]>(
      {
        affine: ({ operator }) => [
          operator.kind,
          ...operator.parameters.slice(0, operator.storesBias ? -1 : undefined),
        ],
        sum: ({ coefficients = [] }) => coefficients,
      },
      node,
    ) ?? [];
  const [of, others] = [weightsOf(a), weightsOf(b)];
  const inputs = inputsOf(b);
  return (
    a.kind === b.kind &&
    of.length === others.length &&
    of.every((weights, i) => weights === others[i]) &&
    inputsOf(a).every((input, i) => input === inputs[i])
  );
}
