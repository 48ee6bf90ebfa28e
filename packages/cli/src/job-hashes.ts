import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fixedFileIn } from './fixed-inputs.js';
import type { Job } from './jobs/job.js';
import { isMapFile } from './map-file.js';
import { filesOf, type RegionSource, regionWords, wordsOf } from './regions/sources.js';
import { version } from './version.js';

/** What a job depends on, as SHA-256 in hex. */
export interface JobHashes {
  readonly modelSha256: string;
  readonly regionSha256: string;
  /** Of the command, its options, the files that they name, and this program's version. */
  readonly optionsSha256: string;
}

/** What came of a job that writes. */
export interface WrittenHashes {
  readonly outputSha256: string;
  /** Of the file beside it, where the model keeps its data in one. */
  readonly dataSha256?: string;
}

/** Options that name files which are read. */
const FILES = ['target', 'data', 'certificate', 'keep'];

/** Options that change nothing of a result that there is; what memory was too little for is no result. */
const WITHOUT_EFFECT = ['memory', 'threads'];

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

type HashFile = (path: string) => Promise<string>;

/** `hashFile` may remember what it has read: jobs share models and regions. */
export async function jobHashes(
  { command, model, region, timeout, options }: Job,
  hashFile: HashFile = hashOf,
): Promise<JobHashes> {
  const facts: [string, unknown][] = [];
  for (const [name, value] of Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (value === undefined || WITHOUT_EFFECT.includes(name)) continue;
    facts.push([name, await contentOf(name, value, hashFile)]);
  }
  return {
    modelSha256: await hashFile(model),
    regionSha256: await hashOfRegion(region, hashFile),
    optionsSha256: sha256(JSON.stringify({ command, timeout, facts, version })),
  };
}

/** An option's value, with hashes for the files that it names. */
async function contentOf(name: string, value: unknown, hashFile: HashFile): Promise<unknown> {
  if (FILES.includes(name)) return hashFile(String(value));
  if (name === 'map' && isMapFile(value)) return hashFile(value);
  if (name === 'domain') return hashOfRegion(regionWords(String(value)), hashFile);
  if (name !== 'fix') return value;
  return Promise.all(
    (value as readonly string[]).map(async words => {
      const held = fixedFileIn(words);
      return held === undefined ? words : [words.slice(0, -held.length), await hashFile(held)];
    }),
  );
}

/** Of a file its own; else of the words and of the files that they name. */
async function hashOfRegion(region: RegionSource, hashFile: HashFile): Promise<string> {
  if (region.kind === 'file' && region.clip === undefined) return hashFile(region.path);
  const files = await Promise.all(filesOf(region).map(path => hashFile(path)));
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
    const hasData = job.dataSha256 === undefined || (await hashOf(`${stem}.onnx.data`)) === job.dataSha256;
    return hasData && (await hashOf(`${stem}.onnx`)) === job.outputSha256;
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
