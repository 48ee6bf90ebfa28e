import type { Progress } from '@police/core';

/** What a command reads and writes: `process`, or a stand-in for tests. */
export interface Terminal {
  readonly stdin: AsyncIterable<Uint8Array | string>;
  readonly stdout: Sink;
  readonly stderr: Sink;
}

export interface Sink {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  /** False where the chunk waits for room: `drain` follows. */
  write(chunk: string | Uint8Array): unknown;
  readonly destroyed?: boolean | undefined;
  once?(event: string, listener: () => void): unknown;
}

/** How a command talks: results to standard output, progress and warnings to standard error. */
export interface Talk {
  /** A line of the result. */
  say(line: string): void;
  warn(line: string): void;
  /** A stage of long work, counted in `unit`s: a bar on a terminal, else a line when it starts. */
  stage(name: string, unit?: string): Progress;
  /** The end of the last stage. */
  settle(): void;
}

const BAR_WIDTH = 24;

export interface TalkOptions {
  /** No results and no progress, warnings and errors only. */
  readonly isQuiet?: boolean;
  /** Results are left to the command, which prints one JSON value. */
  readonly isJson?: boolean;
  /** Standard output carries a file. */
  readonly isResultOnStderr?: boolean;
}

/** The talk of a command that may write its file to standard output. */
export function talkOfWriting(
  { quiet, json, output }: { readonly quiet?: boolean; readonly json?: boolean; readonly output?: string },
  terminal: Terminal,
): Talk {
  return talkOf(terminal, {
    isQuiet: quiet === true,
    isJson: json === true,
    isResultOnStderr: output === '-',
  });
}

export function talkOf(
  { stdout, stderr }: Terminal,
  { isQuiet = false, isJson = false, isResultOnStderr = false }: TalkOptions = {},
): Talk {
  const results = isResultOnStderr ? stderr : stdout;
  const clear = () => stderr.isTTY && !isQuiet && stderr.write('\r\x1b[2K');
  return {
    say: line => {
      clear();
      if (!isQuiet && !isJson) results.write(`${line}\n`);
    },
    warn: line => {
      clear();
      stderr.write(`warning: ${line}\n`);
    },
    stage: (name, unit = 'layers') => {
      const start = performance.now();
      if (!stderr.isTTY && !isQuiet && !isJson) stderr.write(`${name} …\n`);
      return (done, total) => {
        if (!stderr.isTTY || isQuiet) return;
        const filled = Math.round((BAR_WIDTH * done) / total);
        const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}`;
        const seconds = ((performance.now() - start) / 1000).toFixed(1);
        const left = unit === 'jobs' ? timeLeft(performance.now() - start, done, total) : '';
        stderr.write(`\r\x1b[2K${name.padEnd(10)} ${bar} ${done}/${total} ${unit}, ${seconds} s${left}`);
      };
    },
    settle: () => {
      clear();
    },
  };
}

/** Jobs are alike, more or less, where layers are not. */
function timeLeft(milliseconds: number, done: number, total: number): string {
  if (done === 0 || done === total) return '';
  const seconds = Math.ceil(((milliseconds / done) * (total - done)) / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours > 0) return `, about ${hours} h ${minutes} min left`;
  return minutes > 0 ? `, about ${minutes} min ${seconds % 60} s left` : `, about ${seconds} s left`;
}
