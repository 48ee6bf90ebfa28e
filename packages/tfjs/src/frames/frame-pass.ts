import type { Region } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import type { DeviceConstants } from '../device/constants.js';
import type { DeviceRule } from '../device/device-rule.js';
import {
  type ActivationNode,
  type AffineStep,
  type GraphNode,
  isNonlinear,
  type MaxNode,
} from '../graph/node.js';
import { presentLifts } from '../graph/present-lifts.js';
import type { BoundsOfSmoothness } from '../parts/smoothness.js';
import {
  type Adjustment,
  adjustmentOnDevice,
  type FoundAdjustment,
  type FoundOnDevice,
  type Previous,
} from './adjustment.js';
import type { Constraint } from './constraint.js';
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
import { lastShiftOp } from './last-shift-op.js';
import { liftOp } from './lift-op.js';
import { shiftOp } from './shift-op.js';

/** What a pass may do otherwise. */
export interface FramePassOptions {
  /**
   * Others than the constraint's own, which grow with a schedule.
   * @defaultValue its own
   */
  readonly regions?: readonly Region[];
  /**
   * Whether to carry the frames beyond the last nonlinearity, which nothing is added to.
   * @defaultValue where the outputs have a target
   */
  readonly toOutput?: boolean;
  /**
   * Computes on the device, where that has a form there.
   * @defaultValue core computes
   */
  readonly device?: DevicePass | undefined;
}

/** The rule on the device, and the sides there. */
export interface DevicePass {
  readonly rule: DeviceRule;
  /** By position, `[regions × kinks, units]`, or the lifted entries of a maximum. */
  previous(place: number): tf.Tensor;
}

/** Frames before an affine node, and what it does with them. */
interface Entering {
  readonly frames: Frames | InputFrames;
  readonly step: AffineStep;
}

/** The frames' way through the graph, node by node. */
export class FramePass {
  readonly found: FoundAdjustment[] = [];
  /** What the device found instead. */
  readonly foundOnDevice: FoundOnDevice[] = [];
  private readonly device: DevicePass | undefined;
  private readonly constants: DeviceConstants | undefined;
  private readonly regions: readonly Region[];
  private readonly toOutput: boolean;
  private readonly frames: (Frames | InputFrames | undefined)[] = [];
  /** Of affine nodes that are computed with the activation after them. */
  private readonly entering: (Entering | undefined)[] = [];
  /** Only where smooth activations make the model affine up to an error. */
  private readonly errors: ReturnType<BoundsOfSmoothness> | undefined;

  constructor(
    private readonly constraint: Constraint,
    private readonly previous: Previous,
    { regions, toOutput, device }: FramePassOptions = {},
  ) {
    const { graph, settings } = constraint;
    this.regions = regions ?? settings.regions;
    this.device = device;
    this.constants = device?.rule.constantsFor(this.regions);
    this.toOutput = toOutput ?? settings.target?.[0] !== undefined;
    this.errors = constraint.boundsOf?.(graph, this.regions.length);
  }

  /** Passes a node, and returns what is added there if it is a nonlinearity. */
  advance(place: number, step: AffineStep | undefined): Adjustment | undefined {
    const node = this.constraint.graph.nodes[place];
    if (this.regions.length === 0) return undefined;
    if (node.kind === 'activation')
      return this.device ? this.shiftOnDevice(node, place, this.device) : this.shift(node, place);
    if (node.kind === 'max')
      return this.device ? this.liftOnDevice(node, place, this.device) : this.lift(node, place);
    if (this.carries(place)) this.linear(node, place, step);
    return undefined;
  }

  /** The frames at the output, if asked to carry them there. */
  get output(): Frames {
    return spelledOut(this.frames[this.constraint.graph.nodes.length - 1]!);
  }

  private carries(place: number): boolean {
    return this.toOutput || this.constraint.graph.leadsToNonlinearity.has(place);
  }

