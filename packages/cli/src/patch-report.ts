import type { Changes, Patched } from '@police/core';
import type { ImportedModel } from '@police/onnx-import';
import { demandLines } from './demand-file.js';
import type { Harm } from './harm.js';
import type { JobHashes, WrittenHashes } from './job-hashes.js';
import { changeLines } from './property/changes.js';
import { type Report, runSentence, shortNumber, table } from './report.js';

/** What `police enforce --method patch` found and did; `--json` and `--report` write it as JSON. */
export interface PatchReport
  extends Pick<Report, 'model' | 'regions' | 'guaranteed' | 'certified'>,
    Pick<
      Report,
      'smallestMargin' | 'inferenceError' | 'inference' | 'demands' | 'run' | 'properties' | 'warnings'
    > {
  readonly job?: JobHashes & WrittenHashes;
  readonly method: 'patch';
  readonly patches: readonly PatchedRegionReport[];
  /** On the samples that are to be kept. */
  readonly kept?: Changes & { readonly samples: number };
  /** Operators and constants added to the file. */
  readonly added: { readonly nodes: number; readonly entries: number };
  /** What computed the model's values. */
  readonly valuesBy: 'core' | 'ONNX Runtime';
  /** Tensors that the proof does not look into. */
  readonly unread: readonly string[];
  readonly harm: Harm;
  readonly verdict: string;
}

export interface PatchedRegionReport extends Omit<Patched['regions'][number], 'map' | 'steepness'> {
  /** As asked for: `fit`, `minimax`, `shift`, or the file it is from. */
  readonly map: string;
  readonly steepness: {
    readonly least: number;
    readonly largest: number;
    readonly perOutput?: readonly number[];
  };
}

/** More outputs, and their steepness is told by the least and the largest. */
const MOST_OUTPUTS = 1024;

export function patchedRegionReport(
  { steepness, body, inside, shell }: Patched['regions'][number],
  map: string,
): PatchedRegionReport {
  const least = steepness.reduce((min, k) => Math.min(min, k), Number.POSITIVE_INFINITY);
  const largest = steepness.reduce((max, k) => Math.max(max, k), 0);
  const perOutput = steepness.length <= MOST_OUTPUTS ? { perOutput: Array.from(steepness) } : {};
  return { map, steepness: { least, largest, ...perOutput }, body, inside, shell };
}

export function patchLines(
  report: PatchReport,
  { guaranteedTensor, tail }: Pick<ImportedModel, 'guaranteedTensor' | 'tail'>,
): string[] {
  const { patches, added, unread, run, kept, harm } = report;
  const before = tail.length > 0 ? ` (before the final ${tail.join(', ')})` : '';
  const several = report.regions === 1 ? 'the region' : `each of ${report.regions} regions`;
  const isDeciding = harm.outputs > 1;
  return [
    `'${guaranteedTensor}'${before} is exactly affine on ${several}: certified.`,
    ...(unread.length > 0 ? [unreadSentence(unread)] : []),
    `Patched with ${added.nodes} operators and ${added.entries} numbers; everything else keeps its bytes. Values by ${report.valuesBy}.`,
    ...changeLines(report.properties ?? []),
    '',
    ...table(
      [
        'region',
        'map',
        'K least',
        'K largest',
        'held on',
        'off by',
        ...(isDeciding ? ['kept inside', 'kept in shell'] : []),
        'slope in shell',
        'before',
      ],
      patches.map(({ map, steepness, body, inside, shell }, r) => [
        `${r}`,
        map,
        steepness.least,
        steepness.largest,
        body.kind === 'region' ? 'the region' : `a body of ${body.facets} facets`,
        inside.largestChange,
        ...(isDeciding ? [percent(inside.decisionsKept), percent(shell.decisionsKept)] : []),
        shell.slope,
        shell.slopeBefore,
      ]),
    ),
    ...steepnessLines(patches),
    '',
    ...demandLines(report.demands ?? []),
    ...report.inference,
    ...(run ? [runSentence(run.samples)] : []),
    ...(kept
      ? [
          `Of ${kept.samples} samples to keep, ${percent(kept.changed)} changed, by ${shortNumber(kept.largestChange)} at most; ${percent(kept.decisionsKept)} keep their decision.`,
        ]
      : []),
  ];
}

export function unreadSentence(unread: readonly string[]): string {
  const names = unread.map(name => `'${name}'`).join(', ');
  return `The proof does not look into ${names}: it holds whatever numbers that computes, NaN excepted.`;
}

/** Outputs whose steepness is printed one by one. */
const MOST_PRINTED = 10;

function steepnessLines(patches: readonly PatchedRegionReport[]): string[] {
  return patches.flatMap(({ steepness: { perOutput } }, r) =>
    perOutput && perOutput.length > 1 && perOutput.length <= MOST_PRINTED
      ? [
          `K by output, region ${r}: ${perOutput.map(shortNumber).join(', ')} (output per radius of the region)`,
        ]
      : [],
  );
}

const percent = (share: number): string => `${(100 * share).toFixed(2)}%`;
