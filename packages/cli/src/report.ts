import type { Drift, EnforceReport } from '@police/core';
import type { Edit, ImportedModel } from '@police/onnx-import';
import type { Harm } from './harm.js';
import type { JobHashes, WrittenHashes } from './job-hashes.js';
import { changeLines, type PropertyChange } from './property/changes.js';
import { type ChosenSharing, sharingLines } from './sharing.js';

/** What `police enforce` found and did; `--json` and `--report` write it as JSON. */
export interface Report {
  /** Of a sweep: what was done, by hashes, and what came of it. */
  readonly job?: JobHashes & WrittenHashes;
  readonly model: string;
  readonly regions: number;
  readonly guaranteed: Pick<ImportedModel, 'guaranteedTensor' | 'tail'>;
  readonly certified: true;
  readonly shifts: Omit<EnforceReport, 'maps' | 'approximationErrors'>;
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
  readonly edits: readonly Edit[];
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

/** Rows of columns, padded; numbers right, text left. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const cells = [head, ...rows.map(row => row.map(formatted))];
  const widths = head.map((_, k) => cells.reduce((most, row) => Math.max(most, row[k].length), 0));
  const isNumeric = head.map((_, k) => rows.every(row => typeof row[k] === 'number'));
  return cells.map(row =>
    row
      .map((cell, k) => (isNumeric[k] ? cell.padStart(widths[k]) : cell.padEnd(widths[k])))
      .join('  ')
      .trimEnd(),
  );
}

function formatted(value: string | number): string {
  if (typeof value === 'string') return value;
  return Number.isInteger(value) ? `${value}` : shortNumber(value);
}

/** Four significant digits. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  if (value === 0) return '0';
  return size >= 1e-3 && size < 1e6 ? `${Number(value.toPrecision(4))}` : value.toExponential(2);
}

export function reportLines(report: Report): string[] {
  const { shifts, guaranteed, edits, drift } = report;
  const where = guaranteed.tail.length > 0 ? ` (before the final ${guaranteed.tail.join(', ')})` : '';
  const several = report.regions === 1 ? 'the region' : `each of ${report.regions} regions`;
  return [
    `'${guaranteed.guaranteedTensor}'${where} is exactly affine on ${several}: certified.`,
    `Shifted ${shifts.shifted} of ${shifts.units} units, Σ|c| ${shortNumber(shifts.totalShift)}, largest ${shortNumber(shifts.largestShift)}; on every region ${shifts.dead} units are 0, ${shifts.saturated} constant otherwise, ${shifts.linear} linear.`,
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
    `Least margin ${report.smallestMargin === null ? 'none needed' : shortNumber(report.smallestMargin)}.`,
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
    edits.length === 0 ? 'Nothing had to be changed: the bytes are those read.' : 'Edits:',
    ...edits.map(
      ({ kind, node, tensor, changed, largest }) =>
        `  ${EDIT_NAMES[kind]} at ${node}: ${changed} values in '${tensor}', largest ${shortNumber(largest)}`,
    ),
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
