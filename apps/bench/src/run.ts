import { browserRefusal } from '@police/common/chromium';
import type { Backend } from './backends/backend.js';
import type { BenchCase } from './cases/case.js';
import type { MeasurePair } from './child.js';
import { leastRoundsOf, type Settings } from './measure.js';
import { type CaseResult, isSamePair } from './results.js';
import { dataWork, workBound } from './work.js';

export interface Pair {
  readonly backend: Backend;
  readonly spec: BenchCase;
}

export interface RunOptions {
  readonly settings: Settings;
  /** Seconds that a constrained step may nominally take. */
  readonly limit: number;
  /** How a pair is measured; never throws. */
  readonly measure: MeasurePair;
  /** Told after each pair, with all results so far. */
  readonly onResult: (results: readonly CaseResult[]) => Promise<void> | void;
  readonly onStart?: (pair: Pair, expected: { seconds: number; before: number; total: number }) => void;
  /** Asked before each pair. */
  readonly isStopped?: () => boolean;
}

/** Every case on every backend, case by case, so that a run cut short has whole rows. */
export const pairsOf = (cases: readonly BenchCase[], backends: readonly Backend[]): Pair[] =>
  cases.flatMap(spec => backends.map(backend => ({ spec, backend })));

/** Whether `--quick` includes it. */
export const isQuick = ({ spec, backend }: Pair): boolean =>
  spec.quick === 'everywhere' || (spec.quick === 'node' && backend.host !== 'browser');

/** Measures what `finished` does not have yet; what failed is tried again. Returns all results, in the order of the pairs. */
export async function run(
  pairs: readonly Pair[],
  finished: readonly CaseResult[],
  { settings, limit, measure, onResult, onStart, isStopped }: RunOptions,
): Promise<readonly CaseResult[]> {
  const kept = finished.filter(({ status }) => status !== 'failed');
  const isMissing = (pair: Pair) => !kept.some(result => isSamePair(result, namesOf(pair)));
  const missing = pairs.filter(isMissing);
  const total = missing.reduce((sum, pair) => sum + expectedSeconds(pair, settings, limit), 0);
  let results = [...kept];
  let before = 0;
  for (const pair of missing) {
    if (isStopped?.()) break;
    const seconds = expectedSeconds(pair, settings, limit);
    onStart?.(pair, { seconds, before, total });
    const reason = refusalOf(pair, limit);
    const result =
      reason === undefined ? await measure(pair.backend, pair.spec, settings) : refused(pair, reason);
    // What ends because the run was stopped has nothing to say.
    if (isStopped?.()) break;
    before += seconds;
    results = [...results.filter(other => !isSamePair(other, result)), result];
    await onResult(results);
  }
  return results;
}

const namesOf = ({ backend, spec }: Pair) => ({ case: spec.name, backend: backend.name });

function refused(pair: Pair, reason: string): CaseResult {
  const { seed } = pair.spec;
  return {
    ...namesOf(pair),
    status: 'refused',
    reason,
    contenders: [],
    checks: [],
    absent: {},
    seed,
    seconds: 0,
  };
}

/** Why a pair cannot run, or would take too long. */
export function refusalOf({ backend, spec }: Pair, limit: number): string | undefined {
  const reason = backend.refusal(spec) ?? (backend.host === 'browser' ? browserRefusal() : undefined);
  if (reason !== undefined || spec.task !== 'train') return reason;
  const seconds = stepSeconds({ backend, spec });
  if (seconds <= limit * (spec.patience ?? 1)) return undefined;
  return `a constrained step takes about ${Math.ceil(seconds)} s, too long for --limit ${limit}`;
}

/** Nominal time of a constrained step (of as many samples as a run has, where samples go one by one). */
function stepSeconds({ backend, spec }: Pair): number {
  const batch = backend.batchOf(spec);
  const runs = batch === 1 ? 16 : 1;
  return (runs * dataWork(spec, batch) * workBound(spec, 'ours', { batch })) / backend.speed(spec);
}

/** Seconds to start a process and make a case ready. */
const START = 1;
const BROWSER_START = 4;

/** Constrained steps that a round takes as long as. */
const CONTENDERS = 4;

/** Rounds that the check and the warm-up take as long as. */
const WARM_UP = 1.5;

/** For the time left only. */
export function expectedSeconds(pair: Pair, settings: Settings, limit: number): number {
  if (refusalOf(pair, limit) !== undefined) return 0.01;
  const start = pair.backend.host === 'browser' ? BROWSER_START : START;
  const round = pair.spec.task === 'train' ? stepSeconds(pair) * CONTENDERS : 0;
  const rounds = leastRoundsOf(1000 * round, settings);
  return start + WARM_UP * round + Math.max(settings.budget / 1000, rounds * round);
}