  private linear(
    node: Exclude<GraphNode, ActivationNode | MaxNode>,
    place: number,
    step: AffineStep | undefined,
  ): void {
    const { regions, frames, constants } = this;
    switch (node.kind) {
      case 'input':
        frames[place] = { regions, shape: node.shape, constants };
        break;
      case 'affine': {
        const entering = { frames: this.enteringFrames(node.inputs[0]), step: step! };
        if (this.constraint.graph.joined.has(place)) this.entering[place] = entering;
        else
          frames[place] = biasedFrames(linearFrames(entering.frames, step!), step!.bias, regions, constants);
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

  private shiftOnDevice(node: ActivationNode, place: number, { rule, previous }: DevicePass): Adjustment {
    const entering = this.entering[node.inputs[0]];
    const h = { ...this.before(node, entering), alpha: node.alpha?.() };
    const { c, sides, frames } = rule.shift(place, h, this.regions, previous(place) as tf.Tensor2D, {
      isLast: !this.carries(place),
      isDetached: !this.keepsGradient(place),
    });
    this.frames[place] = frames;
    this.foundOnDevice.push({ place, c, sides });
    return { kind: 'shift', c };
  }

  private liftOnDevice(node: MaxNode, place: number, { rule, previous }: DevicePass): Adjustment {
    const [x] = this.inputsOf(node);
    const { found, frames } = rule.lift(place, x, this.regions, previous(place), {
      isLast: !this.carries(place),
      isDetached: !this.keepsGradient(place),
    });
    if (this.carries(place)) this.frames[place] = frames;
    this.foundOnDevice.push(found);
    return adjustmentOnDevice(found);
  }

  private shift(node: ActivationNode, place: number): Adjustment {
    const site = this.constraint.sites.get(place)!;
    const step = {
      site,
      activation: site.activation(),
      regions: this.regions,
      previous: this.previous(place) as Int8Array,
      margins: this.errors?.before(place),
      isLast: !this.carries(place),
    };
    const entering = this.entering[node.inputs[0]];
    const { c, shifts, frames } =
      entering && step.isLast && picksRows(entering, this.regions)
        ? lastShiftOp(entering.frames, entering.step, step)
        : shiftOp({ ...this.before(node, entering), alpha: node.alpha?.() }, step);
    this.frames[place] = frames;
    this.errors?.keepShifts(place, shifts);
    this.found.push({ kind: 'shift', place, c, shifts });
    return { kind: 'shift', c };
  }

  private before(node: ActivationNode, entering: Entering | undefined) {
    if (!entering) return { frames: this.inputsOf(node)[0] };
    return { frames: linearFrames(entering.frames, entering.step), bias: entering.step.bias };
  }

  private lift(node: MaxNode, place: number): Adjustment {
    const { policy } = this.constraint.settings;
    const [x] = this.inputsOf(node);
    const { lift, chosen, frames } = liftOp(x, node.shape, {
      regions: this.regions,
      windows: node.windows,
      previous: policy === 'sticky' ? (this.previous(place) as Int32Array) : undefined,
      present: presentLifts(node),
      errors: this.errors?.before(place),
      where: node.layer,
    });
    this.errors?.keepWinners(place, chosen);
    this.found.push({ kind: 'lift', place, lift, chosen });
    if (this.carries(place)) this.frames[place] = frames;
    return { kind: 'lift', winner: chosen.lifts.winner, lift };
  }

  /** Whether somebody takes the gradient of a node's frames: with `local` no affine layer does, see `enteringFrames`. */
  private keepsGradient(place: number): boolean {
    const { graph, settings } = this.constraint;
    if (settings.gradient === 'exact' || (this.toOutput && place === graph.nodes.length - 1)) return true;
    return graph.nodes.some(
      (node, at) =>
        node.inputs.includes(place) &&
        node.kind !== 'affine' &&
        (isNonlinear(node) || this.keepsGradient(at)),
    );
  }

  /** What enters an affine layer: a constant where the gradient is to stay in the layer. */
  private enteringFrames(place: number): Frames | InputFrames {
    const { graph, settings } = this.constraint;
    const frames = this.frames[place]!;
    if (settings.gradient === 'exact' || graph.nodes[place].kind === 'input') return frames;
    return constantFrames(spelledOut(frames));
  }

  private inputsOf({ inputs }: { inputs: readonly number[] }): Frames[] {
    return inputs.map(input => spelledOut(this.frames[input]!));
  }
}

/** Whether `lastShiftOp` applies: a plain product of computed frames, each shift being that of one vertex. */
function picksRows(
  entering: Entering,
  regions: readonly Region[],
): entering is { frames: Frames; step: AffineStep & { kernel: tf.Tensor2D } } {
  const { frames, step } = entering;
  const areSimplices = regions.every(({ isSimplex }) => isSimplex);
  return frames instanceof tf.Tensor && step.kernel !== undefined && areSimplices;
}
