import {
  boundOutputs,
  type Demand,
  type EnforceReport,
  float16,
  float32,
  float64,
  freeze,
  holdDemands,
  lookahead,
  type Matrix,
  type Network,
  type Precision,
  type Region,
} from '@police/core';
import { type ImportedModel, prepareWriteBack } from '@police/onnx-import';
import { type RefitOptions, refitted } from './refit.js';
import type { Report } from './report.js';
import { enforcedSharing, type SharingChoice } from './sharing.js';
import type { Target } from './target.js';
import type { Talk } from './terminal.js';

const PRECISIONS = { float16, float32, float64 };

/** A model that keeps the promise, and how its biases were shifted. */
export interface ShiftedModel {
  /** The file: of a large one the networks are let go before it is made. */
  readonly assemble: () => Uint8Array<ArrayBuffer>;
  /** What was written. */
  readonly network: Network;
  readonly edits: Report['edits'];
  readonly shifts: Report['shifts'];
  readonly sharing: Report['sharing'];
  readonly fade?: Report['fade'];
  /** What fitting the weights besides did. */
  readonly fitted?: Awaited<ReturnType<typeof refitted>>;
}

/** How sides are chosen and shared, the format, whether bends that reach nothing stay, and whether weights are fitted. */
export interface ShiftOptions extends RefitOptions {
  readonly policy: 'minimal' | 'majority';
  readonly sharing: SharingChoice;
  readonly precision?: Precision['name'];
  readonly decision: 'largest' | 'smallest';
  readonly lookahead?: boolean;
}

interface Means {
  readonly samples: Matrix | undefined;
  readonly domain: readonly Region[] | undefined;
  readonly target: Target | undefined;
  readonly demands: readonly (Demand | undefined)[];
  readonly talk: Talk;
  readonly memory: number;
}

/** By shifts that hold everywhere, in the biases that are there; with `refit` by other weights, too. */
export async function shiftedModel(
  model: ImportedModel,
  regions: readonly Region[],
  options: ShiftOptions,
  { samples, domain, target, demands, talk, memory }: Means,
): Promise<ShiftedModel> {
  const ahead = options.lookahead ? { lookahead } : {};
  const { enforced, sharing } = enforcedSharing(model.network, regions, options.sharing, samples, {
    policy: options.policy,
    decision: options.decision,
    ...ahead,
    progress: talk.stage('enforce'),
    memory,
  });
  const fitted = options.refit
    ? await refitted(model, regions, { samples, domain }, { ...options, sharing: sharing.chosen }, talk)
    : undefined;
  const { network, report, frames } = fitted?.fit.enforced ?? enforced;
  const precision = options.precision ?? model.precision;
  const frozenTo = (unfrozen: Network): Network => {
    const progress = talk.stage('freeze');
    const frozen = freeze(unfrozen, regions, { precision, ...ahead, progress, memory, frames }).network;
    const held = demands.some(demand => demand !== undefined)
      ? holdDemands(frozen, regions, demands, { precision: PRECISIONS[precision] }).network
      : frozen;
    if (!target) return held;
    return boundOutputs(held, regions, target.C, target.d, { precision: PRECISIONS[precision] });
  };
  const written = prepareWriteBack(model, frozenTo(network), frozenTo);
  return { ...written, shifts: shiftsIn(report), sharing, ...(fitted ? { fitted } : {}) };
}

/** The report but for its maps, which would be made by being looked at, and can be as large as outputs × inputs. */
export function shiftsIn(report: EnforceReport): Report['shifts'] {
  const {
    layers,
    units,
    shifted,
    freed,
    totalShift,
    largestShift,
    dead,
    saturated,
    linear,
    mapsCoincide,
    constantOn,
  } = report;
  return {
    layers,
    units,
    shifted,
    ...(freed === undefined ? {} : { freed }),
    totalShift,
    largestShift,
    dead,
    saturated,
    linear,
    mapsCoincide,
    constantOn,
  };
}
