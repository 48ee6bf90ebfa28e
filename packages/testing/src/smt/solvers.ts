import { spawnSync } from 'node:child_process';

/** Solvers of other people, and how each is asked to read a script with several questions from standard input. */
const SOLVERS: Readonly<Record<string, readonly string[]>> = {
  z3: ['-in'],
  cvc5: ['--incremental', '--lang=smt2.6', '-'],
};

/** Those that are installed. */
export const installedSolvers: readonly string[] = Object.keys(SOLVERS).filter(
  name => spawnSync(name, ['--version']).status === 0,
);

/** The answers of a solver to a script, one a line; what it says besides is an error. */
export function solverAnswers(solver: string, script: string): string[] {
  const { status, stdout, stderr } = spawnSync(solver, SOLVERS[solver], {
    input: script,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`${solver}: ${stdout.slice(0, 500)} ${stderr.slice(0, 500)}`);
  return stdout.split('\n').filter(line => line !== '');
}
