import type { Drift, EnforceReport, GapBody } from '@police/core';
import type { Edit, ImportedModel } from '@police/onnx-import';
import { type DemandReport, demandLines } from './demand-file.js';
import type { Harm } from './harm.js';
import type { JobHashes, WrittenHashes } from './job-hashes.js';
import { changeLines, type PropertyChange } from './property/changes.js';
import { type RefitReport, refitLines } from './refit.js';
import { type ChosenSharing, sharingLines } from './sharing.js';
import { shortNumber, table } from './table.js';

export { shortNumber, table } from './table.js';

/** What `police enforce` found and did; `--json` and `--report` write it as JSON. */
export interface Report {
  /** Of a sweep: what was done, by hashes, and what came of it. */
  readonly job?: JobHashes & WrittenHashes;
  readonly model: string;
  readonly regions: number;
  readonly guaranteed: Pick<ImportedModel, 'guaranteedTensor' | 'tail'>;
  readonly certified: true;
  readonly shifts: Omit<EnforceReport, 'maps' | 'approximationErrors'>;
  /** What fitting the weights did; absent where only biases were shifted. */
  readonly refit?: RefitReport;
  /** Which units share a shift after convolutions, and what either way costs. */
  readonly sharing: ChosenSharing;
  /** Least distance of any unit to its kink, all rounding deducted; null without kinks. */
  readonly smallestMargin: number | null;
  /** Bound on |float32 inference − (A x + b)|, largest of all outputs, by region; null where float32 may overflow. */
  readonly inferenceError: readonly (number | null)[];
  /** What that means, in words, by region; of a float16 model one sentence, that none is given. */
  readonly inference: readonly string[];
  /** Bound on |f(x) − (A x + b)| where smooth activations make it approximate. */
  readonly approximationError?: number;
  /** What was proved of the regions' maps besides; absent where nothing was demanded. */
  readonly demands?: readonly DemandReport[];
  readonly edits: readonly Edit[];
  /** Of shifts that fade out around the regions. */
  readonly fade?: FadeReport;
  /** Points of each region at which ONNX Runtime computes what was proved; absent where it is not installed. */
  readonly run?: { readonly samples: number };
  /** Of properties among the regions: the answers before and after; absent without any. */
  readonly properties?: readonly PropertyChange[];
  readonly drift?: Drift & { readonly samples: number };
  /** What was changed outside the regions, and a sentence on it. */
  readonly harm: Harm;
  readonly verdict: string;
  readonly warnings: readonly string[];
}

/** What fading shifts added to the file, and where they are in force. */
export interface FadeReport {
  /** Radii of a region from which on its shifts are 0. */
  readonly width: number;
  /** Operators and constants added. */
  readonly added: { readonly nodes: number; readonly entries: number };
  /** Where each region's shifts are whole: on the region, or on a body around it. */
  readonly bodies: readonly GapBody[];
}

export function reportLines(report: Report): string[] {
  const { shifts, guaranteed, edits, drift } = report;
  const where = guaranteed.tail.length > 0 ? ` (before the final ${guaranteed.tail.join(', ')})` : '';
  const several = report.regions === 1 ? 'the region' : `each of ${report.regions} regions`;
  return [
    `'${guaranteed.guaranteedTensor}'${where} is exactly affine on ${several}: certified.`,
    `Shifted ${shifts.shifted} of ${shifts.units} units, Σ|c| ${shortNumber(shifts.totalShift)}, largest ${shortNumber(shifts.largestShift)}; on every region ${shifts.dead} units are 0, ${shifts.saturated} constant otherwise, ${shifts.linear} linear.`,
    ...(shifts.freed === undefined
      ? []
      : [
          `Lookahead spared ${shifts.freed} more: nothing they do reaches the output, every path from them ending in a flat unit.`,
        ]),
    '',
    ...table(
      ['layer', 'units', 'shifted', 'Σ|c|', 'largest', 'dead', 'saturated', 'linear'],
      shifts.layers.map(l => [
        l.name,
        l.units,
        l.shifted,
        l.totalShift,
        l.largestShift,
        l.dead,
        l.saturated,
        l.linear,
      ]),
    ),
    '',
    ...sharingLines(report.sharing),
    ...(report.refit ? refitLines(report.refit) : []),
    `Least margin ${report.smallestMargin === null ? 'none needed' : shortNumber(report.smallestMargin)}.`,
    ...demandLines(report.demands ?? []),
    ...report.inference,
    ...(report.run ? [runSentence(report.run.samples)] : []),
    ...(report.approximationError === undefined
      ? []
      : [`Smooth activations: affine only up to ${shortNumber(report.approximationError)}.`]),
    ...(drift
      ? [
          `On ${drift.samples} samples: outputs drift by ${shortNumber(drift.meanDrift)} on average and ${shortNumber(drift.largestDrift)} at most; ${(100 * drift.decisionAgreement).toFixed(2)}% keep their decision.`,
        ]
      : []),
    ...changeLines(report.properties ?? []),
    ...editLines(report),
    ...edits.map(
      ({ kind, node, tensor, changed, largest }) =>
        `  ${EDIT_NAMES[kind]} at ${node}: ${changed} values in '${tensor}', largest ${shortNumber(largest)}`,
    ),
  ];
}

function editLines({ edits, fade }: Report): string[] {
  if (!fade) return [edits.length === 0 ? 'Nothing had to be changed: the bytes are those read.' : 'Edits:'];
  const around = fade.bodies.flatMap(({ kind, facets }, r) =>
    kind === 'region' ? [] : [`Region ${r}: whole on a body of ${facets} facets around it.`],
  );
  return [
    `Faded out within ${fade.width} radii of each region, where the model is as it was: ${fade.added.nodes} operators and ${fade.added.entries} numbers were added, everything else keeps its bytes.`,
    ...around,
  ];
}

const EDIT_NAMES: Readonly<Record<Edit['kind'], string>> = {
  bias: 'bias changed',
  'own-bias': 'bias of its own',
  weights: 'weights changed',
  'own-weights': 'weights of its own',
  'new-bias': 'bias added',
  add: 'Add inserted',
  max: 'candidates added to a maximum',
};

export function runSentence(samples: number): string {
  return `Run in ONNX Runtime at ${samples} points of each region: within the bound.`;
}
