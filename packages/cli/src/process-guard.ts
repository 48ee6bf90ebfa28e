import { sayDefect } from './defect.js';
import { EXIT } from './exit-codes.js';

interface Stream {
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
  write(text: string): unknown;
}

/** The part of `process` that is guarded. */
export interface GuardedProcess {
  readonly stdout: Stream;
  readonly stderr: Stream;
  on(event: 'uncaughtException', listener: (error: unknown) => void): unknown;
  exit(code: number): unknown;
}

/**
 * Keeps exit code 1 for "not certified": Node would end with it for whatever nobody caught. A reader that stops early, as
 * `head` does, ends nothing: the command goes on quietly, and its exit code says what it found.
 */
export function guard(process: GuardedProcess): void {
  process.on('uncaughtException', error => {
    sayDefect(error, process);
    process.exit(EXIT.badInput);
  });
  process.stderr.on('error', () => {
    // Nobody is left to be told.
  });
  process.stdout.on('error', error => {
    if (error.code === 'EPIPE') return;
    process.stderr.write(`police: standard output: ${error.message}\n`);
    process.exit(EXIT.badInput);
  });
}
