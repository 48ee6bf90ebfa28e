import { attempt, type End, type Job } from './attempt.js';
import { loadBackend } from './backends/index.js';

export type Message =
  /** Said before each contender starts: if nothing follows, it has taken the process with it. */
  { readonly kind: 'at'; readonly contender: string } | End;

/**
 * Measures one case in a process of its own, so that each starts with an empty heap, memory is its own, and what breaks
 * off breaks nothing else.
 */
process.once('message', async (job: Job) => {
  const send = (message: Message) => new Promise(resolve => process.send!(message, resolve));
  const at = (contender: string) => void send({ kind: 'at', contender });
  const backend = await loadBackend(job.backend);
  await send(
    backend.host === 'browser'
      ? await (await import('./browser/attempt.js')).attemptInBrowser(job, at)
      : withMemory(await attempt(job, backend, at)),
  );
  process.exit(0);
});

/** With the peak resident memory of this process. */
function withMemory(end: End): End {
  if (end.kind !== 'done') return end;
  const residentMiB = Math.round(process.resourceUsage().maxRSS / 1024);
  return { ...end, result: { ...end.result, residentMiB } };
}
