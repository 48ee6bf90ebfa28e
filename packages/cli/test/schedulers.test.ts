import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { box, freeze } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { randomArray, randomNetwork, seededRng } from '@police/testing/helpers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseCsv } from '../src/jobs/csv.js';
import { temporaryFolder } from './helpers.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const BIN = join(root, 'packages/cli/dist/bin.js');
const folder = await temporaryFolder();
const INSTANCES = join(folder, 'instances.csv');
const [MODELS, REGIONS, SHARDS] = [4, 3, 4];
const JOBS = MODELS * REGIONS;

/** Generous: other work may share the machine. */
const SLOW = 300_000;

beforeAll(async () => {
  // Threads and processes run what is built.
  execFileSync('npx', ['tsc', '-b', 'packages/cli'], { cwd: root, stdio: 'inherit' });
  const rng = seededRng(18);
  const INPUTS = 40;
  const rows = ['model,property,timeout,policy,no-run'];
  for (let m = 0; m < MODELS; m++) {
    // Large enough that a shard lives for a while.
    const net = randomNetwork(rng, [INPUTS, 200, 200, 200, 5], 'relu');
    await writeFile(
      join(folder, `m${m}.onnx`),
      exportOnnx(freeze(net, [], { precision: 'float32' }).network),
    );
  }
  for (let r = 0; r < REGIONS; r++) {
    const centre = randomArray(rng, INPUTS);
    const region = box(
      centre.map(x => x - 0.01),
      centre.map(x => x + 0.01),
    );
    await writeFile(join(folder, `r${r}.json`), JSON.stringify(region.toJSON()));
    for (let m = 0; m < MODELS; m++) rows.push(`m${m}.onnx,r${r}.json,600,${m % 2 ? 'majority' : ''},true`);
  }
  await writeFile(INSTANCES, `${rows.join('\n')}\n`);
}, SLOW);

const argsOf = (out: string, ...more: string[]) => [
  ...[BIN, 'enforce', '--instances', INSTANCES, '--output', `${out}/`, '--summary', `${out}/summary.csv`],
  ...['--quiet', ...more],
];

interface Finished {
  readonly rows: readonly string[];
  readonly files: ReadonlyMap<string, Buffer>;
}

/** What a table says but for times and places, sorted, and every file but the table. */
async function found(out: string): Promise<Finished> {
  const [head, ...rows] = parseCsv(await readFile(join(out, 'summary.csv'), 'utf8'));
  const kept = head.flatMap((name, k) => (['seconds', 'host', 'finished'].includes(name) ? [] : [k]));
  expect(rows.every(row => row.length === head.length)).toBe(true);
  const names = (await readdir(out)).filter(name => /\.(onnx|json)$/.test(name)).sort();
  const files = await Promise.all(names.map(async name => [name, await readFile(join(out, name))] as const));
  return { rows: rows.map(row => kept.map(k => row[k]).join()).sort(), files: new Map(files) };
}

let whole: Finished;

