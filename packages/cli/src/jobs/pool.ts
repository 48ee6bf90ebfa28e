import { Tinypool } from 'tinypool';
import { EXIT } from '../exit-codes.js';
import type { JobResult } from './job.js';
import type { Task } from './run-job.js';

/** Does jobs, some at a time. */
export interface Executor {
  execute(task: Task): Promise<JobResult>;
  /** Ends what is running, at once. */
  stop(): Promise<void>;
}

/** Does jobs in this thread, where nothing can end one before it is done. */
export function inThisThread(runJob: (task: Task) => Promise<JobResult>): Executor {
  return { execute: runJob, stop: async () => {} };
}

/**
 * Does jobs in `threads` threads. One that takes longer than its timeout is ended with its thread, files half written included, and
 * what it wrote under temporary names is swept later.
 */
export function inThreads(threads: number): Executor {
  const pool = new Tinypool({
    filename: new URL('./worker.js', import.meta.url).href,
    minThreads: 0,
    maxThreads: threads,
    // A thread that is done with its last job need not stay.
    idleTimeout: 10_000,
  });
  return {
    execute: async task => {
      const { timeout } = task.job;
      const controller = new AbortController();
      const timer = timeout === undefined ? undefined : setTimeout(() => controller.abort(), 1000 * timeout);
      try {
        return await pool.run(task, { signal: controller.signal });
      } catch (error) {
        if (!controller.signal.aborted) throw error;
        return { code: EXIT.notCertified, status: 'timed out', details: { timeout }, messages: [] };
      } finally {
        clearTimeout(timer);
      }
    },
    stop: () => pool.destroy(),
  };
}
