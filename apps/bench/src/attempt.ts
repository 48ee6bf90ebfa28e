import { type Backend, Unavailable } from './backends/backend.js';
import { cases } from './cases/index.js';
import { ContenderFailed, measure, type Settings } from './measure.js';
import type { CaseResult } from './results.js';

/** What is to be measured. */
export interface Job {
  readonly case: string;
  readonly backend: string;
  readonly settings: Settings;
  /** Contenders left out, and why. */
  readonly without: Readonly<Record<string, string>>;
}

/** How measuring ended. */
export type End =
  | { readonly kind: 'done'; readonly result: CaseResult }
  | { readonly kind: 'contender failed'; readonly contender: string; readonly reason: string }
  | { readonly kind: 'failed' | 'refused'; readonly reason: string };

/** Measures where it is called, in Node or in a page. Never throws. `at` is told each contender before it starts. */
export async function attempt(job: Job, backend: Backend, at: (contender: string) => void): Promise<End> {
  try {
    const spec = cases.find(({ name }) => name === job.case)!;
    return { kind: 'done', result: await measure(backend, spec, job.settings, job.without, at) };
  } catch (error) {
    const reason = reasonOf(error);
    if (error instanceof ContenderFailed)
      return { kind: 'contender failed', contender: error.contender, reason };
    return { kind: error instanceof Unavailable ? 'refused' : 'failed', reason };
  }
}

/** An error's first line. */
export const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : `${error}`).split('\n')[0].slice(0, 200);
