import type { NetworkNode } from '@police/core';
import {
  approximationErrorThrough,
  inputsOf,
  type MaxShifts,
  type Settled,
  winnersOn,
} from '@police/core/adapter';
import { maxOrder, storedSides, storedWinners } from '../graph/core-layout.js';
import { type CoreView, coreView } from '../graph/core-view.js';
import type { Graph } from '../graph/node.js';
import { inverseOrder, storedOrder } from '../graph/values.js';

/** The pieces a nonlinearity was found to lie on, as the graph numbers its units or entries. */
type Pieces = { readonly sides: Int8Array } | { readonly winners: MaxShifts };

/**
 * Bounds on what smooth activations' tails add up to along the frames: core's rules, asked node by node of its network of the
 * present weights. The shifts' gradient takes these bounds for constants; batch normalisation enters with its moving statistics.
 */
export class ApproximationErrors {
  private readonly view: CoreView;
  private readonly nodes: ReadonlyMap<string, NetworkNode>;
  /** By name, of the nonlinearities passed. */
  private readonly pieces = new Map<string, Settled>();
  /** Per region, by name, of the nodes asked for. */
  private readonly known: readonly Map<string, Float64Array>[];

  constructor(
    private readonly graph: Graph,
    regions: number,
  ) {
    this.view = coreView(graph);
    this.nodes = new Map(this.view.network.nodes.map(node => [node.name, node]));
    this.known = Array.from({ length: regions }, () => new Map());
  }

  /** The bounds `[size]` per region on the value that enters a nonlinearity. */
  before(place: number): Float64Array[] {
    const [input] = inputsOf(this.nodes.get(this.graph.nodes[place].name)!);
    const order = inverseOrder(this.inputOrder(place));
    return this.known.map((_, r) => {
      const errors = this.errorOf(input, r);
      return Float64Array.from(order, at => errors[at]);
    });
  }

  /** Tells the pieces of a nonlinearity, before anything after it is asked for. */
  keep(place: number, pieces: Pieces): void {
    this.pieces.set(this.graph.nodes[place].name, this.stored(place, pieces));
  }

  private errorOf(name: string, r: number): Float64Array {
    const found = this.known[r].get(name);
    if (found) return found;
    const node = this.nodes.get(name)!;
    const inputs = inputsOf(node).map(input => this.errorOf(input, r));
    const errors = approximationErrorThrough(node, inputs, r, this.pieces.get(name));
    this.known[r].set(name, errors);
    return errors;
  }

  private inputOrder(place: number): Int32Array {
    const { nodes } = this.graph;
    return storedOrder(nodes[nodes[place].inputs[0]].shape, this.view.layouts[place].input);
  }

  /** As core numbers units, entries and windows. */
  private stored(place: number, pieces: Pieces): Pieces {
    if ('sides' in pieces) return { sides: storedSides(pieces.sides, this.inputOrder(place)) };
    const { nodes } = this.graph;
    const order = maxOrder(
      nodes[nodes[place].inputs[0]].shape,
      nodes[place].shape,
      this.view.layouts[place].input,
    );
    const winners = Int32Array.from(
      this.known.flatMap((_, r) => Array.from(storedWinners(winnersOn(pieces.winners, r), order))),
    );
    return { winners: { ...pieces.winners, winners } };
  }
}
