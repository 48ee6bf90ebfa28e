import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runs } from '@police/testing/helpers';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { JobHashes } from '../src/job-hashes.js';
import { csvRow, parseCsv } from '../src/jobs/csv.js';
import type { Job, JobResult } from '../src/jobs/job.js';
import { Summary } from '../src/jobs/summary.js';
import { talkOf } from '../src/terminal.js';
import { police, smallFiles, temporaryFolder } from './helpers.js';

const folder = await temporaryFolder();
const inFolder = (name: string) => join(folder, name);

describe('comma-separated values', () => {
  test('what is written is read again, whatever is in it', () => {
    const field = fc.string({ unit: fc.constantFrom('a', ' b', '"', ',', '\n', '\r\n', 'é', '') });
    // Spaces around what has no quotes are none of it; a row of one empty field is an empty line.
    const plain = field.map(text => (/[",\r\n]/.test(text) ? text : text.trim()));
    const row = fc.array(plain, { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(row), rows => {
        expect(parseCsv(rows.map(csvRow).join(''))).toEqual(rows);
      }),
      { numRuns: runs(200) },
    );
  });

  test('ends of lines of every kind, an end without one, empty lines', () => {
    expect(parseCsv('a,b\r\n\r\nc,"d""e"\n\nf,')).toEqual([
      ['a', 'b'],
      ['c', 'd"e'],
      ['f', ''],
    ]);
    expect(parseCsv('')).toEqual([]);
  });
});

describe('a summary', () => {
  const job: Job = {
    command: 'verify',
    model: 'm.onnx',
    region: { kind: 'file', path: 'p, "q".vnnlib' },
    name: 'm',
    options: {},
  };
  const hashesOf = (i: number): JobHashes => ({
    modelSha256: `${i}`,
    regionSha256: 'r',
    optionsSha256: 'o',
  });
  const result: JobResult = { code: 0, status: 'done', details: { text: 'a,b\n"c"' }, messages: [] };

  test('many writers at once: one heading, every row whole', async () => {
    const path = inFolder('many.csv');
    const writers = await Promise.all(Array.from({ length: 12 }, () => Summary.open(path)));
    const rows = 20;
    await Promise.all(
      writers.flatMap((summary, w) =>
        Array.from({ length: rows }, (_, i) => summary.add(job, hashesOf(w * rows + i), result, 0.5)),
      ),
    );
    const [head, ...found] = parseCsv(await readFile(path, 'utf8'));
    expect(head).toContain('optionsSha256');
    expect(found.every(row => row.length === head.length)).toBe(true);
    const hashes = found.map(row => Number(row[head.indexOf('modelSha256')])).sort((a, b) => a - b);
    expect(hashes).toEqual(Array.from({ length: 12 * rows }, (_, i) => i));
    expect(JSON.parse(found[0][head.indexOf('details')])).toEqual(result.details);
    expect((await Summary.open(path)).statusOf(job, hashesOf(7))).toBe('done');
    expect((await Summary.open(path)).statusOf({ command: 'enforce' }, hashesOf(7))).toBeUndefined();
  });

  test('a row cut off by a full disk is none, and spoils no other', async () => {
    const path = inFolder('torn.csv');
    await (await Summary.open(path)).add(job, hashesOf(1), result, 0.5);
    const whole = await readFile(path, 'utf8');
    await writeFile(path, whole + whole.split('\n')[1].slice(0, 30));
    const again = await Summary.open(path);
    await again.add(job, hashesOf(2), result, 0.5);
    const after = await Summary.open(path);
    expect([1, 2].map(i => after.statusOf(job, hashesOf(i)))).toEqual(['done', 'done']);
  });

  test('the last row of a job counts', async () => {
    const path = inFolder('twice.csv');
    const summary = await Summary.open(path);
    await summary.add(job, hashesOf(1), { ...result, code: 2, status: 'bad input' }, 0.5);
    expect((await Summary.open(path)).statusOf(job, hashesOf(1))).toBe('bad input');
    await summary.add(job, hashesOf(1), result, 0.5);
    expect((await Summary.open(path)).statusOf(job, hashesOf(1))).toBe('done');
  });

  test('a file that is something else is left alone', async () => {
    const path = inFolder('other.csv');
    await writeFile(path, 'mine\n1\n');
    await expect(Summary.open(path)).rejects.toThrow(/summary/);
    expect(await readFile(path, 'utf8')).toBe('mine\n1\n');
  });
});

describe('instances', () => {
  let model: string;
  let region: string;

  beforeAll(async () => {
    ({ model, region } = await smallFiles(folder));
    await copyFile(model, inFolder('second.onnx'));
    await writeFile(inFolder('far.json'), '{ "kind": "box", "lower": [3, 3], "upper": [4, 4] }');
  });

  const csv = async (name: string, ...lines: string[]) => {
    await writeFile(inFolder(name), `${lines.join('\n')}\n`);
    return inFolder(name);
  };
  const rowsOf = async (name: string): Promise<Record<string, string>[]> => {
    const [head, ...rows] = parseCsv(await readFile(inFolder(name), 'utf8'));
    return rows.map(row => Object.fromEntries(head.map((column, k) => [column, row[k]])));
  };
  const tallyOf = async (...args: string[]) => {
    const { code, text } = await police([...args, '--json']);
    return { code, ...JSON.parse(text) };
  };

  test('columns are options, files are beside the list, rows are told by hashes and done once', async () => {
    const list = await csv(
      'enforce.csv',
      'model,property,policy,map,name,no-run',
      'model.onnx,square.json,majority,,first,true',
      'second.onnx,far.json,,true,,true',
      '"second.onnx",square.json,minimal,,,true',
    );
    const out = `${inFolder('out')}/`;
    const args = ['enforce', '--instances', list, '-o', out, '--summary', inFolder('enforce-summary.csv')];
    expect(await tallyOf(...args)).toEqual({ code: 0, done: 3, skipped: 0, failed: 0 });
    const rows = await rowsOf('enforce-summary.csv');
    expect(rows.map(({ name }) => name)).toEqual([
      'first',
      `${inFolder('second.onnx')} on ${inFolder('far.json')}`,
      `${inFolder('second.onnx')} on ${inFolder('square.json')}`,
    ]);
    expect(rows.map(({ status, code, command }) => [status, code, command])).toEqual(
      Array.from({ length: 3 }, () => ['done', '0', 'enforce']),
    );
    const report = JSON.parse(await readFile(join(out, 'first.report.json'), 'utf8'));
    expect(JSON.parse(rows[0].details)).toMatchObject({
      shifted: report.shifts.shifted,
      outputSha256: report.job.outputSha256,
    });
    expect(report.job.optionsSha256).toBe(rows[0].optionsSha256);
    expect(new Set(rows.map(({ optionsSha256 }) => optionsSha256)).size).toBe(3);

    expect(await tallyOf(...args)).toEqual({ code: 0, done: 0, skipped: 3, failed: 0 });
    // The table says that it was done; what was written is gone.
    await writeFile(join(out, 'first.onnx'), 'something else');
    expect(await tallyOf(...args)).toEqual({ code: 0, done: 1, skipped: 2, failed: 0 });
    expect(await tallyOf(...args, '--policy', 'majority')).toMatchObject({ done: 1, skipped: 2 });
    expect(await tallyOf(...args, '--policy', 'majority', '--force')).toMatchObject({ done: 3 });
  });

  test('verify: a no is an answer and is not asked again, what could not be read is', async () => {
    const affine = inFolder('affine.onnx');
    await police(['enforce', model, '-r', region, '-o', affine, '--no-run']);
    const list = await csv(
      'verify.csv',
      'model,property',
      'affine.onnx,square.json',
      'model.onnx,square.json',
      'missing.onnx,square.json',
      'affine.onnx,square.vnnlib',
    );
    await writeFile(
      inFolder('square.vnnlib'),
      '(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)(declare-const Y_1 Real)' +
        '(assert (and (<= -1 X_0 1) (<= -1 X_1 1)))(assert (>= Y_0 1000))',
    );
    const args = ['verify', '--instances', list, '--summary', inFolder('verify-summary.csv')];
    const { code, text, errors } = await police(args);
    expect(code).toBe(2);
    expect(text).toContain('2 done, 0 there already, 2 failed');
    expect(errors).toContain('missing.onnx');
    const rows = await rowsOf('verify-summary.csv');
    expect(rows.map(({ status }) => status)).toEqual(['done', 'not certified', 'bad input', 'done']);
    expect(JSON.parse(rows[1].details)).toMatchObject({ certified: false, layer: expect.any(String) });
    expect(await tallyOf(...args)).toEqual({ code: 2, done: 0, skipped: 3, failed: 1 });
    // Every model on every region works as for enforce.
    expect(await tallyOf('verify', affine, model, '-r', region)).toEqual({
      code: 1,
      done: 1,
      skipped: 0,
      failed: 1,
    });
  });

  test('shards into one table are one run', async () => {
    const pairs = ['model', 'second'].flatMap(name =>
      ['square', 'far'].map(where => `${name}.onnx,${where}.json,,${name}-${where}`),
    );
    const list = await csv('shards.csv', 'model,property,timeout,name', ...pairs);
    const run = (out: string, ...more: string[]) =>
      police([
        ...['enforce', '--instances', list, '-o', `${inFolder(out)}/`, '-q', '--no-run'],
        ...['--summary', inFolder(`${out}.csv`), ...more],
      ]);
    await run('whole');
    for (const shard of ['1/3', '0/3', '2/3']) expect((await run('apart', '--shard', shard)).code).toBe(0);
    const kept = async (name: string) =>
      (await rowsOf(`${name}.csv`)).map(({ seconds: _s, finished: _f, ...row }) => row);
    const byName = (a: Record<string, string>, b: Record<string, string>) => (a.name < b.name ? -1 : 1);
    expect((await kept('apart')).sort(byName)).toEqual((await kept('whole')).sort(byName));
    expect(await kept('whole')).toHaveLength(4);
  });

  test.each([
    ['a column that is no option', ['model,property,polcy', 'm,p,x'], /heading: expected .*policy.*'polcy'/],
    ['an option of the whole run', ['model,property,output', 'm,p,x'], /heading/],
    [
      'a value that the option refuses',
      ['model,property,policy', 'm,p,best'],
      /row 1 policy: .*Allowed choices/,
    ],
    ['a number that is none', ['model,property,memory', 'm,p,-3'], /row 1 memory/],
    [
      'a flag that says neither',
      ['model,property,inline', 'm,p,perhaps'],
      /row 1 inline: expected true, false/,
    ],
    ['a time that is none', ['m.onnx,p.vnnlib,116', 'm.onnx,p.vnnlib,soon'], /row 2 timeout/],
    ['too many columns', ['m.onnx,p.vnnlib,116,x'], /row 1: expected 3 columns/],
    ['a row without a property', ['model,property', 'm.onnx,'], /row 1: expected a model and a property/],
    [
      'names that collide',
      ['model,property,timeout', 'a/m.onnx,p.json,', 'b/m.onnx,p.json,'],
      /two that agree/,
    ],
  ])('%s is refused before anything is done', async (name, lines, message) => {
    const list = await csv('refused.csv', ...lines);
    const out = `${inFolder(name)}/`;
    const found = await police(['enforce', '--instances', list, '-o', out]);
    expect(found).toMatchObject({ code: 2, text: '', errors: expect.stringMatching(message) });
  });

  test.each([
    ['models besides', ['model.onnx'], /--instances/],
    ['regions besides', ['-r', 'square.json'], /--instances/],
  ])('%s are refused', async (_name, more, message) => {
    const list = await csv('besides.csv', 'model.onnx,square.json,');
    const found = await police(['enforce', '--instances', list, '-o', `${inFolder('b')}/`, ...more]);
    expect(found).toMatchObject({ code: 2, errors: expect.stringMatching(message) });
  });

  test('one proof for many is refused, a column of proofs is not', async () => {
    const one = await csv('proof.csv', 'model,property', 'affine.onnx,square.json');
    const found = await police(['verify', '--instances', one, '--proof', inFolder('p.smt2')]);
    expect(found).toMatchObject({ code: 2, errors: expect.stringContaining('a column of that name') });
    const each = await csv('proofs.csv', 'model,property,proof', 'affine.onnx,square.json,each.smt2');
    expect(await tallyOf('verify', '--instances', each)).toMatchObject({ code: 0, done: 1 });
    expect(await readFile(inFolder('each.smt2'), 'utf8')).toContain('(check-sat)');
  });

  test('neither models nor instances', async () => {
    expect(await police(['verify', '-r', region])).toMatchObject({
      code: 2,
      errors: expect.stringContaining('expected a model, or --instances'),
    });
  });

  test('a job that memory was too little for is done with more', async () => {
    const list = await csv('memory.csv', 'affine.onnx,cloud.json,');
    const vertices = Array.from({ length: 40_000 }, (_, i) => [Math.cos(i), Math.sin(i)]);
    await writeFile(inFolder('cloud.json'), JSON.stringify({ kind: 'vPolytope', vertices }));
    const args = ['verify', '--instances', list, '--summary', inFolder('memory-summary.csv')];
    expect(await tallyOf(...args, '--memory', '1')).toEqual({ code: 3, done: 0, skipped: 0, failed: 1 });
    expect(await tallyOf(...args, '--memory', '2000')).toMatchObject({ skipped: 0 });
    expect(await tallyOf(...args, '--memory', '1')).toMatchObject({ skipped: 1 });
  });
});

test('the bar of jobs says how long it will take', async () => {
  const written: string[] = [];
  const talk = talkOf({
    stdin: (async function* () {})(),
    stdout: { write: () => true },
    stderr: { isTTY: true, write: chunk => written.push(String(chunk)) },
  });
  const jobs = talk.stage('jobs', 'jobs');
  await new Promise(resolve => setTimeout(resolve, 5));
  jobs(1, 100_000_000);
  expect(written.at(-1)).toMatch(/1\/100000000 jobs, [\d.]+ s, about \d+ h \d+ min left$/);
  jobs(1, 2);
  expect(written.at(-1)).toMatch(/1\/2 jobs, [\d.]+ s, about \d+ s left$/);
  jobs(2, 2);
  expect(written.at(-1)).not.toContain('left');
  talk.stage('certify')(1, 2);
  expect(written.at(-1)).not.toContain('left');
});
