import { pairedRatios, quartiles } from '@police/common/statistics';
import type { Backend, Contender, Prepared } from './backends/backend.js';
import type { BenchCase } from './cases/case.js';
import { type Checked, checkAll } from './check.js';
import type { CaseResult, ContenderResult } from './results.js';

export interface Settings {
  /** Milliseconds that the rounds of a case may take, but for the least number of rounds. */
  readonly budget: number;
  readonly leastRounds: number;
  readonly mostRounds: number;
  /** Milliseconds that each contender runs before. */
  readonly warmUp: number;
  /** Milliseconds that a timing lasts at least: shorter runs are repeated in it. */
  readonly leastTiming: number;
}

export const FULL: Settings = { budget: 2_000, leastRounds: 7, mostRounds: 41, warmUp: 200, leastTiming: 10 };
export const QUICK: Settings = { budget: 500, leastRounds: 3, mostRounds: 15, warmUp: 20, leastTiming: 2 };

/** Rounds that are measured at least, if one takes so many milliseconds: of two minutes, one. */
export function leastRoundsOf(round: number, { leastRounds }: Settings): number {
  const most = round > 120_000 ? 1 : round > 10_000 ? 3 : leastRounds;
  return Math.min(most, leastRounds);
}

/** Milliseconds above which a profiled step is warm-up enough. */
const LONG_STEP = 5_000;

/** A contender that broke off, which leaves the framework in an unknown state: start anew without it. */
export class ContenderFailed extends Error {
  constructor(
    readonly contender: string,
    cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : `${cause}`, { cause });
  }
}

/**
 * One case on one backend: correctness, a warm-up, then rounds in which the contenders take turns, each round beginning
 * with another. Throws a {@link ContenderFailed} if one does not finish its warm-up or its check.
 */
export async function measure(
  backend: Backend,
  spec: BenchCase,
  settings: Settings,
  without: Readonly<Record<string, string>> = {},
  onContender: (name: string) => void = () => {},
): Promise<CaseResult> {
  const started = performance.now();
  const prepared = await backend.prepare(spec, new Set(Object.keys(without)));
  const contenders = prepared.contenders.filter(({ name }) => !(name in without));
  try {
    const { device } = prepared;
    const shared = {
      case: spec.name,
      backend: backend.name,
      seed: spec.seed,
      ...(device ? { device } : {}),
    };
    const absent = { ...prepared.absent, ...without };
    const seconds = () => (performance.now() - started) / 1000;
    const checks = await checked(backend, spec, contenders, onContender);
    const bent = checks.filter(({ residual, tolerance }) => !(residual <= tolerance));
    if (bent.length > 0) {
      const reason = bent.map(saysBent).join('; ');
      return { ...shared, status: 'failed', reason, contenders: [], checks, absent, seconds: seconds() };
    }
    const measured = await timed(prepared, contenders, settings, onContender);
    return { ...shared, status: 'measured', contenders: measured, checks, absent, seconds: seconds() };
  } finally {
    await prepared.dispose();
  }
}

const saysBent = ({ contender, residual, tolerance }: Checked): string =>
  `${contender} is not affine on the region: residual ${residual.toExponential(1)}, rounding explains ${tolerance.toExponential(1)}`;

async function checked(
  backend: Backend,
  spec: BenchCase,
  contenders: readonly Contender[],
  onContender: (name: string) => void,
): Promise<Checked[]> {
  const checks: Checked[] = [];
  for (const contender of contenders) {
    onContender(contender.name);
    try {
      checks.push(...(await checkAll(spec, [contender], backend.roundoff)));
    } catch (error) {
      throw new ContenderFailed(contender.name, error);
    }
  }
  return checks;
}

async function timed(
  { profile }: Prepared,
  contenders: readonly Contender[],
  settings: Settings,
  onContender: (name: string) => void,
): Promise<ContenderResult[]> {
  const warm: { contender: Contender; calls: number; use: object; time: number }[] = [];
  for (const contender of contenders) {
    onContender(contender.name);
    try {
      const { taken, ...use } = profile ? await perStep(profile, contender) : { taken: 0 };
      const time = taken > LONG_STEP ? taken : await warmUp(contender, settings.warmUp);
      warm.push({ contender, use, time, calls: callsFor(time, settings) });
    } catch (error) {
      throw new ContenderFailed(contender.name, error);
    }
  }
  const times = warm.map((): number[] => []);
  const always = warm.filter(({ contender }) => contender.rounds === undefined);
  const round = always.reduce((sum, { time, calls }) => sum + time * calls, 0);
  const least = leastRoundsOf(round, settings);
  const start = performance.now();
  for (let r = 0; r < settings.mostRounds; r++) {
    if (r >= least && performance.now() - start > settings.budget) break;
    for (let i = 0; i < warm.length; i++) {
      const place = (i + r) % warm.length;
      const { contender, calls } = warm[place];
      if (contender.rounds !== undefined && r >= contender.rounds) continue;
      times[place].push((await once(contender, calls)) / (calls * (contender.steps ?? 1)));
    }
  }
  return warm.map(({ contender: { name, bound }, use }, i) => ({
    name,
    times: times[i],
    milliseconds: quartiles(times[i]),
    ...(i > 0 ? { ratio: quartiles(pairedRatios(times[i], times[0])) } : {}),
    ...(bound === undefined ? {} : { bound }),
    ...use,
  }));
}

/** Runs in one timing. */
const callsFor = (time: number, { leastTiming }: Settings): number =>
  Math.max(1, Math.ceil(leastTiming / Math.max(time, 1e-3)));

/** Milliseconds of the fastest run. */
async function warmUp(contender: Contender, milliseconds: number): Promise<number> {
  let [spent, fastest] = [0, Number.POSITIVE_INFINITY];
  do {
    const time = await once(contender, 1);
    fastest = Math.min(fastest, time);
    spent += time;
  } while (spent < milliseconds);
  return fastest;
}

/** Milliseconds of `calls` runs, without what follows each. */
async function once({ run, after }: Contender, calls: number): Promise<number> {
  let spent = 0;
  if (!after) {
    const start = performance.now();
    for (let i = 0; i < calls; i++) await run();
    return performance.now() - start;
  }
  for (let i = 0; i < calls; i++) {
    const start = performance.now();
    await run();
    spent += performance.now() - start;
    after();
  }
  return spent;
}

async function perStep(
  profile: NonNullable<Prepared['profile']>,
  { run, after, steps = 1 }: Contender,
): Promise<{ peakBytes: number; kernels: number; taken: number }> {
  const start = performance.now();
  const { peakBytes, kernels } = await profile(run);
  const taken = performance.now() - start;
  after?.();
  return { peakBytes, kernels: kernels / steps, taken };
}
