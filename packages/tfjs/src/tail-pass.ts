import type { Network } from '@police/core';
import { approximationErrorThrough, type MaxShifts, winnersOn } from '@police/core/adapter';
import { maxOrder, storedSides, storedWinners } from './core-layout.js';
import { type CoreView, coreView } from './core-network.js';
import type { Graph } from './graph/node.js';
import { inverseOrder, storedOrder } from './graph/values.js';

/** The pieces a nonlinearity was found to lie on, as the graph numbers its units or entries. */
type Pieces = { readonly sides: Int8Array } | { readonly winners: MaxShifts };

/**
 * Carries the bounds on what smooth activations' tails add up to along the frames, on core's network of the present
 * weights (core's `approximationErrorThrough`). The shifts' gradient takes these bounds for constants; batch normalisation enters with
 * its moving statistics.
 */
export class TailPass {
  private readonly view: CoreView;
  private readonly tails = new Map<string, Float64Array[]>();
  private next = 0;

  constructor(
    private readonly graph: Graph,
    private readonly regions: number,
  ) {
    this.view = coreView(graph);
  }

  /** The bounds `[size]` per region on the value that enters a nonlinearity. */
  before(place: number): Float64Array[] {
    const node = this.graph.nodes[place];
    const { nodes } = this.view.network;
    for (; nodes[this.next].name !== node.name; this.next++) this.pass(nodes[this.next]);
    const order = inverseOrder(this.inputOrder(place));
    return this.inputTails(nodes[this.next])[0].map(e => Float64Array.from(order, at => e[at]));
  }

  settle(place: number, pieces: Pieces): void {
    this.pass(this.view.network.nodes[this.next++], this.stored(place, pieces));
  }

  private pass(node: Network['nodes'][number], pieces?: Pieces): void {
    const inputs = this.inputTails(node);
    this.tails.set(
      node.name,
      Array.from({ length: this.regions }, (_, r) =>
        approximationErrorThrough(
          node,
          inputs.map(each => each[r]),
          r,
          pieces,
        ),
      ),
    );
  }

  private inputTails(node: Network['nodes'][number]): Float64Array[][] {
    if (node.kind === 'input') return [];
    const names = 'inputs' in node ? node.inputs : [node.input];
    return names.map(name => this.tails.get(name)!);
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
      Array.from({ length: this.regions }, (_, r) =>
        Array.from(storedWinners(winnersOn(pieces.winners, r), order)),
      ).flat(),
    );
    return { winners: { ...pieces.winners, winners } };
  }
}
