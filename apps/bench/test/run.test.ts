import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { loadBackends } from '../src/backends/index.js';
import type { BenchCase } from '../src/cases/case.js';
import { cases } from '../src/cases/index.js';
import { measure } from '../src/measure.js';
import { figures } from '../src/report/figures.js';
import { markdown } from '../src/report/markdown.js';
import { type CaseResult, readResults, writeResults } from '../src/results.js';
import { type Pair, pairsOf, type RunOptions, refusalOf, run } from '../src/run.js';
import { select } from '../src/select.js';
import { BRIEF, fakeBackend, resultsOf, sleep, smallCase } from './helpers.js';

const backends = await loadBackends();
const named = (name: string): BenchCase => ({ ...smallCase, name });
const three = ['a/1', 'a/2', 'b/1'].map(named);
const backend = fakeBackend([
  { name: 'unconstrained', run: () => sleep(1) },
  { name: 'ours', run: () => sleep(1) },
]);

/** Options of a run that notes what it measures. */
function noting(measured: string[], more: Partial<RunOptions> = {}): RunOptions {
  return {
    settings: BRIEF,
    limit: 1,
    measure: (backend, spec, settings) => {
      measured.push(spec.name);
      return measure(backend, spec, settings);
    },
    onResult: () => {},
    ...more,
  };
}

test('a run that is stopped keeps what is finished, and the next one does the rest', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'bench-')), 'results.json');
  const pairs = pairsOf(three, [backend]);
  const first: string[] = [];
  const onResult = (results: readonly CaseResult[]) => writeResults(file, resultsOf(...results));
  await run(pairs, [], noting(first, { onResult, isStopped: () => first.length === 2 }));
  // The second was under way when the run was stopped: it may have been cut short.
  expect(first).toEqual(['a/1', 'a/2']);
  const kept = (await readResults(file)).results;
  expect(kept.map(result => result.case)).toEqual(['a/1']);

  const second: string[] = [];
  const all = await run(pairs, kept, noting(second, { onResult }));
  expect(second).toEqual(['a/2', 'b/1']);
  expect(all.map(result => result.case)).toEqual(['a/1', 'a/2', 'b/1']);
  expect((await readResults(file)).results).toEqual(JSON.parse(JSON.stringify(all)));
  expect(await readdir(join(file, '..'))).toEqual(['results.json']);
});

test('what failed is tried again', async () => {
  const pairs: Pair[] = [{ spec: three[0], backend }];
  const [ok] = await run(pairs, [], noting([]));
  const again: string[] = [];
  const results = await run(pairs, [{ ...ok, status: 'failed' }], noting(again));
  expect(again).toEqual(['a/1']);
  expect(results).toHaveLength(1);
});

test('a refusal is a result with its reason', async () => {
  const refusing = { ...backend, refusal: () => 'no such kernel' };
  const slow = { ...backend, name: 'slow', speed: () => 1 };
  const measured: string[] = [];
  const results = await run(pairsOf([three[0]], [refusing, slow]), [], noting(measured));
  expect(measured).toEqual([]);
  expect(results.map(({ status }) => status)).toEqual(['refused', 'refused']);
  expect(results[0].reason).toBe('no such kernel');
  expect(results[1].reason).toContain('--limit');
});

test('every case runs somewhere, and every refusal is a sentence', () => {
  for (const spec of cases) {
    const refusals = backends.map(each => each.refusal(spec));
    expect(refusals.some(reason => reason === undefined)).toBe(true);
    for (const reason of refusals) expect(reason ?? 'it runs').toMatch(/^\S+ \S+/);
  }
});

test('a browser that is not there is said to be missing, and how to get it', () => {
  const inBrowser: Pair = { spec: smallCase, backend: { ...backend, host: 'browser' } };
  vi.stubEnv('CHROMIUM_PATH', '/nowhere/chromium');
  expect(refusalOf(inBrowser, 1)).toMatch(/CHROMIUM_PATH.*does not exist/);
  vi.unstubAllEnvs();
});

test('results that are none are said to be so', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'bench-')), 'results.json');
  await expect(readResults(file)).rejects.toThrow(/results\.json: cannot be read/);
});

test('names are unique, and patterns select them', () => {
  for (const names of [cases, backends].map(all => all.map(({ name }) => name)))
    expect(new Set(names).size).toBe(names.length);
  const chosen = (pattern: string) => select('--cases', pattern, cases).map(({ name }) => name);
  expect(chosen('table1')).toHaveLength(6);
  expect(chosen('table1/2-4-64')).toEqual(['table1/2-4-64']);
  expect(chosen('*2-4-64')).toEqual(['table1/2-4-64', 'predict/2-4-64', 'tools/2-4-64']);
  expect(chosen('vertices/10')).toEqual(['vertices/10']);
  expect(() => chosen('tabel1')).toThrow("--cases: nothing is called 'tabel1'");
});

test('the report has every result, why others are missing, and the figures', async () => {
  const specs = cases.filter(({ name }) => name.startsWith('table1/') || name.startsWith('vertices/'));
  const refusing = { ...backend, name: 'other', refusal: () => 'inference only' };
  const results = resultsOf(...(await run(pairsOf(specs, [backend, refusing]), [], noting([]))));
  const drawn = figures(results, cases);
  const text = markdown(results, cases, drawn);
  for (const { name } of specs) expect(text).toContain(`| ${name} | fake |`);
  const rows = text.split('\n').filter(line => line.startsWith('| '));
  expect(Math.max(...rows.map(row => row.split(' | ').length))).toBe(7);
  expect(text).toContain('| bound (plain’s) |');
  expect(text).toContain('other: inference only');
  expect(text).toContain('figures/scaling-vertices.svg');
  expect(drawn.map(({ name }) => name)).toEqual(['table1', 'scaling-vertices']);
  for (const { svg, png } of drawn) {
    expect(svg).toMatch(/^<svg [^>]*xmlns=/);
    expect([...png.slice(1, 4)]).toEqual([...Buffer.from('PNG')]);
  }
});

test('the commands that the README names are there', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const root = await readFile(new URL('../../../package.json', import.meta.url), 'utf8');
  for (const [, command] of readme.matchAll(/`npm run (bench[a-z:]*)/g))
    expect(Object.keys(JSON.parse(root).scripts)).toContain(command);
});
