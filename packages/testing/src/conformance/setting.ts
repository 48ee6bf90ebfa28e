import type { Matrix, Network, Region, Rng } from '@police/core';
import { makeRegion, type RegionKind, randomArray } from '../helpers.js';
import { roundedBox } from '../regions/rounded-box.js';
import { runBound } from '../rounding.js';
import { type ConformanceAdapter, EPSILON, MODES, type Mode } from './adapter.js';

/** Of every model. */
export const WIDTHS = [3, 8, 6, 2];
/** To train on. */
export const ROWS = 6;
/** On which affinity is probed, per region. */
export const CHORDS = 20;
/** A kind that core does not know: every adapter takes it as any other, unless its rule runs on a device. */
export const OWN_KIND = 'rounded box';
export type AnyKind = RegionKind | typeof OWN_KIND;

/** The regions of a model, by kind. */
const REGION_SETS: readonly (readonly AnyKind[])[] = [
  ['box'],
  ['simplex'],
  ['vPolytope'],
  ['flatBox', 'ball'],
  ['crossPolytope', 'flatPolytope', 'point'],
  [OWN_KIND],
];

export const makeAnyRegion = (kind: AnyKind, rng: Rng): Region =>
  kind === OWN_KIND
    ? roundedBox(
        randomArray(rng, WIDTHS[0]),
        randomArray(rng, WIDTHS[0]).map(x => 0.2 + Math.abs(x)),
      )
    : makeRegion(kind, WIDTHS[0], rng, 1);

/** So large that smooth models bend far more than by `EPSILON`. */
const SMOOTH_GAIN = 6;

/** An adapter, and what the laws ask of it again and again. */
export interface Setting<Model, Policed> {
  readonly adapter: ConformanceAdapter<Model, Policed>;
  readonly smooth: readonly string[];
  readonly modes: readonly Mode[];
  /** The regions of a model, by kind, set by set. */
  readonly regionSets: readonly (readonly AnyKind[])[];
  plainModel(activation?: string): Model;
  /** How far the framework's arithmetic puts an output or a shift wrong. */
  bound(net: Network, points: Matrix): number;
  epsilonFor(activation: string): { epsilon?: number };
}

export function settingOf<Model, Policed>(
  adapter: ConformanceAdapter<Model, Policed>,
): Setting<Model, Policed> {
  const smooth = adapter.smooth ?? [];
  return {
    adapter,
    smooth,
    modes: adapter.modes ?? MODES,
    regionSets: REGION_SETS.filter(set => !adapter.isOnDevice || !set.includes(OWN_KIND)),
    plainModel: (activation = adapter.activations[0]) =>
      adapter.makeModel({
        widths: WIDTHS,
        activation,
        seed: 5,
        gain: smooth.includes(activation) ? SMOOTH_GAIN : 1,
      }),
    bound: (net, points) => runBound(net, points, adapter.roundoff),
    epsilonFor: activation => (smooth.includes(activation) ? { epsilon: EPSILON } : {}),
  };
}
