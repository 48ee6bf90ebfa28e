import { promises as fs } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { PoliceError } from '@police/core';
import { EXIT, exitCodeOf } from '../exit-codes.js';
import { unusable } from '../files.js';
import { isDone, type JobHashes, jobHashes } from '../job-hashes.js';
import { inTermsOfFlags } from '../remedies.js';
import { type Terminal, talkOf } from '../terminal.js';
import { type EnforceOptions, enforceCommand } from './enforce.js';
import { patchCommand } from './patch.js';

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
 * need no talk among each other; a job whose report says that it was done, of the same model, regions and options, is skipped, so a
 * shard that was killed is run again without harm, and what changed is done anew. A job that fails is reported and the others go on; the exit code is the worst of all.
 */
export async function sweepCommand(
  models: readonly string[],
  options: EnforceOptions & { readonly shard?: Shard },
  terminal: Terminal,
): Promise<number> {
  const { index, count } = options.shard ?? { index: 0, count: 1 };
  const talk = talkOf(terminal, { isQuiet: options.quiet === true, isJson: options.json === true });
  await makeFolder(options.output);
  const jobs = jobsOf(models, options.region, options.output).filter((_, i) => i % count === index);
  const progress = talk.stage(`${jobs.length} jobs`, 'jobs');
  const tally = { done: 0, skipped: 0, failed: 0 };
  let worst: number = EXIT.done;
  for (const [i, { model, region, stem }] of jobs.entries()) {
    const hashes = await jobHashes(model, region, options);
    if (!options.force && (await isDone(stem, hashes))) {
      tally.skipped++;
    } else {
      const jobOptions = { ...optionsOf(options, stem), region: [region] };
      const code = await enforceOne(model, jobOptions, terminal, hashes);
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

async function makeFolder(path: string): Promise<void> {
  try {
    if (path === '-') throw new Error('standard output, which is one file');
    await fs.mkdir(path, { recursive: true });
  } catch (error) {
    throw unusable(path, 'a folder for the models, or the name of a new one', error);
  }
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

async function enforceOne(
  model: string,
  options: EnforceOptions,
  terminal: Terminal,
  hashes: JobHashes,
): Promise<number> {
  try {
    const command = options.method === 'patch' ? patchCommand : enforceCommand;
    return await command(model, options, terminal, hashes);
  } catch (error) {
    if (!(error instanceof PoliceError)) throw error;
    terminal.stderr.write(
      `police: ${model} on ${options.region[0]}: ${inTermsOfFlags(error, process.argv)}\n`,
    );
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
