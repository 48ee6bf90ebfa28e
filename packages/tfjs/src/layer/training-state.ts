import { type Region, regionSchedule } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import type { FoundAdjustment, FoundOnDevice } from '../frames/adjustment.js';
import { type Constraint, keptShape } from '../frames/constraint.js';
import { keptAdjustments } from '../frames/kept-adjustments.js';
import { isNonlinear } from '../graph/node.js';
import { keptOnDevice, keptOnHost, type StaleAdjustments } from './stale-adjustments.js';

/** What a pass found. */
interface Found {
  readonly found: readonly FoundAdjustment[];
  readonly foundOnDevice: readonly FoundOnDevice[];
}

/** What a constrained model carries from training step to training step: as weights, so that it is saved with the model. */
export class TrainingState {
  /** By position: the sides of activations, and the winners of maxima plus one, so that 0 is no winner as it is no side. */
  private readonly kept = new Map<number, LayerVariable>();
  /** With a schedule: its regions, and the training steps so far. */
  private readonly regionsAt: ((step: number) => readonly Region[]) | undefined;
  private step: LayerVariable | undefined;
  /** Adjustments of the last step that computed them, and the training steps since. */
  private stale: { adjustments: StaleAdjustments; steps: number } | undefined;
  /** The step that a weight's data says, so that it is read once. */
  private known: { data: object; step: number } | undefined;

  constructor(private readonly constraint: Constraint) {
    const { regions, schedule } = constraint.settings;
    this.regionsAt = schedule && growing(regions, schedule.from, schedule.steps);
  }

  build(addWeight: (name: string, shape: readonly number[]) => LayerVariable): void {
    const { graph, settings } = this.constraint;
    const { nodes, owners } = graph;
    const { regions } = settings;
    nodes.forEach((node, place) => {
      if (!isNonlinear(node) || regions.length === 0) return;
      const name = `${nodes[owners.get(place) ?? place].layer}_${node.kind === 'max' ? 'winners' : 'sides'}`;
      this.kept.set(place, addWeight(name, keptShape(node, regions)));
    });
    if (this.regionsAt) this.step = addWeight('step', [1]);
  }

  get weights(): LayerVariable[] {
    return [...this.kept.values(), ...(this.step ? [this.step] : [])];
  }

  get nonlinearities(): number[] {
    return [...this.kept.keys()];
  }

  /** What policy `sticky` keeps of a nonlinearity. */
  previous = (place: number): Int8Array | Int32Array => {
    const values = this.kept.get(place)!.read().dataSync();
    return this.constraint.graph.nodes[place].kind === 'max'
      ? Int32Array.from(values, w => w - 1)
      : Int8Array.from(values);
  };

  /** The same on the device, `[regions × kinks, units]`, or entries `[windows]` numbered from 1. */
  previousOnDevice = (place: number): tf.Tensor => this.kept.get(place)!.read();

  keepOnDevice({ place, sides }: FoundOnDevice): void {
    this.kept.get(place)!.write(sides);
  }

  keep(found: FoundAdjustment): void {
    const weight = this.kept.get(found.place)!;
    const next =
      found.kind === 'shift'
        ? Float32Array.from(found.shifts.sides)
        : Float32Array.from(found.chosen.lifts.winner, winner => winner + 1);
    const before = weight.read().dataSync();
    if (next.every((value, i) => value === before[i])) return;
    weight.write(tf.tensor(next, weight.shape as number[]));
  }

  /** The regions of the next training step: with a schedule, grown so far. */
  get stepRegions(): readonly Region[] {
    const { regionsAt, constraint } = this;
    return regionsAt ? regionsAt(this.stepNumber) : constraint.settings.regions;
  }

  private get stepNumber(): number {
    const weight = this.step!.read();
    if (this.known?.data !== weight.dataId) this.known = { data: weight.dataId, step: weight.dataSync()[0] };
    return this.known.step;
  }

  /** Ends a training step that found adjustments. */
  endStep({ found, foundOnDevice }: Found): void {
    for (const each of found) this.keep(each);
    for (const each of foundOnDevice) this.keepOnDevice(each);
    if (this.constraint.settings.refresh > 1) {
      this.dispose();
      const kept = keptAdjustments(this.constraint, found);
      const adjustments = foundOnDevice.length > 0 ? keptOnDevice(foundOnDevice) : keptOnHost(kept);
      this.stale = { adjustments, steps: 1 };
    }
    this.count();
  }

  /** Forgets the adjustments of an earlier step. */
  dispose(): void {
    this.stale?.adjustments.dispose();
    this.stale = undefined;
  }

  /** The adjustments of an earlier step, where the next one is to use them. */
  get staleAdjustments(): StaleAdjustments | undefined {
    const { stale, constraint } = this;
    return stale && stale.steps < constraint.settings.refresh ? stale.adjustments : undefined;
  }

  /** Ends a training step that used them. */
  endKeptStep(): void {
    this.stale!.steps++;
    this.count();
  }

  private count(): void {
    const { step } = this;
    if (!step) return;
    tf.tidy(() => {
      const next = this.stepNumber + 1;
      step.write(tf.add(step.read(), tf.fill([1], 1)));
      this.known = { data: step.read().dataId, step: next };
    });
  }
}

/** The regions at a training step, those of the last one not made anew for each pass. */
function growing(
  regions: readonly Region[],
  from: number,
  steps: number,
): (step: number) => readonly Region[] {
  const schedules = regions.map(region => regionSchedule(region, from, steps));
  let last: { step: number; regions: readonly Region[] } | undefined;
  return step => {
    const at = Math.min(step, steps);
    if (last?.step !== at) last = { step: at, regions: schedules.map(regionAt => regionAt(at)) };
    return last.regions;
  };
}
