import { cpus } from 'node:os';

/** Runs a program: its exit code is what it returns, or `failure` after an error, whose message is told. */
export async function runProgram(main: () => unknown, failure = 1): Promise<void> {
  try {
    const code = await main();
    process.exitCode = typeof code === 'number' ? code : 0;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = failure;
  }
}

/** What times depend on, for the head of a report. */
export const machineName: string = `Node ${process.versions.node}, ${cpus()[0]?.model ?? 'unknown processor'}`;
