import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { End, Job } from './attempt.js';
import type { Backend } from './backends/backend.js';
import type { BenchCase } from './cases/case.js';
import type { Settings } from './measure.js';
import type { CaseResult } from './results.js';
import type { Message } from './worker.js';

/** Measures a case on a backend. Never throws: what goes wrong is in the result. */
export type MeasurePair = (backend: Backend, spec: BenchCase, settings: Settings) => Promise<CaseResult>;

/**
 * Measures in a child process. A contender that fails, or takes the process with it (as a heap that runs over does), is
 * noted as absent, and the others are measured in a new one.
 */
export const measureInChild: MeasurePair = async (backend, spec, settings) => {
  const without: Record<string, string> = {};
  const started = performance.now();
  const unmeasured = (status: 'failed' | 'refused', reason: string): CaseResult => ({
    case: spec.name,
    backend: backend.name,
    status,
    reason,
    contenders: [],
    checks: [],
    absent: { ...without },
    seed: spec.seed,
    seconds: (performance.now() - started) / 1000,
  });
  for (;;) {
    const end = await runChild({ case: spec.name, backend: backend.name, settings, without });
    if (end.kind === 'done') return end.result;
    if (end.kind !== 'contender failed') return unmeasured(end.kind, end.reason);
    // Without what the others are compared with there is nothing to say; and nothing fails twice.
    if (BASELINES.has(end.contender) || end.contender in without)
      return unmeasured('failed', `${end.contender}: ${end.reason}`);
    without[end.contender] = end.reason;
  }
};

const BASELINES: ReadonlySet<string> = new Set(['unconstrained', 'plain model', 'forward of the frame']);

function runChild(job: Job): Promise<End> {
  const child = fork(fileURLToPath(new URL('./worker.js', import.meta.url)), {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let at: string | undefined;
  let end: End | undefined;
  let errors = '';
  child.stderr!.on('data', chunk => {
    errors = `${errors}${chunk}`.slice(-2_000);
  });
  child.on('message', (message: Message) => {
    if (message.kind === 'at') at = message.contender;
    else end = message;
  });
  const kill = () => void child.kill();
  process.once('SIGINT', kill);
  child.send(job);
  return new Promise(resolve => {
    child.on('close', (code, signal) => {
      process.off('SIGINT', kill);
      const reason = `the process ended (${signal ?? `exit code ${code}`}) ${lastLine(errors)}`.trim();
      const wasStopped = signal === 'SIGINT' || signal === 'SIGTERM';
      const crashed: End =
        at && !wasStopped ? { kind: 'contender failed', contender: at, reason } : { kind: 'failed', reason };
      resolve(end ?? crashed);
    });
  });
}

const lastLine = (text: string): string =>
  text
    .split('\n')
    .filter(line => /error|abort|memory/i.test(line))
    .at(-1)
    ?.trim()
    .slice(0, 150) ?? '';
