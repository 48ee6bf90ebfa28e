// The shell commands in the guides, run as `police` of this repository.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const bin = fileURLToPath(new URL('../../packages/cli/bin/police.js', import.meta.url));

/** Runs a line that begins with `npx police` in the present folder; its output, or an error where it fails. */
export async function police(line) {
  const [npx, name, ...args] = line.trim().split(/\s+/);
  if (npx !== 'npx' || name !== 'police') throw new Error(`no command of ours: ${line}`);
  const { stdout } = await promisify(execFile)(process.execPath, [bin, ...args]);
  return stdout;
}
