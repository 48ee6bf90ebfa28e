import { differs, type Quartiles } from '@police/common/statistics';
import { isSameMachine } from './machine.js';
import { type CaseResult, isSamePair, type Results } from './results.js';

/**
 * Least relative changes that count: ratios repeat from process to process to a few percent, times on a machine that also does
 * other things only to a quarter.
 */
const RATIO_FLOOR = 0.1;
const TIME_FLOOR = 0.3;

export interface Change {
  readonly case: string;
  readonly backend: string;
  readonly contender: string;
  readonly of: 'ratio' | 'time';
  readonly old: number;
  readonly now: number;
}

export interface Comparison {
  readonly changes: readonly Change[];
  /** Quantities compared. */
  readonly compared: number;
  /** Cases that were measured before and are not now, or on another device, with the reason. */
  readonly lost: readonly string[];
  /** Whether times were compared too: only on the same machine. */
  readonly times: boolean;
}

/** What has changed beyond the noise, for the better or the worse. */
export function compare(old: Results, now: Results): Comparison {
  const times = isSameMachine(old.machine, now.machine);
  const pairs = now.results.flatMap(result => {
    const before = old.results.find(other => isSamePair(other, result));
    return before?.status === 'measured' ? [{ before, result, why: incomparable(before, result) }] : [];
  });
  const quantities = pairs
    .filter(({ why }) => why === undefined)
    .flatMap(({ before, result }) => quantitiesOf(before, result, times));
  return {
    changes: quantities
      .filter(({ old, now, floor }) => differs(old, now, floor))
      .map(({ floor, old, now, ...where }) => ({ ...where, old: old.median, now: now.median })),
    compared: quantities.length,
    lost: pairs
      .filter(({ why }) => why !== undefined)
      .map(({ result, why }) => `${result.case} on ${result.backend}: ${why}`),
    times,
  };
}

function incomparable(before: CaseResult, result: CaseResult): string | undefined {
  if (result.status !== 'measured') return `${result.status}, ${result.reason}`;
  const [was, is] = [before, result].map(({ device }) => device?.renderer ?? 'the processor');
  return was === is ? undefined : `on ${is}, before on ${was}`;
}

interface Quantity extends Omit<Change, 'old' | 'now'> {
  readonly old: Quartiles;
  readonly now: Quartiles;
  readonly floor: number;
}

function quantitiesOf(before: CaseResult, result: CaseResult, times: boolean): Quantity[] {
  return result.contenders.flatMap((now): Quantity[] => {
    const old = before.contenders.find(({ name }) => name === now.name);
    if (!old) return [];
    const where = { case: result.case, backend: result.backend, contender: now.name };
    const ratio =
      old.ratio && now.ratio
        ? [{ ...where, of: 'ratio' as const, old: old.ratio, now: now.ratio, floor: RATIO_FLOOR }]
        : [];
    const time = { ...where, of: 'time' as const, old: old.milliseconds, now: now.milliseconds };
    return times ? [...ratio, { ...time, floor: TIME_FLOOR }] : ratio;
  });
}

/** For the terminal. */
export function saysComparison({ changes, compared, lost, times }: Comparison): string {
  const lines = changes.map(({ of, old, now, ...where }) => {
    const unit = of === 'ratio' ? (x: number) => `×${x.toFixed(2)}` : (x: number) => `${x.toPrecision(3)} ms`;
    const direction = now > old ? 'slower' : 'faster';
    return `${direction}: ${where.case} on ${where.backend}, ${where.contender}: ${unit(old)} → ${unit(now)}`;
  });
  return [
    ...lines,
    ...lost.map(text => `lost: ${text}`),
    `${changes.length} of ${compared} quantities changed beyond the noise${times ? '' : ' (another machine: only ratios compared)'}`,
  ].join('\n');
}
