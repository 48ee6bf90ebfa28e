import { randomBytes } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { hostname } from 'node:os';
import { unusable } from '../files.js';
import type { JobHashes } from '../job-hashes.js';
import { asSaid } from '../regions/sources.js';
import { version } from '../version.js';
import { csvRow, parseCsv } from './csv.js';
import type { Job, JobResult, JobStatus } from './job.js';

const COLUMNS = [
  'command',
  'name',
  'model',
  'region',
  'status',
  'code',
  'seconds',
  'details',
  'modelSha256',
  'regionSha256',
  'optionsSha256',
  'version',
  'host',
  'finished',
] as const;

type Row = Readonly<Record<(typeof COLUMNS)[number], string>>;

/**
 * A table of jobs, as CSV, to which any number of processes append: each row is one write at the end of the file, which file systems of one
 * machine do not tear apart, and the heading is there before the first of them. A row says all that it depends on.
 */
export class Summary {
  readonly #path: string;
  readonly #known: ReadonlyMap<string, Row>;

  private constructor(path: string, known: ReadonlyMap<string, Row>) {
    this.#path = path;
    this.#known = known;
  }

  /** Throws `invalid-option` for a file that is none, or that cannot be written. */
  static async open(path: string): Promise<Summary> {
    try {
      await createWith(path, csvRow(COLUMNS));
      const text = await fs.readFile(path, 'utf8');
      const [head, ...rows] = parseCsv(text);
      if (head?.join() !== COLUMNS.join()) throw new Error('a file with another heading');
      // What a full disk or a killed machine cut off is no row, and the next one starts on a line of its own.
      if (!text.endsWith('\n')) await append(path, '\n');
      const whole = rows.filter(row => row.length === COLUMNS.length).map(rowOf);
      return new Summary(path, new Map(whole.map(row => [keyOf(row.command, row), row])));
    } catch (error) {
      throw unusable(path, 'a summary, or the name of a new one', error);
    }
  }

  /** What the last row of such a job says came of it. */
  statusOf({ command }: Pick<Job, 'command'>, hashes: JobHashes): JobStatus | undefined {
    return this.#known.get(keyOf(command, hashes))?.status as JobStatus | undefined;
  }

  async add(
    job: Job,
    hashes: JobHashes,
    { status, code, details }: JobResult,
    seconds: number,
  ): Promise<void> {
    const row: Record<keyof Row, string | number> = {
      command: job.command,
      name: job.name,
      model: job.model,
      region: asSaid(job.region),
      status,
      code,
      seconds: seconds.toFixed(3),
      details: JSON.stringify(details),
      ...hashes,
      version,
      host: hostname(),
      finished: new Date().toISOString(),
    };
    await append(this.#path, csvRow(COLUMNS.map(name => row[name])));
  }
}

function keyOf(command: string, { modelSha256, regionSha256, optionsSha256 }: JobHashes): string {
  return [command, modelSha256, regionSha256, optionsSha256].join();
}

function rowOf(fields: readonly string[]): Row {
  return Object.fromEntries(COLUMNS.map((name, i) => [name, fields[i]])) as unknown as Row;
}

/** Makes a file that has its content from the first moment, unless there is one. */
async function createWith(path: string, content: string): Promise<void> {
  if (await fs.stat(path).catch(() => undefined)) return;
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  await fs.writeFile(temporary, content);
  try {
    await fs.link(temporary, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await fs.rm(temporary);
  }
}

async function append(path: string, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  const file = await fs.open(path, 'a');
  try {
    const { bytesWritten } = await file.write(bytes);
    if (bytesWritten < bytes.length) throw new Error(`${bytesWritten} of ${bytes.length} bytes were written`);
  } finally {
    await file.close();
  }
}
