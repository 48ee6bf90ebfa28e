import { mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import cliProgress from 'cli-progress';
import { loadBackends } from './backends/index.js';
import { cases } from './cases/index.js';
import { measureInChild } from './child.js';
import { compare, saysComparison } from './compare.js';
import { isSameMachine, thisMachine } from './machine.js';
import { FULL, QUICK, type Settings } from './measure.js';
import { figures } from './report/figures.js';
import { markdown } from './report/markdown.js';
import { type CaseResult, type Results, readResults, writeAtomically, writeResults } from './results.js';
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

async function main(): Promise<number> {
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
    return 0;
  }
  const { quick } = values;
  const limit = Number(values.limit ?? (quick ? 0.3 : 1));
  if (!(limit > 0)) throw new Error(`--limit: expected seconds above 0, got '${values.limit}'`);
  const named = pairsOf(
    select('--cases', values.cases, cases),
    select('--backends', values.backends, await loadBackends()),
  );
  // A case asked for by name runs, whether it is a quick one or not.
  const pairs = quick && values.cases === undefined ? named.filter(isQuick) : named;
  if (values.list) {
    process.stdout.write(list(pairs, quick ? QUICK : FULL, limit));
    return 0;
  }

  // Before hours of measuring, not after.
  const old = values.compare === undefined ? undefined : await readResults(values.compare);
  await mkdir(dirname(values.json), { recursive: true });
  const machine = thisMachine();
  const before = values.resume ? await resumable(values.json, machine, quick) : undefined;
  const started = before?.started ?? new Date().toISOString();
  const all = (results: readonly CaseResult[]): Results => ({ version: 1, started, quick, machine, results });

  const stop = onInterrupt();
  const bar = progressBar();
  const results = all(
    await run(pairs, before?.results ?? [], {
      settings: quick ? QUICK : FULL,
      limit,
      measure: measureInChild,
      isStopped: stop.isStopped,
      onStart: ({ spec, backend }, expected) => bar.at(`${spec.name} on ${backend.name}`, expected),
      onResult: finished => writeResults(values.json, all(finished)),
    }),
  );
  bar.stop();
  const text = markdown(results, cases, []);
  process.stdout.write(`\n${text}\n${leftOut(named.length - pairs.length)}Results: ${values.json}\n`);
  if (values.report !== undefined) await writeReport(values.report, results);
  if (stop.isStopped()) {
    process.stdout.write('Stopped: the rest runs with --resume.\n');
    return 130;
  }
  const failed = results.results.filter(({ status }) => status === 'failed');
  for (const { case: name, backend, reason } of failed)
    process.stderr.write(`failed: ${name} on ${backend}: ${reason}\n`);
  if (!old) return failed.length > 0 ? 1 : 0;
  const comparison = compare(old, results);
  process.stdout.write(`\n${saysComparison(comparison)}\n`);
  return comparison.changes.length + comparison.lost.length + failed.length > 0 ? 1 : 0;
}

function list(pairs: readonly Pair[], settings: Settings, limit: number): string {
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

function progressBar(): {
  at(what: string, expected: { seconds: number; before: number; total: number }): void;
  stop(): void;
} {
  const bar = new cliProgress.SingleBar(
    { format: '{bar} {percentage}% | {what} | {left} left', noTTYOutput: true, notTTYSchedule: 15_000 },
    cliProgress.Presets.shades_classic,
  );
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

main().then(
  code => {
    process.exitCode = code;
  },
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  },
);
