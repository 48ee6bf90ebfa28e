import { affineFloor } from '@police/common/floor';
import type { Task } from '@police/common/task';
import type { PrescribedMap, Region } from '@police/core';
import { curvesPanel } from '../draw/curves.js';
import type { Head, Panel } from '../draw/layout.js';
import { affineResidual, lossOn, mapError } from '../measure.js';
import type { Setup } from '../settings.js';
import type { Constraint, Snapshot, Training } from '../training.js';
import type { NetworkRecord, Results, Rule } from './figure.js';

/** One task with its regions: what the rules are compared on. */
export interface Case {
  readonly task: Task;
  /** Of the regions, for the record. */
  readonly region: string;
  readonly regions: readonly Region[];
  readonly target?: PrescribedMap;
  readonly setup: Setup;
  readonly seed: number;
  readonly stops?: readonly number[];
}

export const rules: readonly Rule[] = ['unconstrained', 'majority', 'sticky'];

/** Radii within which shifts fade out. */
export const FADE = 0.25;

/** Outputs per radius that a patch may differ from its map by: the default, and so little that one sees the cone. */
export const STEEPNESS = { patch: 20, 'gentle patch': 2 } as const;

const CONSTRAINTS: Readonly<Record<Exclude<Rule, 'unconstrained'>, Omit<Constraint, 'regions'>>> = {
  majority: { policy: 'majority' },
  sticky: { policy: 'sticky' },
  fade: { policy: 'sticky', fade: FADE },
  patch: { method: 'patch', steepness: STEEPNESS.patch },
  'gentle patch': { method: 'patch', steepness: STEEPNESS['gentle patch'] },
};

/** The rule's training; the unconstrained one is the same for all regions. */
export function trainingOf({ task, regions, target, setup, seed, stops }: Case, rule: Rule): Training {
  return {
    task,
    setup,
    seed,
    ...(rule === 'unconstrained'
      ? {}
      : { constraint: { regions, ...CONSTRAINTS[rule], ...(target ? { target } : {}) } }),
    ...(stops ? { stops } : {}),
  };
}

export const trainingsOf = (spec: Case, some: readonly Rule[] = rules): Training[] =>
  some.map(rule => trainingOf(spec, rule));

/** The rule's network at the end. */
export const lastOf = (spec: Case, rule: Rule, results: Results): Snapshot =>
  results(trainingOf(spec, rule)).snapshots.at(-1)!;

/** What the rule's network measures at a snapshot. */
export function recordOf(
  picture: string,
  spec: Case,
  rule: Rule,
  results: Results,
  snapshot: Snapshot = lastOf(spec, rule, results),
): NetworkRecord {
  const { task, region, regions, target, setup, seed } = spec;
  const { network, step, certified } = snapshot;
  const free = results(trainingOf(spec, 'unconstrained')).snapshots.find(each => each.step === step)!;
  return {
    picture,
    task: task.name,
    region,
    rule,
    step,
    seed,
    loss: lossOn(task, network),
    floor: affineFloor(task, regions, target),
    unconstrainedLoss: lossOn(task, free.network),
    residual: affineResidual(network, regions, seed),
    ...(certified === undefined ? {} : { certified }),
    ...(target ? { mapError: mapError(network, regions[0], target, seed) } : {}),
    setup,
    seconds: results(trainingOf(spec, rule)).seconds,
  };
}

export const recordsOf = (
  picture: string,
  spec: Case,
  results: Results,
  some: readonly Rule[] = rules,
): NetworkRecord[] => some.map(rule => recordOf(picture, spec, rule, results));

/** As it stands under a panel. */
export const notesOf = ({ loss, residual }: NetworkRecord): string[] => [
  `loss ${rounded(loss)} · residual ${rounded(residual)}`,
];

/** Two significant digits; one, and a power of ten, for the very small. */
export function rounded(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(0).replace('-', '−');
  return `${Number(value.toPrecision(2))}`;
}

const RULE_COLOURS: Readonly<Record<Rule, string>> = {
  unconstrained: '#777',
  majority: '#c65f00',
  sticky: '#1f5fbf',
  fade: '#7b3fa0',
  patch: '#2c8a4b',
  'gentle patch': '#8a6d2c',
};

/** The rules' names in the colours of their curves. */
export const headsOf = (some: readonly Rule[]): Head[] =>
  some.map(rule => ({ text: rule, colour: RULE_COLOURS[rule] }));

export const ruleHeads: readonly Head[] = headsOf(rules);

/** The head over a curve panel. */
export const LOSS_HEAD = 'loss in training, floor dashed';

/** The rules' losses in training. */
export function curvePanel(
  spec: Case,
  results: Results,
  floor: number,
  some: readonly Rule[] = rules,
): Panel {
  const curves = some.map(rule => ({
    colour: RULE_COLOURS[rule],
    losses: results(trainingOf(spec, rule)).curve,
  }));
  return { drawing: curvesPanel(curves, spec.setup.steps, floor), notes: [`floor ${rounded(floor)}`] };
}