beforeAll(async () => {
  const out = join(folder, 'whole');
  const { status } = spawnSync('node', argsOf(out, '--jobs', '2'), {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  expect(status).toBe(0);
  whole = await found(out);
  expect(whole.rows).toHaveLength(JOBS);
  expect(whole.files.size).toBe(3 * JOBS);
}, SLOW);

/** Waits until the table has some rows besides its heading, or the time is up. */
async function untilRows(out: string, count: number): Promise<number> {
  for (let tries = 0; tries < 6000; tries++) {
    const text = await readFile(join(out, 'summary.csv'), 'utf8').catch(() => '');
    const rows = text.split('\n').length - 2;
    if (rows >= count) return rows;
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  throw new Error(`no ${count} rows`);
}

async function expectWhole(out: string): Promise<void> {
  const all = await found(out);
  expect(all.rows).toEqual(whole.rows);
  expect([...all.files.keys()]).toEqual([...whole.files.keys()]);
  for (const [name, bytes] of all.files) expect(bytes.equals(whole.files.get(name)!), name).toBe(true);
}

const ended = (child: ChildProcess) =>
  new Promise<number | string | null>(resolve => {
    child.once('exit', (code, signal) => resolve(signal ?? code));
  });

const start = (args: readonly string[]) =>
  spawn('node', args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env } });

test('four shards at once, one killed and run again, make the same as one run', {
  timeout: SLOW,
}, async () => {
  const out = join(folder, 'processes');
  const shards = Array.from({ length: SHARDS }, (_, i) => start(argsOf(out, '--shard', `${i}/${SHARDS}`)));
  const ends = shards.map(ended);
  const before = await untilRows(out, 1);
  expect(before).toBeLessThan(JOBS);
  shards[2].kill('SIGKILL');
  const codes = await Promise.all(ends);
  expect(codes.filter((_, i) => i !== 2)).toEqual([0, 0, 0]);
  expect(codes[2]).toBe('SIGKILL');
  expect((await found(out)).rows.length).toBeLessThan(JOBS);
  expect(await ended(start(argsOf(out, '--shard', `2/${SHARDS}`)))).toBe(0);
  await expectWhole(out);
});

test('Ctrl-C leaves what is done, and the same command does the rest', { timeout: SLOW }, async () => {
  const out = join(folder, 'interrupted');
  const child = start(argsOf(out, '--jobs', '2'));
  const end = ended(child);
  await untilRows(out, 1);
  child.kill('SIGINT');
  expect(await end).toBe(130);
  const { rows } = await found(out);
  expect(rows.length).toBeLessThan(JOBS);
  expect(whole.rows).toEqual(expect.arrayContaining([...rows]));
  expect(await ended(start(argsOf(out, '--jobs', '2')))).toBe(0);
  await expectWhole(out);
});

test('a job beyond its time is ended, told, and not tried again', { timeout: SLOW }, async () => {
  const out = join(folder, 'timed');
  await mkdir(out);
  const instances = join(folder, 'timed.csv');
  await writeFile(instances, 'model,property,timeout\nm0.onnx,r0.json,0.001\nm1.onnx,r0.json,600\n');
  const args = [...argsOf(out), '--instances', instances, '--json'];
  const first = spawnSync('node', args, { encoding: 'utf8' });
  expect([first.status, JSON.parse(first.stdout)]).toEqual([1, { done: 1, skipped: 0, failed: 1 }]);
  const [, ...rows] = parseCsv(await readFile(join(out, 'summary.csv'), 'utf8'));
  expect(rows.map(row => row[4]).sort()).toEqual(['done', 'timed out']);
  expect((await readdir(out)).some(name => name.startsWith('m0'))).toBe(false);
  const again = spawnSync('node', args, { encoding: 'utf8' });
  expect([again.status, JSON.parse(again.stdout)]).toEqual([0, { done: 0, skipped: 2, failed: 0 }]);
});

const has = (program: string) => spawnSync(program, ['--version']).error === undefined;
const hasSlurm = ['slurmctld', 'slurmd', 'sbatch', 'munged'].every(has) && process.getuid?.() === 0;
if (!hasSlurm)
  console.warn(
    'SKIPPED: Slurm (slurmctld, slurmd, slurm-client, munge; as root) is not there; shards ran as plain processes.',
  );

describe('the examples', () => {
  const environment = (out: string) => ({
    ...process.env,
    INSTANCES,
    OUT: out,
    SHARDS: `${SHARDS}`,
    POLICE: `node ${BIN}`,
  });

  test.skipIf(!has('parallel'))('GNU parallel', { timeout: SLOW }, async () => {
    const out = join(folder, 'parallel');
    const script = join(root, 'examples/gnu-parallel/police-parallel.sh');
    const { status } = spawnSync(script, ['-j', '2', '--will-cite'], {
      env: environment(out),
      stdio: 'ignore',
    });
    expect(status).toBe(0);
    await expectWhole(out);
  });

  describe.skipIf(!hasSlurm)('a Slurm array on one node', () => {
    const node = join(folder, 'slurm');
    const daemon = join(root, '.ci/slurm-node');
    let configuration: string;

    beforeAll(() => {
      configuration = execFileSync(daemon, ['start', node], { encoding: 'utf8' }).trim();
    }, SLOW);
    afterAll(async () => {
      execFileSync(daemon, ['stop', node]);
      await rm(node, { recursive: true, force: true });
    });

    test('four tasks over twelve instances, one killed and run again', { timeout: SLOW }, async () => {
      const out = join(folder, 'array');
      await mkdir(out);
      const env = { ...environment(out), SLURM_CONF: configuration };
      const script = join(root, 'examples/slurm/police-array.sbatch');
      const log = ['--output', join(out, 'log-%a.txt')];
      const submit = (...more: string[]) => ['--parsable', '--export', 'ALL', ...log, ...more, script];
      const id = execFileSync('sbatch', submit(), { env, encoding: 'utf8' }).trim();
      await untilRows(out, 1);
      execFileSync('scancel', ['--signal', 'KILL', '--full', `${id}_0`], { env });
      // Empty once all tasks are over.
      const isOver = () =>
        execFileSync('squeue', ['--noheader', '--job', id], { env, encoding: 'utf8' }).trim() === '';
      while (!isOver()) await new Promise(resolve => setTimeout(resolve, 200));
      expect((await found(out)).rows.length).toBeLessThan(JOBS);
      execFileSync('sbatch', submit('--wait', '--array', '0'), { env });
      await expectWhole(out);
    });
  });
});
