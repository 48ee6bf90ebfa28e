import { promises as fs } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { PoliceError } from '@police/core';
import type { Command } from 'commander';
import { readText, unusable } from '../files.js';
import { type BatchOptions, runBatch } from '../jobs/batch.js';
import { type Instance, instancesOf } from '../jobs/instances.js';
import type { Job, JobCommandName } from '../jobs/job.js';
import { Memory, type MemoryOptions } from '../memory.js';
import { asSaid, REGION_OPTIONS, type RegionOptions, stemOf as stemOfRegion } from '../regions/sources.js';
import type { Terminal } from '../terminal.js';

/** Options of a command that may be run on many instances; those of a single run are in it, too. */
export interface SweepOptions extends BatchOptions, MemoryOptions, RegionOptions {
  /** A CSV file, see `instancesOf`. */
  readonly instances?: string;
  /** A folder, for commands that write. */
  readonly output?: string;
}

/** Options that are not a job's: what all have in common, or what each has of its own. */
const NOT_OF_A_JOB: readonly string[] = [
  ...REGION_OPTIONS,
  'instances',
  'output',
  'shard',
  'jobs',
  'summary',
  'force',
  'json',
  'quiet',
  'report',
];

/** What a command leaves in files, which say whether a job is done. */
const WRITES: Readonly<Record<JobCommandName, boolean>> = { enforce: true, repair: true, verify: false };

/**
 * A command on many instances: those of `--instances`, or every model on the regions of every option or file, each apart. What is written goes into a
 * folder. Throws `invalid-option` for names of files that would collide, or both kinds of instances.
 */
export async function sweepCommand(
  command: JobCommandName,
  models: readonly string[],
  options: SweepOptions,
  described: Command,
  terminal: Terminal,
): Promise<number> {
  assertOfMany(options);
  const instances = await instancesFor(models, options, described, terminal);
  const { output } = options;
  if (WRITES[command]) await makeFolder(output ?? '-');
  const own = Object.entries(options).filter(([name]) => !NOT_OF_A_JOB.includes(name));
  const shared = Object.fromEntries(WRITES[command] ? own.filter(([name]) => name !== 'certificate') : own);
  const jobs = instances.map(
    (instance): Job => ({
      command,
      model: instance.model,
      region: instance.region,
      name: instance.name ?? `${instance.model} on ${asSaid(instance.region)}`,
      ...(WRITES[command] ? { stem: join(output!, stemOf(instance)) } : {}),
      ...(instance.timeout === undefined ? {} : { timeout: instance.timeout }),
      options: { ...shared, ...instance.options },
    }),
  );
  assertDistinct(jobs);
  return runBatch(jobs, options, terminal);
}

async function instancesFor(
  models: readonly string[],
  { instances, region, ...options }: SweepOptions,
  described: Command,
  terminal: Terminal,
): Promise<readonly Instance[]> {
  if (instances === undefined) {
    return models.flatMap(model => region.map(source => ({ model, region: source, options: {} })));
  }
  if (models.length > 0 || region.length > 0) {
    throw new PoliceError({
      code: 'invalid-option',
      where: '--instances',
      expected: 'models and regions from the file alone',
      actual: `${models.length > 0 ? models[0] : asSaid(region[0])} besides`,
    });
  }
  return instancesOf(await readText(instances, terminal, new Memory(options)), instances, described);
}

/** A file that every job would write or read anew is one of each. */
function assertOfMany(options: SweepOptions): void {
  const name = ['proof', 'property'].find(single => single in options);
  if (name === undefined) return;
  throw new PoliceError({
    code: 'invalid-option',
    where: `--${name}`,
    expected: 'one model and its regions',
    actual: 'many',
    remedy: 'Give the file of --instances a column of that name; properties are its second column.',
  });
}

async function makeFolder(path: string): Promise<void> {
  try {
    if (path === '-') throw new Error('standard output, which is one file');
    await fs.mkdir(path, { recursive: true });
  } catch (error) {
    throw unusable(path, 'a folder for the models, or the name of a new one', error);
  }
}

function assertDistinct(jobs: readonly Job[]): void {
  const seen = new Set<string>();
  for (const { stem } of jobs) {
    if (stem === undefined) continue;
    if (seen.has(stem)) {
      throw new PoliceError({
        code: 'invalid-option',
        where: stem,
        expected: 'models and regions of different names, which name the files written',
        actual: 'two that agree',
        remedy: 'Rename one, run them into different folders, or give instances a column name.',
      });
    }
    seen.add(stem);
  }
}

function stemOf({ name, model, region }: Instance): string {
  // A name is one of a file in the folder, whatever it says.
  return name === undefined ? `${basename(model, extname(model))}.${stemOfRegion(region)}` : basename(name);
}
