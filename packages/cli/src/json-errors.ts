import { PoliceError } from '@police/core';

/** What `--json` prints in place of a result: `{ "error": … }`, with the parts of a `PoliceError` where it is one. */
export function errorAsJson(error: unknown, message: string): string {
  const parts =
    error instanceof PoliceError
      ? { code: error.code, where: error.where, expected: error.expected, actual: error.actual }
      : { code: codeOf(error) };
  return `${JSON.stringify({ error: { ...parts, message } }, null, 2)}\n`;
}

/** Commander's own begin with `commander.`: the command line was wrong. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? `${error.code}` : '';
  return code.startsWith('commander.') ? 'usage' : 'defect';
}
