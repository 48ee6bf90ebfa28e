import { PoliceError } from '../errors.js';
import { THREAD_CODE } from './shares.js';

interface Worker {
  unref(): void;
  terminate(): Promise<number>;
}

/** As far as Node.js has it: its own modules without an import, which a page could not resolve. */
declare const process:
  | {
      getBuiltinModule?(name: 'node:worker_threads'): {
        Worker: new (code: string, options: { eval: true; workerData: object }) => Worker;
      };
    }
  | undefined;

/** Threads that do shares beside this one. */
export interface Helpers {
  /** Starts them, if they are not started yet. */
  gather(): void;
  /** Ends them. */
  dismiss(): void;
}

/**
 * So many threads over one memory. They keep no process alive: they end with it, at a signal too. Throws `invalid-option` where there are none, as
 * in a page.
 */
export function helpersOf(count: number, data: { module: object; memory: object }): Helpers {
  const threads =
    typeof process === 'undefined' ? undefined : process.getBuiltinModule?.('node:worker_threads');
  if (!Number.isInteger(count) || count < 0 || (count > 0 && !threads)) {
    throw new PoliceError({
      code: 'invalid-option',
      where: 'useFastProducts: option threads',
      expected: threads ? 'a whole number from 1 up' : '1: there is no node:worker_threads here',
      actual: `${count + 1}`,
    });
  }
  let workers: Worker[] = [];
  return {
    gather: () => {
      if (workers.length === count) return;
      workers = Array.from(
        { length: count },
        () => new threads!.Worker(THREAD_CODE, { eval: true, workerData: data }),
      );
      for (const worker of workers) worker.unref();
    },
    dismiss: () => {
      for (const worker of workers) void worker.terminate();
      workers = [];
    },
  };
}
