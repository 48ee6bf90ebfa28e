import { mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeAtomically } from '@police/common/files';
import { positive } from '@police/common/options';
import { runProgram } from '@police/common/program';
import { progressBar } from '@police/common/progress';
import { loadBackends } from './backends/index.js';
import { cases } from './cases/index.js';
import { measureInChild } from './child.js';
import { compare, saysComparison } from './compare.js';
import { isSameMachine, thisMachine } from './machine.js';
import { FULL, QUICK, type Settings } from './measure.js';
import { figures } from './report/figures.js';
import { markdown } from './report/markdown.js';
import { type CaseResult, type Results, readResults, writeResults } from './results.js';
import { expectedSeconds, isQuick, type Pair, pairsOf, refusalOf, run } from './run.js';
import { select } from './select.js';

const HELP = `npm run bench -- [options]

What does the constraint cost, in which framework, on this machine? Every case is checked for correctness, then the
unconstrained step, the paper's Algorithm 1 and ours take turns. Prints a table, writes JSON after every case.

  --cases A,B      names, prefixes or globs: table1, vertices/10, *64*   (default all; --list shows them)
  --backends A,B   likewise                                             (default all)
  --quick          small cases and few rounds: under 3 minutes
  --limit S        refuse cases whose constrained step would take more than about S seconds (default 1, quick 0.3; more for Table 1)
  --json FILE      results, written after each case                     (default out/bench/results.json)
  --resume         keep what FILE has from a run that was stopped, and do the rest; what failed is done again
  --report FILE    also write the table as Markdown, with figures (SVG and PNG) in figures/ beside it
  --compare OLD    compare with the results in OLD; exit code 1 if something changed beyond the noise
  --list           cases and backends, and where a case cannot run
  --help

Ctrl-C keeps what is finished.
`;

interface Options {
  /** What is to be measured, and how many lines of the table `--quick` left out. */
  readonly pairs: readonly Pair[];
  readonly left: number;
  readonly quick: boolean;
  readonly settings: Settings;
  readonly limit: number;
  readonly json: string;
  readonly resume: boolean;
  readonly list: boolean;
  readonly report?: string;
  readonly compare?: string;
}

/** What the command line asks for; undefined after printing the help. */
async function readOptions(): Promise<Options | undefined> {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string' },
      backends: { type: 'string' },
      quick: { type: 'boolean', default: false },
      limit: { type: 'string' },
      json: { type: 'string', default: join('out', 'bench', 'results.json') },
      resume: { type: 'boolean', default: false },
      report: { type: 'string' },
      compare: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return undefined;
  }
  const { quick } = values;
  const named = pairsOf(
    select('--cases', values.cases, cases),
    select('--backends', values.backends, await loadBackends()),
  );
  // A case asked for by name runs, whether it is a quick one or not.
  const pairs = quick && values.cases === undefined ? named.filter(isQuick) : named;
  const limit = positive('--limit', values.limit ?? (quick ? '0.3' : '1'));
  return { ...values, pairs, left: named.length - pairs.length, settings: quick ? QUICK : FULL, limit };
}

async function main(): Promise<number> {
  const options = await readOptions();
  if (!options) return 0;
  if (options.list) {
    process.stdout.write(list(options));
    return 0;
  }
  // Before hours of measuring, not after.
  const old = options.compare === undefined ? undefined : await readResults(options.compare);
  const { results, isStopped } = await measureAll(options);
  const text = markdown(results, cases, []);
  process.stdout.write(`\n${text}\n${leftOut(options.left)}Results: ${options.json}\n`);
  if (options.report !== undefined) await writeReport(options.report, results);
  if (isStopped) {
    process.stdout.write('Stopped: the rest runs with --resume.\n');
    return 130;
  }
  return verdict(results, old);
}

