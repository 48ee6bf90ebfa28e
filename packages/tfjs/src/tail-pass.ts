import {
  approximationErrorsOf,
  inputsOf,
  type MaxShifts,
  type Shifts,
  winnersOn,
} from '@police/core/adapter';
import { maxOrder, storedSides, storedWinners } from './core-layout.js';
import { type CoreView, coreView } from './core-network.js';
import type { Graph } from './graph/node.js';
import { inverseOrder, storedOrder } from './graph/values.js';

/**
 * Carries the bounds on what smooth activations' tails add up to along the frames, on core's network of the present
 * weights (core's `approximationErrors`). The shifts' gradient takes these bounds for constants; batch normalisation enters with
 * its moving statistics.
 */
export class TailPass {
  private readonly view: CoreView;
  readonly layers: Map<string, { readonly shifts: Shifts }> = new Map();
  readonly maxima: Map<string, MaxShifts> = new Map();
  private readonly errorsOf: (name: string) => readonly Float64Array[];

  constructor(
    private readonly graph: Graph,
    private readonly regions: number,
  ) {
    this.view = coreView(graph);
    this.errorsOf = approximationErrorsOf(this.view.network, regions, this);
  }

  /** The bounds `[size]` per region on the value that enters a nonlinearity. */
  before(place: number): Float64Array[] {
    const node = this.view.network.nodes.find(({ name }) => name === this.graph.nodes[place].name)!;
    const order = inverseOrder(this.inputOrder(place));
    return this.errorsOf(inputsOf(node)[0]).map(e => Float64Array.from(order, at => e[at]));
  }

  /** The pieces an activation was found to lie on, as the graph numbers its units. */
  activation(place: number, shifts: Shifts): void {
    const sides = storedSides(shifts.sides, this.inputOrder(place));
    this.layers.set(this.graph.nodes[place].name, { shifts: { ...shifts, sides } });
  }

  /** The winners of a maximum, as the graph numbers its entries. */
  max(place: number, chosen: MaxShifts): void {
    const { nodes } = this.graph;
    const node = nodes[place];
    const order = maxOrder(nodes[node.inputs[0]].shape, node.shape, this.view.layouts[place].input);
    const winners = Int32Array.from(
      Array.from({ length: this.regions }, (_, r) =>
        Array.from(storedWinners(winnersOn(chosen, r), order)),
      ).flat(),
    );
    this.maxima.set(node.name, { ...chosen, winners });
  }

  private inputOrder(place: number): Int32Array {
    const { nodes } = this.graph;
    return storedOrder(nodes[nodes[place].inputs[0]].shape, this.view.layouts[place].input);
  }
}
