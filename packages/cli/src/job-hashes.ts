import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { version } from './version.js';

/** What a job of a sweep depends on, as SHA-256 in hex. */
export interface JobHashes {
  readonly modelSha256: string;
  readonly regionSha256: string;
  /** Of the options that change what is written, the files that they name, and this program's version. */
  readonly optionsSha256: string;
}

/** Options of `police enforce` that change what is written. */
export interface JobOptions {
  readonly policy: string;
  readonly sharing: string;
  readonly precision?: string;
  readonly decision: string;
  readonly map?: boolean | string;
  readonly method: string;
  readonly steepness?: number;
  readonly shell?: number;
  readonly inputShape?: string;
  readonly outputName?: string;
  /** Files. */
  readonly target?: string;
  readonly data?: string;
  readonly keep?: string;
  readonly domain?: string;
}

/** Maps that no file gives. */
const MAP_NAMES: readonly string[] = ['fit', 'minimax', 'shift'];

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

export async function jobHashes(model: string, region: string, options: JobOptions): Promise<JobHashes> {
  const { policy, sharing, precision, decision, map, inputShape, outputName } = options;
  const { method, steepness, shell, target, data, keep, domain } = options;
  const mapFile = typeof map === 'string' && !MAP_NAMES.includes(map) ? map : undefined;
  const files = await Promise.all([target, data, keep, domain, mapFile].map(path => path && hashOf(path)));
  const facts = {
    policy,
    sharing,
    precision,
    decision,
    map,
    inputShape,
    outputName,
    method,
    steepness,
    shell,
    files,
    version,
  };
  return {
    modelSha256: await hashOf(model),
    regionSha256: await hashOf(region),
    optionsSha256: sha256(JSON.stringify(facts)),
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
async function hashOf(path: string): Promise<string> {
  try {
    return sha256(await readFile(path));
  } catch {
    return 'unreadable';
  }
}
