import {
  activatedFrames,
  affineFrames,
  concatenatedFrames,
  constantFrames,
  type FrameTensors,
  type InputFrames,
  inputFrames,
  spelledOut,
  summedFrames,
} from './frames.js';
import type { ActivationNode, AffineStep, Graph, GraphNode, MaxNode } from './graph/node.js';
import { liftedFrames, liftOp } from './lift-op.js';
import { widened } from './margin.js';
import { presentLifts } from './present-lifts.js';
import { type ConstraintSettings, type Found, type Previous, type Remedy, sharingOf } from './remedy.js';
import { shiftOp } from './shift-op.js';
import { TailPass } from './tail-pass.js';

/**
 * Carries the regions' frames through the graph and finds each nonlinearity's remedy (core's `policedPass` on tensors).
 * What comes after the last nonlinearity is never shifted, so the frames stop there.
 */
export function findRemedies(graph: Graph, settings: ConstraintSettings, previous: Previous): Found[] {
  const pass = new FramePass(graph, settings, previous);
  graph.nodes.forEach((node, place) => {
    pass.advance(place, node.kind === 'affine' ? node.step(undefined, false) : undefined);
  });
  return pass.found;
}

/** The frames' way through the graph, node by node. */
export class FramePass {
  readonly found: Found[] = [];
  private readonly frames: (FrameTensors | InputFrames | undefined)[] = [];

  /** Only where smooth activations make the model affine up to an error. */
  private readonly tails: TailPass | undefined;

  constructor(
    private readonly graph: Graph,
    private readonly settings: ConstraintSettings,
    private readonly previous: Previous,
  ) {
    if (settings.epsilon !== undefined) this.tails = new TailPass(graph, settings.regions.length);
  }

  /** Passes a node, and returns its remedy if it is a nonlinearity. */
  advance(place: number, step: AffineStep | undefined): Remedy | undefined {
    const { regions } = this.settings;
    const node = this.graph.nodes[place];
    if (regions.length === 0) return undefined;
    if (node.kind === 'activation') return this.shift(node, place);
    if (node.kind === 'max') return this.lift(node, place);
    if (this.graph.leadsToNonlinearity.has(place)) this.frames[place] = this.linear(node, step);
    return undefined;
  }

  private linear(
    node: Exclude<GraphNode, ActivationNode | MaxNode>,
    step: AffineStep | undefined,
  ): FrameTensors | InputFrames {
    switch (node.kind) {
      case 'input':
        return inputFrames(this.settings.regions, node.shape);
      case 'affine':
        return affineFrames(this.enteringFrames(node.inputs[0]), step!);
      case 'noise':
        return this.frames[node.inputs[0]]!;
      case 'sum':
        return summedFrames(node, this.inputsOf(node));
      case 'concat':
        return concatenatedFrames(node, this.inputsOf(node));
    }
  }

  private shift(node: ActivationNode, place: number): Remedy {
    const { graph, settings } = this;
    const [h] = this.inputsOf(node);
    const activation = widened(node.describe(), settings.margin);
    const { c, shifts } = shiftOp(h, {
      regions: settings.regions,
      policy: settings.policy,
      activation,
      previous: this.previous(place) as Int8Array,
      sharing: sharingOf(graph, place, settings),
      margins: this.tails?.before(place),
      where: graph.nodes[graph.owners.get(place) ?? place].layer,
    });
    this.tails?.settle(place, { sides: shifts.sides });
    this.found.push({ kind: 'shift', place, c, shifts });
    this.settle(place, () => activatedFrames(node, activation, h, c, shifts));
    return { kind: 'shift', c };
  }

  private lift(node: MaxNode, place: number): Remedy {
    const { regions, policy } = this.settings;
    const [x] = this.inputsOf(node);
    const { lift, chosen } = liftOp(x, {
      regions,
      windows: node.windows,
      previous: policy === 'sticky' ? (this.previous(place) as Int32Array) : undefined,
      present: presentLifts(node),
      tails: this.tails?.before(place),
      where: node.layer,
    });
    this.tails?.settle(place, { winners: chosen });
    this.found.push({ kind: 'lift', place, lift, chosen });
    this.settle(place, () => liftedFrames(x, chosen, lift, node.shape));
    return { kind: 'lift', winner: chosen.lifts.winner, lift };
  }

  private settle(place: number, compute: () => FrameTensors): void {
    if (this.graph.leadsToNonlinearity.has(place)) this.frames[place] = compute();
  }

  /** What enters an affine layer: a constant where the gradient is to stay in the layer. */
  private enteringFrames(place: number): FrameTensors | InputFrames {
    const frames = this.frames[place]!;
    if (this.settings.gradient === 'exact' || this.graph.nodes[place].kind === 'input') return frames;
    return constantFrames(spelledOut(frames));
  }

  private inputsOf({ inputs }: { inputs: readonly number[] }): FrameTensors[] {
    return inputs.map(input => spelledOut(this.frames[input]!));
  }
}
