import { promises as fs } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { PoliceError } from '@police/core';
import { EXIT, exitCodeOf } from '../exit-codes.js';
import { isThere } from '../files.js';
import { type Terminal, talkOf } from '../terminal.js';
import { type EnforceOptions, enforceCommand } from './enforce.js';

/** One model on the regions of one file. */
interface Job {
  readonly model: string;
  readonly region: string;
  /** Its files are `<stem>.onnx`, `<stem>.certificate.json` and, last, `<stem>.report.json`. */
  readonly stem: string;
}

/** `i/n`: every n-th job from the i-th on, i from 0. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/**
 * `police enforce` of every model on every region file, into a folder. Jobs are numbered alike in every process, so shards
 * need no talk among each other; a job whose report is there is done and skipped, so a shard that was killed is run again
 * without harm. A job that fails is reported and the others go on; the exit code is the worst of all.
 */
export async function sweepCommand(
  models: readonly string[],
  options: EnforceOptions & { readonly shard?: Shard },
  terminal: Terminal,
): Promise<number> {
  const { index, count } = options.shard ?? { index: 0, count: 1 };
  const talk = talkOf(terminal, { isQuiet: options.quiet === true, isJson: options.json === true });
  await fs.mkdir(options.output, { recursive: true });
  const jobs = jobsOf(models, options.region, options.output).filter((_, i) => i % count === index);
  const progress = talk.stage(`${jobs.length} jobs`, 'jobs');
  const tally = { done: 0, skipped: 0, failed: 0 };
  let worst: number = EXIT.done;
  for (const [i, { model, region, stem }] of jobs.entries()) {
    if (!options.force && (await isThere(`${stem}.report.json`))) {
      tally.skipped++;
    } else {
      const code = await enforceOne(model, { ...optionsOf(options, stem), region: [region] }, terminal);
      tally[code === EXIT.done ? 'done' : 'failed']++;
      worst = Math.max(worst, code);
    }
    progress(i + 1, jobs.length);
  }
  talk.settle();
  if (options.json) terminal.stdout.write(`${JSON.stringify(tally)}\n`);
  talk.say(`${tally.done} done, ${tally.skipped} there already, ${tally.failed} failed`);
  return worst;
}

function optionsOf(options: EnforceOptions, stem: string): EnforceOptions {
  const { json: _, ...rest } = options;
  return {
    ...rest,
    output: `${stem}.onnx`,
    certificate: `${stem}.certificate.json`,
    report: `${stem}.report.json`,
    quiet: true,
    // Without its report a job is not done, whatever else a killed process has left.
    force: true,
  };
}

async function enforceOne(model: string, options: EnforceOptions, terminal: Terminal): Promise<number> {
  try {
    return await enforceCommand(model, options, terminal);
  } catch (error) {
    if (!(error instanceof PoliceError)) throw error;
    terminal.stderr.write(`police: ${model} on ${options.region[0]}: ${error.message}\n`);
    return exitCodeOf(error);
  }
}

function jobsOf(models: readonly string[], regions: readonly string[], folder: string): Job[] {
  const jobs = models.flatMap(model =>
    regions.map(region => ({ model, region, stem: join(folder, `${stemOf(model)}.${stemOf(region)}`) })),
  );
  const stems = jobs.map(({ stem }) => stem);
  const double = stems.find((stem, i) => stems.indexOf(stem) < i);
  if (double === undefined) return jobs;
  throw new PoliceError({
    code: 'invalid-option',
    where: double,
    expected: 'models and regions of different names, which name the files written',
    actual: 'two that agree',
    remedy: 'Rename one, or run them into different folders.',
  });
}

function stemOf(path: string): string {
  return basename(path, extname(path));
}
