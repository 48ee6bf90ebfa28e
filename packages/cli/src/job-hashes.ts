import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Job } from './jobs/job.js';
import { version } from './version.js';

/** What a job depends on, as SHA-256 in hex. */
export interface JobHashes {
  readonly modelSha256: string;
  readonly regionSha256: string;
  /** Of the command, its options, the files that they name, and this program's version. */
  readonly optionsSha256: string;
}

/** Options that name files which are read. */
const FILES = ['target', 'data', 'certificate', 'keep'];

/** Options that change nothing of a result that there is. */
const WITHOUT_EFFECT = ['memory', 'run'];

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** `hashFile` may remember what it has read: jobs share models and regions. */
export async function jobHashes(
  { command, model, region, timeout, options }: Job,
  hashFile: (path: string) => Promise<string> = hashOf,
): Promise<JobHashes> {
  const facts: [string, unknown][] = [];
  for (const [name, value] of Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (value === undefined || WITHOUT_EFFECT.includes(name)) continue;
    facts.push([name, FILES.includes(name) ? await hashFile(String(value)) : value]);
  }
  return {
    modelSha256: await hashFile(model),
    regionSha256: await hashFile(region),
    optionsSha256: sha256(JSON.stringify({ command, timeout, facts, version })),
  };
}

/**
 * Whether a job is done: its report is one, says that it was made of the same model, regions and options, and the model
 * beside it is the one it speaks of.
 */
export async function isDone(stem: string, hashes: JobHashes): Promise<boolean> {
  try {
    const { certified, job } = JSON.parse(await readFile(`${stem}.report.json`, 'utf8'));
    const isSame = (Object.keys(hashes) as (keyof JobHashes)[]).every(key => job[key] === hashes[key]);
    if (certified !== true || !isSame) return false;
    await readFile(`${stem}.certificate.json`);
    return (await hashOf(`${stem}.onnx`)) === job.outputSha256;
  } catch {
    // No report, or none that can be read: nothing is known to be done.
    return false;
  }
}

/** Of a file that cannot be read, what reading it then says is the better message. */
export async function hashOf(path: string): Promise<string> {
  try {
    return sha256(await readFile(path));
  } catch {
    return 'unreadable';
  }
}
