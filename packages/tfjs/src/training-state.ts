import { type Region, regionSchedule } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { type Graph, isNonlinear } from './graph/node.js';
import { type KeptRemedies, keptRemedies } from './kept-remedies.js';
import type { CheckedOptions } from './options.js';
import { type Found, keptShape } from './remedy.js';

/** What a constrained model carries from training step to training step: as weights, so that it is saved with the model. */
export class TrainingState {
  /** By position: the sides of activations, and the winners of maxima plus one, so that 0 is no winner as it is no side. */
  private readonly kept = new Map<number, LayerVariable>();
  /** With a schedule: its regions, and the training steps so far. */
  private readonly regionsAt: ((step: number) => readonly Region[]) | undefined;
  private step: LayerVariable | undefined;
  /** Remedies of the last step that computed them, and the training steps since. */
  private stale: { remedies: KeptRemedies; steps: number } | undefined;

  constructor(
    private readonly graph: Graph,
    private readonly settings: CheckedOptions,
  ) {
    const { regions, schedule } = settings;
    this.regionsAt = schedule && growing(regions, schedule.from, schedule.steps);
  }

  build(addWeight: (name: string, shape: readonly number[]) => LayerVariable): void {
    const { nodes, owners } = this.graph;
    const { regions } = this.settings;
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
    return this.graph.nodes[place].kind === 'max'
      ? Int32Array.from(values, w => w - 1)
      : Int8Array.from(values);
  };

  keep(found: Found): void {
    const weight = this.kept.get(found.place)!;
    const next =
      found.kind === 'shift'
        ? Float32Array.from(found.shifts.sides)
        : Float32Array.from(found.chosen.lifts.winner, winner => winner + 1);
    const before = weight.read().dataSync();
    if (next.every((value, i) => value === before[i])) return;
    weight.write(tf.tensor(next, weight.shape as number[]));
  }

  /** The settings of the next training step: with a schedule, of regions that have grown so far. */
  get stepSettings(): CheckedOptions {
    const { regionsAt, settings } = this;
    return regionsAt ? { ...settings, regions: regionsAt(this.step!.read().dataSync()[0]) } : settings;
  }

  /** Ends a training step that found remedies. */
  settle(found: readonly Found[]): void {
    for (const each of found) this.keep(each);
    if (this.settings.refresh > 1)
      this.stale = { remedies: keptRemedies(this.graph, this.settings, found), steps: 1 };
    this.count();
  }

  /** The remedies of an earlier step, where the next one is to use them. */
  get staleRemedies(): KeptRemedies | undefined {
    return this.stale && this.stale.steps < this.settings.refresh ? this.stale.remedies : undefined;
  }

  /** Ends a training step that used them. */
  settleStale(): void {
    this.stale!.steps++;
    this.count();
  }

  private count(): void {
    const { step } = this;
    if (!step) return;
    tf.tidy(() => {
      step.write(tf.add(step.read(), 1));
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
