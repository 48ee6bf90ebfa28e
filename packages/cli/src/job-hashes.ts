import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { filesOf, type RegionSource, wordsOf } from './regions/sources.js';
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
  readonly map?: boolean;
  readonly inline?: boolean;
  readonly inputShape?: string;
  readonly outputName?: readonly string[];
  readonly at?: readonly string[];
  readonly epsilon?: number;
  /** With files. */
  readonly fix?: readonly string[];
  /** Files. */
  readonly target?: string;
  readonly data?: string;
}

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

export async function jobHashes(
  model: string,
  region: RegionSource,
  options: JobOptions,
): Promise<JobHashes> {
  const { policy, sharing, precision, decision, map, inline, inputShape, outputName, at, epsilon, fix } =
    options;
  const held = (fix ?? []).map(words => words.slice(words.indexOf('=') + 1));
  const named = [options.target, options.data, ...held];
  const files = await Promise.all(named.map(path => path && hashOf(path)));
  const facts = {
    policy,
    sharing,
    precision,
    decision,
    map,
    inline,
    inputShape,
    outputName,
    at,
    epsilon,
    fix,
    files,
    version,
  };
  return {
    modelSha256: await hashOf(model),
    regionSha256: await hashOfRegion(region),
    optionsSha256: sha256(JSON.stringify(facts)),
  };
}

/** Of a file its own; else of the words and of the files that they name. */
async function hashOfRegion(region: RegionSource): Promise<string> {
  if (region.kind === 'file' && region.clip === undefined) return hashOf(region.path);
  const files = await Promise.all(filesOf(region).map(hashOf));
  return sha256(JSON.stringify([wordsOf(region), files]));
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
