import type { JobHashes } from './job-hashes.js';
import type { AnswerWord } from './property/answer.js';
import type { DecisionChange } from './property/decisions.js';
import { runSentence, shortNumber } from './report.js';

/** What `police repair` found and did; `--json` and `--report` write it as JSON. */
export interface RepairReport {
  /** Of many: what was done, by hashes, and what came of it. */
  readonly job?: JobHashes & { readonly outputSha256: string };
  /** That the file written is proved affine on the regions that were changed. */
  readonly certified?: true;
  readonly model: string;
  readonly property: string;
  readonly method: 'patch' | 'shift';
  readonly before: AnswerWord;
  /** Of the file that was written, read again. Absent where nothing had to be done. */
  readonly after?: AnswerWord;
  /** Regions that were changed; the others are proved as they are. */
  readonly changed: number;
  readonly regions: number;
  /** On points of the regions, and on points around them, or on the samples kept. */
  readonly inside?: DecisionChange;
  readonly outside?: DecisionChange;
  /** Points of each region at which ONNX Runtime computes what was proved. */
  readonly run?: { readonly samples: number };
  readonly warnings: readonly string[];
}

export function repairLines(report: RepairReport): string[] {
  const { property, method, after, changed, regions, inside, outside, run } = report;
  if (after === undefined) return [`${property} is true already, and proved: nothing is written.`];
  const several = changed === 1 ? 'one region' : `${changed} regions`;
  return [
    `${property} is true now, and proved: ${after}.`,
    method === 'patch'
      ? `Patched on ${several} of ${regions}; everything else keeps its bytes.`
      : `Biases shifted: on every region the model is affine now. --method patch changes less.`,
    ...[inside, outside].filter(change => change !== undefined).map(changeSentence),
    ...(run ? [runSentence(run.samples)] : []),
  ];
}

function changeSentence({ of, points, decisionsKept, outputsKept, largestChange }: DecisionChange): string {
  const share = (part: number) => `${(100 * part).toFixed(2)}%`;
  return `On ${points} ${of}: ${share(decisionsKept)} keep their decision, ${share(outputsKept)} all outputs; the largest change is ${shortNumber(largestChange)}.`;
}
