import type { RegionSource } from '../regions/sources.js';

/** Commands that can be run on many instances. */
export type JobCommandName = 'enforce' | 'verify' | 'repair';

/** One command on one model and the regions of one file, property or option: plain data, which travels between threads. */
export interface Job {
  readonly command: JobCommandName;
  readonly model: string;
  readonly region: RegionSource;
  /** What it is called where it is told of. */
  readonly name: string;
  /** Of a command that writes: its files are `<stem>.onnx`, `<stem>.certificate.json` and, last, `<stem>.report.json`. */
  readonly stem?: string;
  /** Seconds. */
  readonly timeout?: number;
  /** The command's, by their names in code; what all jobs of a run have in common and does not change results left out. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** What came of a job. */
export type JobStatus =
  | 'done'
  /** The answer is no: not certified, or no proof of what was written. */
  | 'not certified'
  | 'timed out'
  | 'unsupported'
  | 'bad input'
  /** A mistake of this program. */
  | 'defect';

export interface JobResult {
  /** The command's exit code. */
  readonly code: number;
  readonly status: JobStatus;
  /** The few facts that a table of many jobs holds. */
  readonly details: Readonly<Record<string, unknown>>;
  /** Warnings and errors, by line. */
  readonly messages: readonly string[];
}
