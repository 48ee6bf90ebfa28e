import { readFile } from 'node:fs/promises';
import { writeAtomically } from '@police/common/files';
import type { Quartiles } from '@police/common/statistics';
import type { Device } from './backends/backend.js';
import type { Checked } from './check.js';
import type { Machine } from './machine.js';

export interface ContenderResult {
  readonly name: string;
  /** Milliseconds per step, round by round. */
  readonly times: readonly number[];
  readonly milliseconds: Quartiles;
  /** Over the first contender's, round by round; absent for the first. */
  readonly ratio?: Quartiles;
  /** What counting multiply-adds foretells for the ratio. */
  readonly bound?: number;
  /** Of tensors, where the framework tells. */
  readonly peakBytes?: number;
  /** Launched per step, where the framework tells. */
  readonly kernels?: number;
}

export interface CaseResult {
  readonly case: string;
  readonly backend: string;
  readonly status: 'measured' | 'refused' | 'failed';
  /** Why it was refused or failed. */
  readonly reason?: string;
  readonly contenders: readonly ContenderResult[];
  readonly checks: readonly Checked[];
  /** Contenders that could not take part, and why. */
  readonly absent: Readonly<Record<string, string>>;
  readonly seed: number;
  /** What it ran on, unless that is the processor. */
  readonly device?: Device;
  /** Peak resident memory of the process that measured the case, MiB. */
  readonly residentMiB?: number;
  readonly seconds: number;
}

export interface Results {
  readonly version: 1;
  readonly started: string;
  readonly quick: boolean;
  readonly machine: Machine;
  readonly results: readonly CaseResult[];
}

export const writeResults = (file: string, results: Results): Promise<void> =>
  writeAtomically(file, `${JSON.stringify(results, null, 1)}\n`);

/** Throws, naming the file, unless it holds results. */
export async function readResults(file: string): Promise<Results> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new Error(`${file}: cannot be read (${error.message})`);
  });
  const parsed = parse(text, file);
  if (parsed?.version !== 1 || !Array.isArray(parsed.results))
    throw new Error(`${file}: expected results of npm run bench, version 1`);
  return parsed as Results;
}

function parse(text: string, file: string): Partial<Results> | null {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${file}: not JSON`);
  }
}

/** Whether two results are of the same thing. */
export const isSamePair = (
  a: Pick<CaseResult, 'case' | 'backend'>,
  b: Pick<CaseResult, 'case' | 'backend'>,
): boolean => a.case === b.case && a.backend === b.backend;
