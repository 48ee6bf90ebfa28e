import { EXIT } from '../exit-codes.js';
import { hashOf, isDone, type JobHashes, jobHashes } from '../job-hashes.js';
import { type Talk, type Terminal, talkOf } from '../terminal.js';
import type { Job, JobResult, JobStatus } from './job.js';
import { type Executor, inThisThread, inThreads } from './pool.js';
import { runJob } from './run-job.js';
import { Summary } from './summary.js';

/** `i/n`: every n-th job from the i-th on, i from 0. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

export interface BatchOptions {
  readonly shard?: Shard;
  /** Threads. @defaultValue 1 */
  readonly jobs?: number;
  /** A CSV file. */
  readonly summary?: string;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

interface Planned {
  readonly job: Job;
  readonly hashes: JobHashes;
}

/** As the shell has it for a process that SIGINT ended. */
const INTERRUPTED = 130;

/**
 * Does jobs, each apart. Jobs are numbered alike in every process, so shards need no talk among each other; one that was done, of the
 * same model, regions and options by hash, is skipped, so that a run that was killed is simply run again. A job that fails is reported and the others
 * go on; the exit code is the worst of all. Ctrl-C ends what is running and leaves what is done.
 */
export async function runBatch(
  all: readonly Job[],
  options: BatchOptions,
  terminal: Terminal,
): Promise<number> {
  const { shard: { index, count } = { index: 0, count: 1 }, jobs: threads = 1 } = options;
  const talk = talkOf(terminal, { isQuiet: options.quiet === true, isJson: options.json === true });
  const summary = options.summary === undefined ? undefined : await Summary.open(options.summary);
  const mine = all.filter((_, i) => i % count === index);
  const planned = await plan(mine, summary, options.force === true);
  const isInThread = threads === 1 && mine.every(({ timeout }) => timeout === undefined);
  const executor = isInThread ? inThisThread(runJob) : inThreads(threads);
  const tally = { done: 0, skipped: mine.length - planned.length, failed: 0 };
  let worst: number = EXIT.done;
  const progress = talk.stage(`${planned.length} jobs`, 'jobs');
  const finished = async ({ job, hashes }: Planned, result: JobResult, seconds: number) => {
    await summary?.add(job, hashes, result, seconds);
    tally[result.code === EXIT.done ? 'done' : 'failed']++;
    worst = Math.max(worst, result.code);
    tell(talk, terminal, job, result, seconds);
    progress(tally.done + tally.failed, planned.length);
  };
  const isInterrupted = await inLanes(planned, threads, executor, finished);
  talk.settle();
  if (options.json) terminal.stdout.write(`${JSON.stringify(tally)}\n`);
  talk.say(`${tally.done} done, ${tally.skipped} there already, ${tally.failed} failed`);
  if (!isInterrupted) return worst;
  const left = planned.length - tally.done - tally.failed;
  talk.warn(`interrupted: ${left} jobs are left, and done by the same command`);
  return INTERRUPTED;
}

/** The jobs that are not done yet, with their hashes. */
async function plan(
  jobs: readonly Job[],
  summary: Summary | undefined,
  isForced: boolean,
): Promise<Planned[]> {
  const found = new Map<string, Promise<string>>();
  const remembered = (path: string) => {
    const hash = found.get(path) ?? hashOf(path);
    found.set(path, hash);
    return hash;
  };
  const planned: Planned[] = [];
  for (const job of jobs) {
    const hashes = await jobHashes(job, remembered);
    if (isForced || !(await isFinished(job, hashes, summary))) planned.push({ job, hashes });
  }
  return planned;
}

/** By the summary, if there is one, and where it says that files were written, by those. */
async function isFinished({ stem, ...job }: Job, hashes: JobHashes, summary?: Summary): Promise<boolean> {
  const isWritten = async () => stem !== undefined && (await isDone(stem, hashes));
  if (summary === undefined) return isWritten();
  const status = summary.statusOf(job, hashes);
  if (status === 'done' && stem !== undefined) return isWritten();
  return status !== undefined && FINAL.includes(status);
}

/** What was found out stays so; what could not be read may be there by now, and there may be more memory. */
const FINAL: readonly JobStatus[] = ['done', 'not certified', 'timed out'];

/** As many at a time as there are threads. Whether a signal ended it. */
async function inLanes(
  planned: readonly Planned[],
  threads: number,
  executor: Executor,
  finished: (planned: Planned, result: JobResult, seconds: number) => Promise<void>,
): Promise<boolean> {
  const left = [...planned];
  let isInterrupted = false;
  const interrupt = () => {
    isInterrupted = true;
    void executor.stop();
  };
  process.once('SIGINT', interrupt);
  const lane = async () => {
    for (let next = left.shift(); next && !isInterrupted; next = left.shift()) {
      const start = performance.now();
      try {
        const result = await executor.execute({ ...next, args: process.argv });
        await finished(next, result, (performance.now() - start) / 1000);
      } catch (error) {
        // The pool ends its threads with errors of its own.
        if (!isInterrupted) throw error;
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: threads }, lane));
  } finally {
    process.off('SIGINT', interrupt);
    await executor.stop();
  }
  return isInterrupted;
}

function tell(talk: Talk, { stderr }: Terminal, job: Job, result: JobResult, seconds: number): void {
  talk.settle();
  for (const line of result.messages) stderr.write(`${line}\n`);
  if (job.stem === undefined) talk.say(`${job.name}: ${result.status}, ${seconds.toFixed(2)} s`);
}
