import type { Region } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import {
  biasedFrames,
  concatenatedFrames,
  constantFrames,
  type Frames,
  type InputFrames,
  linearFrames,
  spelledOut,
  summedFrames,
} from './frames.js';
import type { ActivationNode, AffineStep, Graph, GraphNode, MaxNode } from './graph/node.js';
import { lastShiftOp } from './last-shift-op.js';
import { liftOp } from './lift-op.js';
import { widened } from './margin.js';
import { presentLifts } from './present-lifts.js';
import { type ConstraintSettings, type Found, type Previous, type Remedy, sharingOf } from './remedy.js';
import { type Shifted, type ShiftOptions, shiftOp } from './shift-op.js';
import { TailPass } from './tail-pass.js';

/**
 * Carries the regions' frames through the graph and finds each nonlinearity's remedy (core's `policedPass` on tensors).
 * What comes after the last nonlinearity is never shifted, so the frames stop there unless asked `toOutput`, by default
 * where the outputs have a target.
 */
export function findRemedies(
  graph: Graph,
  settings: ConstraintSettings,
  previous: Previous,
  toOutput?: boolean,
): FramePass {
  const pass = new FramePass(graph, settings, previous, toOutput);
  graph.nodes.forEach((node, place) => {
    pass.advance(place, node.kind === 'affine' ? node.step(undefined, false) : undefined);
  });
  return pass;
}

/** Frames before an affine node, and what it does with them. */
interface Entering {
  readonly frames: Frames | InputFrames;
  readonly step: AffineStep;
}

/** The frames' way through the graph, node by node. */
export class FramePass {
  readonly found: Found[] = [];
  private readonly frames: (Frames | InputFrames | undefined)[] = [];
  /** Of affine nodes that are computed with the activation after them. */
  private readonly entering: (Entering | undefined)[] = [];

  /** Only where smooth activations make the model affine up to an error. */
  private readonly tails: TailPass | undefined;

  constructor(
    private readonly graph: Graph,
    private readonly settings: ConstraintSettings,
    private readonly previous: Previous,
    private readonly toOutput: boolean = settings.target !== undefined,
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
    if (this.carries(place)) this.linear(node, place, step);
    return undefined;
  }

  /** The frames at the output, if asked to carry them there. */
  get output(): Frames {
    return spelledOut(this.frames[this.graph.nodes.length - 1]!);
  }

  private carries(place: number): boolean {
    return this.toOutput || this.graph.leadsToNonlinearity.has(place);
  }

  private linear(
    node: Exclude<GraphNode, ActivationNode | MaxNode>,
    place: number,
    step: AffineStep | undefined,
  ): void {
    const { graph, settings, frames } = this;
    switch (node.kind) {
      case 'input':
        frames[place] = { regions: settings.regions, shape: node.shape };
        break;
      case 'affine': {
        const entering = { frames: this.enteringFrames(node.inputs[0]), step: step! };
        if (graph.joined.has(place)) this.entering[place] = entering;
        else frames[place] = biasedFrames(linearFrames(entering.frames, step!), step!.bias, settings.regions);
        break;
      }
      case 'noise':
        frames[place] = frames[node.inputs[0]];
        break;
      case 'sum':
        frames[place] = summedFrames(node, this.inputsOf(node));
        break;
      case 'concat':
        frames[place] = concatenatedFrames(node, this.inputsOf(node));
        break;
    }
  }

  private shift(node: ActivationNode, place: number): Remedy {
    const { c, shifts } = this.shifted(node, place);
    this.tails?.activation(place, shifts);
    this.found.push({ kind: 'shift', place, c, shifts });
    return { kind: 'shift', c };
  }

  private shifted(node: ActivationNode, place: number): Shifted {
    const { settings } = this;
    const options = this.shiftOptions(node, place);
    const entering = this.entering[node.inputs[0]];
    if (entering && options.isLast && picksRows(entering, settings)) {
      const { kernel, bias } = entering.step;
      return lastShiftOp(entering.frames, { kernel, bias }, options);
    }
    const before = entering
      ? { frames: linearFrames(entering.frames, entering.step), bias: entering.step.bias }
      : { frames: this.inputsOf(node)[0] };
    const shifted = shiftOp({ ...before, alpha: node.alpha?.() }, options);
    this.frames[place] = shifted.frames;
    return shifted;
  }

  private shiftOptions(node: ActivationNode, place: number): ShiftOptions {
    const { graph, settings } = this;
    const [before] = node.inputs;
    const source = graph.joined.has(before) ? graph.nodes[before] : undefined;
    return {
      regions: settings.regions,
      policy: settings.policy,
      activation: widened(node.describe(), settings.margin),
      previous: this.previous(place) as Int8Array,
      sharing: sharingOf(graph, place, settings),
      biasSharing: source?.kind === 'affine' ? source.sharing : undefined,
      margins: this.tails?.before(place),
      isLast: !this.carries(place),
      where: graph.nodes[graph.owners.get(place) ?? place].layer,
    };
  }

  private lift(node: MaxNode, place: number): Remedy {
    const { regions, policy } = this.settings;
    const [x] = this.inputsOf(node);
    const { lift, chosen, frames } = liftOp(x, node.shape, {
      regions,
      windows: node.windows,
      previous: policy === 'sticky' ? (this.previous(place) as Int32Array) : undefined,
      present: presentLifts(node),
      tails: this.tails?.before(place),
      where: node.layer,
    });
    this.tails?.max(place, chosen);
    this.found.push({ kind: 'lift', place, lift, chosen });
    if (this.carries(place)) this.frames[place] = frames;
    return { kind: 'lift', winner: chosen.lifts.winner, lift };
  }

  /** What enters an affine layer: a constant where the gradient is to stay in the layer. */
  private enteringFrames(place: number): Frames | InputFrames {
    const frames = this.frames[place]!;
    if (this.settings.gradient === 'exact' || this.graph.nodes[place].kind === 'input') return frames;
    return constantFrames(spelledOut(frames));
  }

  private inputsOf({ inputs }: { inputs: readonly number[] }): Frames[] {
    return inputs.map(input => spelledOut(this.frames[input]!));
  }
}

/** Whether `lastShiftOp` applies: a plain product of computed frames, each shift being that of one vertex. */
function picksRows(
  entering: Entering,
  { regions }: ConstraintSettings,
): entering is { frames: Frames; step: AffineStep & { kernel: tf.Tensor2D } } {
  const { frames, step } = entering;
  const areSimplices = regions.every(({ isSimplex }: Region) => isSimplex);
  return frames instanceof tf.Tensor && step.kernel !== undefined && areSimplices;
}