/** Measures until all is done or Ctrl-C. */
async function measureAll(options: Options): Promise<{ results: Results; isStopped: boolean }> {
  const { json, quick, settings, limit } = options;
  const machine = thisMachine();
  const before = options.resume ? await resumable(json, machine, quick) : undefined;
  const started = before?.started ?? new Date().toISOString();
  const all = (results: readonly CaseResult[]): Results => ({ version: 1, started, quick, machine, results });
  const stop = onInterrupt();
  const bar = timeBar();
  const results = await run(options.pairs, before?.results ?? [], {
    settings,
    limit,
    measure: measureInChild,
    isStopped: stop.isStopped,
    onStart: ({ spec, backend }, expected) => bar.at(`${spec.name} on ${backend.name}`, expected),
    onResult: finished => writeResults(json, all(finished)),
  });
  bar.stop();
  return { results: all(results), isStopped: stop.isStopped() };
}

/** Says what failed and what has changed; the exit code. */
function verdict(now: Results, old: Results | undefined): number {
  const failed = now.results.filter(({ status }) => status === 'failed');
  for (const { case: name, backend, reason } of failed)
    process.stderr.write(`failed: ${name} on ${backend}: ${reason}\n`);
  if (!old) return failed.length > 0 ? 1 : 0;
  const comparison = compare(old, now);
  process.stdout.write(`\n${saysComparison(comparison)}\n`);
  return comparison.changes.length + comparison.lost.length + failed.length > 0 ? 1 : 0;
}

function list({ pairs, settings, limit }: Options): string {
  const lines = pairs.map(pair => {
    const reason = refusalOf(pair, limit);
    return `${pair.spec.name.padEnd(24)} ${pair.backend.name.padEnd(20)} ${reason ?? 'runs'}`;
  });
  const seconds = pairs.reduce((sum, pair) => sum + expectedSeconds(pair, settings, limit), 0);
  return `${lines.join('\n')}\nabout ${timeText(seconds)}, nominally\n`;
}

const leftOut = (count: number): string =>
  count > 0 ? `--quick left out ${count} lines of the table; without it all run.\n` : '';

/** Results to go on from. Throws if they are of another machine or kind of run; none if there is no file. */
async function resumable(
  file: string,
  machine: Results['machine'],
  quick: boolean,
): Promise<Results | undefined> {
  const exists = await stat(file).then(
    () => true,
    () => false,
  );
  if (!exists) return undefined;
  const before = await readResults(file);
  if (before.quick !== quick || !isSameMachine(before.machine, machine))
    throw new Error(
      `${file}: is of another machine or of a ${before.quick ? 'quick' : 'full'} run; choose another --json`,
    );
  return before;
}

/** Ctrl-C ends the child that measures as well; what is finished is reported. A second one ends at once. */
function onInterrupt(): { isStopped(): boolean } {
  let stopped = false;
  process.once('SIGINT', () => {
    stopped = true;
  });
  return { isStopped: () => stopped };
}

function timeBar(): {
  at(what: string, expected: { seconds: number; before: number; total: number }): void;
  stop(): void;
} {
  const bar = progressBar('{bar} {percentage}% | {what} | {left} left');
  const start = performance.now();
  bar.start(1, 0, { what: '', left: '?' });
  return {
    at: (what, { before, total }) => {
      // How much slower than foretold this machine is shows after a while.
      const elapsed = (performance.now() - start) / 1000;
      const pace = before > 30 ? elapsed / before : 1;
      bar.setTotal(total);
      bar.update(before, { what, left: timeText((total - before) * pace) });
    },
    stop: () => bar.stop(),
  };
}

const timeText = (seconds: number): string =>
  seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;

async function writeReport(file: string, results: Results): Promise<void> {
  const folder = join(dirname(file), 'figures');
  await mkdir(folder, { recursive: true });
  const drawn = figures(results, cases);
  for (const { name, svg, png } of drawn) {
    await writeFile(join(folder, `${name}.svg`), svg);
    await writeFile(join(folder, `${name}.png`), png);
  }
  await writeAtomically(file, markdown(results, cases, drawn));
  process.stdout.write(`Report: ${file}\n`);
}

await runProgram(main, 2);
