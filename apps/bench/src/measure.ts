import type { Backend, Contender, Prepared } from './backends/backend.js';
import type { BenchCase } from './cases/case.js';
import { type Checked, checkAll } from './check.js';
import type { CaseResult, ContenderResult } from './results.js';
import { pairedRatios, quartiles } from './statistics.js';

export interface Settings {
  /** Milliseconds that the rounds of a case may take, but for the least number of rounds. */
  readonly budget: number;
  readonly leastRounds: number;
  readonly mostRounds: number;
  /** Milliseconds that a timing lasts at least: shorter runs are repeated in it. */
  readonly leastTiming: number;
}

export const FULL: Settings = { budget: 8_000, leastRounds: 5, mostRounds: 41, leastTiming: 5 };
export const QUICK: Settings = { budget: 700, leastRounds: 3, mostRounds: 15, leastTiming: 2 };

/** Above this time for a round of all contenders, three rounds do. */
const LONG_ROUND = 60_000;

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
    const shared = { case: spec.name, backend: backend.name, seed: spec.seed };
    const absent = { ...prepared.absent, ...without };
    const seconds = () => (performance.now() - started) / 1000;
    const checks = await checked(backend, spec, contenders, onContender);
    const bent = checks.filter(({ residual, tolerance }) => !(residual <= tolerance));
    if (bent.length > 0) {
      const reason = bent.map(saysBent).join('; ');
      return { ...shared, status: 'failed', reason, contenders: [], checks, absent, seconds: seconds() };
    }
    const measured = await timed(prepared, contenders, settings, onContender);
    const residentMiB = Math.round(process.resourceUsage().maxRSS / 1024);
    return {
      ...shared,
      status: 'measured',
      contenders: measured,
      checks,
      absent,
      residentMiB,
      seconds: seconds(),
    };
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
      const use = profile ? await perStep(profile, contender) : {};
      const time = await once(contender, 1);
      warm.push({ contender, use, time, calls: Math.ceil(settings.leastTiming / Math.max(time, 1e-3)) });
    } catch (error) {
      throw new ContenderFailed(contender.name, error);
    }
  }
  const times = warm.map((): number[] => []);
  const round = warm.reduce((sum, { time, calls }) => sum + time * calls, 0);
  const least = round > LONG_ROUND ? Math.min(3, settings.leastRounds) : settings.leastRounds;
  const start = performance.now();
  for (let r = 0; r < settings.mostRounds; r++) {
    if (r >= least && performance.now() - start > settings.budget) break;
    for (let i = 0; i < warm.length; i++) {
      const place = (i + r) % warm.length;
      const { contender, calls } = warm[place];
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
): Promise<{ peakBytes: number; kernels: number }> {
  const { peakBytes, kernels } = await profile(run);
  after?.();
  return { peakBytes, kernels: kernels / steps };
}
