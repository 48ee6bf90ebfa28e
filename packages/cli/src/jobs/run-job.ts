import { PoliceError } from '@police/core';
import { enforceBy } from '../commands/enforce-by.js';
import { isQuestion, type QueryOptions, queryCommand } from '../commands/query.js';
import { type RepairCommandOptions, repairCommand } from '../commands/repair.js';
import { type VerifyOptions, verifyCommand } from '../commands/verify.js';
import { defectSentence } from '../defect.js';
import type { EnforceOptions } from '../enforce-options.js';
import { EXIT, exitCodeOf } from '../exit-codes.js';
import type { JobHashes } from '../job-hashes.js';
import type { RegionSource } from '../regions/sources.js';
import { inTermsOfFlags } from '../remedies.js';
import type { Terminal } from '../terminal.js';
import type { Job, JobCommandName, JobResult, JobStatus } from './job.js';

/** What a thread is asked to do. */
export interface Task {
  readonly job: Job;
  readonly hashes: JobHashes;
  /** The command line, whose flags errors speak of. */
  readonly args: readonly string[];
}

/** A command as a function of a job. */
interface JobCommand {
  /** Prints one JSON value to standard output, warnings to standard error, and gives the exit code. */
  run(job: Job, hashes: JobHashes, terminal: Terminal): Promise<number>;
  /** The facts of that JSON that a table of many jobs holds. */
  details(json: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
}

/** Where a job that writes puts its files. Without its report it is not done, whatever else a killed process has left. */
const writingAt = (stem: string | undefined) => ({
  output: `${stem}.onnx`,
  certificate: `${stem}.certificate.json`,
  report: `${stem}.report.json`,
  json: true,
  quiet: true,
  force: true,
});

const COMMANDS: Readonly<Record<JobCommandName, JobCommand>> = {
  enforce: {
    run: ({ model, region, stem, options }, hashes, terminal) => {
      const asked = options as unknown as EnforceOptions;
      return enforceBy(asked.method)(
        model,
        {
          ...asked,
          region: [region],
          ...writingAt(stem),
        },
        terminal,
        hashes,
      );
    },
    details: ({ shifts, added, smallestMargin, inferenceError, drift, harm, job }) => ({
      ...pick(shifts, ['shifted', 'units', 'totalShift']),
      smallestMargin,
      inferenceError,
      ...pick(added, ['nodes', 'entries']),
      ...pick(drift, ['decisionAgreement', 'meanDrift']),
      ...pick(harm, ['points', 'decisionsChanged', 'outputsChanged']),
      ...pick(job, ['outputSha256', 'dataSha256']),
    }),
  },
  repair: {
    run: ({ model, region, stem, options }, hashes, terminal) =>
      repairCommand(
        model,
        {
          ...(options as unknown as RepairCommandOptions),
          ...(isProperty(region) ? { property: region.path } : {}),
          ...writingAt(stem),
        },
        terminal,
        hashes,
      ),
    details: ({ before, after, changed, inside, outside, job }) => ({
      before,
      after,
      changed,
      ...prefixed('inside', pick(inside, ['decisionsKept', 'largestChange'])),
      ...prefixed('outside', pick(outside, ['decisionsKept', 'largestChange'])),
      ...pick(job, ['outputSha256']),
    }),
  },
  verify: {
    run: ({ model, region, options, timeout }, _hashes, terminal) => {
      const asked: VerifyOptions & QueryOptions = {
        ...(options as unknown as VerifyOptions),
        region: [region],
        ...(isProperty(region) ? { property: region.path } : {}),
        ...(timeout === undefined ? {} : { timeout }),
        json: true,
        quiet: true,
        force: true,
      };
      return isQuestion(asked) ? queryCommand(model, asked, terminal) : verifyCommand(model, asked, terminal);
    },
    // Margins are one for each layer, points as long as inputs.
    details: ({
      layers: _layers,
      points: _points,
      input: _input,
      output: _output,
      cases: _cases,
      ...facts
    }) => facts,
  },
};

/** Does a job. Whatever goes wrong is in the result: other jobs go on. */
export async function runJob({ job, hashes, args }: Task): Promise<JobResult> {
  const out: string[] = [];
  const errors: string[] = [];
  const terminal: Terminal = {
    stdin: (async function* () {})(),
    stdout: { write: chunk => out.push(String(chunk)) },
    stderr: { write: chunk => errors.push(String(chunk)) },
  };
  const { run, details } = COMMANDS[job.command];
  const messages = () =>
    errors
      .join('')
      .split('\n')
      .filter(Boolean)
      .map(line => line.replace(/^warning: /, `warning: ${job.name}: `));
  try {
    const code = await run(job, hashes, terminal);
    return { code, status: statusOf(code), details: details(JSON.parse(out.join(''))), messages: messages() };
  } catch (error) {
    const code = exitCodeOf(error);
    const isOurs = error instanceof PoliceError;
    const sentence = isOurs ? inTermsOfFlags(error, args) : defectSentence(error);
    return {
      code,
      status: isOurs ? statusOf(code) : 'defect',
      details: { error: sentence },
      messages: [...messages(), `police: ${job.name}: ${sentence}`],
    };
  }
}

function isProperty(region: RegionSource): region is Extract<RegionSource, { kind: 'file' }> {
  return region.kind === 'file' && region.path.endsWith('.vnnlib');
}

function statusOf(code: number): JobStatus {
  if (code === EXIT.done) return 'done';
  if (code === EXIT.notCertified) return 'not certified';
  return code === EXIT.unsupported ? 'unsupported' : 'bad input';
}

function prefixed(prefix: string, facts: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => [`${prefix}${name[0].toUpperCase()}${name.slice(1)}`, fact]),
  );
}

function pick(from: unknown, names: readonly string[]): Record<string, unknown> {
  if (typeof from !== 'object' || from === null) return {};
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
}
