import {
  boundOutputs,
  type EnforceReport,
  float16,
  float32,
  float64,
  freeze,
  type Matrix,
  type Network,
  type Precision,
  type Region,
} from '@police/core';
import { type ImportedModel, writeBack } from '@police/onnx-import';
import type { Report } from './report.js';
import { enforcedSharing, type SharingChoice } from './sharing.js';
import type { Target } from './target.js';
import type { Talk } from './terminal.js';

const PRECISIONS = { float16, float32, float64 };

/** A model that keeps the promise, and how its biases were shifted. */
export interface ShiftedModel {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What was written. */
  readonly network: Network;
  readonly edits: Report['edits'];
  readonly shifts: Report['shifts'];
  readonly sharing: Report['sharing'];
  readonly fade?: Report['fade'];
}

/** How sides are chosen and shared, the format, and whether bends that reach nothing stay. */
export interface ShiftOptions {
  readonly policy: 'minimal' | 'majority';
  readonly sharing: SharingChoice;
  readonly precision?: Precision['name'];
  readonly decision: 'largest' | 'smallest';
  readonly lookahead?: boolean;
}

interface Means {
  readonly samples: Matrix | undefined;
  readonly target: Target | undefined;
  readonly talk: Talk;
  readonly memory: number;
}

/** By shifts that hold everywhere, in the biases that are there. */
export function shiftedModel(
  model: ImportedModel,
  regions: readonly Region[],
  options: ShiftOptions,
  { samples, target, talk, memory }: Means,
): ShiftedModel {
  const lookahead = options.lookahead !== false;
  const { enforced, sharing } = enforcedSharing(model.network, regions, options.sharing, samples, {
    policy: options.policy,
    decision: options.decision,
    lookahead,
    progress: talk.stage('enforce'),
    memory,
  });
  const precision = options.precision ?? model.precision;
  const frozenTo = (network: Network): Network => {
    const progress = talk.stage('freeze');
    const frozen = freeze(network, regions, { precision, lookahead, progress, memory }).network;
    if (!target) return frozen;
    return boundOutputs(frozen, regions, target.C, target.d, { precision: PRECISIONS[precision] });
  };
  const written = writeBack(model, frozenTo(enforced.network), frozenTo);
  return { ...written, shifts: shiftsIn(enforced.report), sharing };
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
