import { backends } from './backends/index.js';
import { cases } from './cases/index.js';
import { ContenderFailed, measure, type Settings } from './measure.js';
import type { CaseResult } from './results.js';

/** What the parent asks for. */
export interface Job {
  readonly case: string;
  readonly backend: string;
  readonly settings: Settings;
  readonly without: Readonly<Record<string, string>>;
}

export type Message =
  /** Said before each contender starts: if nothing follows, it has taken the process with it. */
  | { readonly kind: 'at'; readonly contender: string }
  | { readonly kind: 'contender failed'; readonly contender: string; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'done'; readonly result: CaseResult };

/**
 * Measures one case in a process of its own, so that each starts with an empty heap, memory is its own, and what breaks
 * off breaks nothing else.
 */
process.once('message', async (job: Job) => {
  const send = (message: Message) => new Promise(resolve => process.send!(message, resolve));
  try {
    const backend = backends.find(({ name }) => name === job.backend)!;
    const spec = cases.find(({ name }) => name === job.case)!;
    const at = (contender: string) => void send({ kind: 'at', contender });
    const result = await measure(backend, spec, job.settings, job.without, at);
    await send({ kind: 'done', result });
  } catch (error) {
    const reason = firstLine(error instanceof Error ? error.message : `${error}`);
    await send(
      error instanceof ContenderFailed
        ? { kind: 'contender failed', contender: error.contender, reason }
        : { kind: 'failed', reason },
    );
  }
  process.exit(0);
});

const firstLine = (text: string): string => text.split('\n')[0].slice(0, 200);
