import { PoliceError } from '@police/core';
import { type Command, InvalidArgumentError } from 'commander';
import type { Shard } from './batch.js';

/** The flags of a command that may be run on many instances. */
export function instanceOptions(command: Command): Command {
  return command
    .option(
      '--instances <file>',
      'many at once: CSV of model, property, timeout in seconds; with a heading, options as further columns',
    )
    .option(
      '--jobs <n>',
      'of many: how many at a time (default: 1); each takes what --memory allows and, beside others, one of --threads',
      wholeNumber,
    )
    .option(
      '--summary <file>',
      'of many: a CSV table to append to, a row for each; what is there is not done again',
    )
    .option('--shard <i/n>', 'of many: only every n-th, from the i-th on, i from 0', shardOf);
}

interface ManyOptions {
  readonly output?: string;
  readonly instances?: string;
  readonly shard?: Shard;
  readonly jobs?: number;
  readonly summary?: string;
}

/** Whether a command line asks for many runs. Throws `invalid-option` where it asks for none. */
export function isMany(
  models: readonly string[],
  { output, instances, shard, jobs, summary }: ManyOptions,
): boolean {
  if (models.length === 0 && instances === undefined) {
    throw new PoliceError({
      code: 'invalid-option',
      where: 'model',
      expected: 'a model, or --instances',
      actual: 'neither',
    });
  }
  const isFolder = output?.endsWith('/') === true;
  return (
    models.length > 1 || isFolder || [instances, shard, jobs, summary].some(given => given !== undefined)
  );
}

function shardOf(text: string): Shard {
  const [, index, count] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (index < count) return { index, count };
  throw new InvalidArgumentError('Expected i/n with i from 0 to n - 1, such as 0/8.');
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('Expected a whole number above 0.');
}

export function seconds(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('Expected a number of seconds above 0.');
}
