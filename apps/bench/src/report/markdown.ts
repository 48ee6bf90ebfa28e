import { pairedRatios, quartiles } from '@police/common/statistics';
import { type BenchCase, groupOf } from '../cases/case.js';
import type { CaseResult, ContenderResult, Results } from '../results.js';
import type { Figure } from './figures.js';
import { type Column, foldedTable, ratioText, short } from './format.js';

const TITLES: Readonly<Record<string, string>> = {
  table1: 'The paper’s Table 1 (D-depth-width, batch 1024, simplex {0, e_i}/√D)',
  readme: 'The nets of the authors’ README (D × width × depth)',
  vertices: 'Vertices of a polygon, 2-64-64-64-64-1, batch 1024',
  dimension: 'Dimensions of a box, three layers of 256, batch 256',
  width: 'Width, four layers, triangle, batch 256',
  depth: 'Depth, layers of 128, triangle, batch 256',
  batch: 'Batch, three layers of 128, triangle',
  region: 'Kinds of region, 2-128-128-128-1, batch 256',
  conv: 'Two convolutions (8 and 16 channels) on 8 × 8 images, batch 64',
  predict:
    'Inference, batch 256 (below ×1.00: fewer units change sign, which the runtimes’ leaky ReLU branches on)',
  tools: 'After training',
};

const HOW = `Each line is one case on one backend, measured in a process of its own: first every contender that must be affine on the
region is checked on random chords (the largest residual and what rounding explains are behind *more*; more than that,
and the case fails), then the contenders take turns in rounds. **First column of times**: median milliseconds per step of
the first contender, with quartiles in brackets. **Other columns**: slow-down over it, median and quartiles of the ratios of each
round. *unconstrained* is the same adapter with \`regions: []\`; *plain* a short transcription of the paper’s Algorithm 1 with
explicit vertices; *ours* the gradient \`exact\` with shifts in every step; *fade* the same with shifts that fade out within 0.25 radii;
*patch* the method \`patch\`; *local*, *project* and *refresh* (every 4 steps; mean of
a cycle) are its variants; *library* the framework without this project, unconstrained (for tfjs-wasm-training: TensorFlow.js as it
ships; two rounds), and *ours / library* the constrained step over that. A step is forward, backward and gradient
descent. **bound**: multiply-adds of *ours* over those of *unconstrained*, 1 + Σ rows · weights / (N · Σ weights), where rows is the
frame’s d + 1 in all layers but the last affine one, in the first only the origin’s where directions are coordinate axes, and in
the last of them, in TensorFlow.js on a simplex, a third, as the gradient picks rows (rows without gradient take no part, which is not counted);
**plain’s** likewise with all vertices. brain.js and synaptic learn sample by sample: N = 1, and times are per sample;
their *plain* runs on arrays, as they have no operation on blocks of rows.`;

/** The whole report. `figures` lie beside it under these paths. */
export function markdown(
  results: Results,
  cases: readonly BenchCase[],
  figures: readonly Pick<Figure, 'group' | 'name' | 'caption'>[],
): string {
  const { machine, started, quick } = results;
  const packages = Object.entries(machine.packages).map(([name, version]) => `${name} ${version}`);
  const groups = [...new Set(cases.map(groupOf))];
  const sections = groups.map(group =>
    section(
      group,
      cases.filter(spec => groupOf(spec) === group),
      results.results,
      figures.filter(figure => figure.group === group),
    ),
  );
  return [
    '# What the constraint costs',
    '',
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}, Node ${machine.node}; ${packages.join(', ')}. ` +
      `Started ${started}${quick ? '; a quick run: fewer cases and rounds' : ''}. The paper’s figures are from a GPU; everything here ` +
      `ran on the processor named${gpus(results.results)}. Repeat with \`npm run bench -- --report apps/bench/RESULTS.md\`.`,
    '',
    HOW,
    '',
    ...sections.filter(text => text !== ''),
    refusals(results.results),
    '',
  ].join('\n');
}

/** What else it ran on. */
function gpus(results: readonly CaseResult[]): string {
  const said = results.flatMap(({ backend, device }) =>
    device
      ? [
          `, ${backend} in ${device.browser} on “${device.renderer}”${device.isSoftware ? ', a software GPU: the processor emulates it, and this says nothing about a real one' : ''}`,
        ]
      : [],
  );
  return [...new Set(said)].join('');
}

function section(
  group: string,
  cases: readonly BenchCase[],
  results: readonly CaseResult[],
  figures: readonly Pick<Figure, 'name' | 'caption'>[],
): string {
  const own = cases.flatMap(spec =>
    results
      .filter(result => result.case === spec.name && result.status === 'measured')
      .map(result => ({ spec, result })),
  );
  if (own.length === 0) return '';
  return [
    `## ${TITLES[group] ?? group}`,
    '',
    foldedTable(columns(group, cases[0].task, own)),
    '',
    ...absences(own.map(({ result }) => result)),
    ...figures.map(({ name, caption }) => `![${caption}](figures/${name}.svg)\n`),
  ].join('\n');
}

interface Measured {
  readonly spec: BenchCase;
  readonly result: CaseResult;
}

/** What identifies a line first, then what most readers came for. */
function columns(group: string, task: BenchCase['task'], own: readonly Measured[]): Column[] {
  const [base, ...names] = contenderNames(own.map(({ result }) => result));
  const column = (head: string, textOf: (measured: Measured) => string): Column => ({
    head,
    cells: own.map(textOf),
  });
  const contender = (name: string) => column(name, m => cell(contenderOf(m, name), task));
  const isTraining = task === 'train';
  const share = column('ours / library', m => sharesText(contenderOf(m, 'ours'), contenderOf(m, 'library')));
  const shares = isTraining && names.includes('library') ? [share] : [];
  const paper = column('paper (GPU)', ({ spec }) => (spec.paper === undefined ? '–' : `×${spec.paper}`));
  const isPaper = group === 'table1';
  return [
    column('case', ({ spec }) => spec.name),
    column('backend', ({ result }) => backendText(result)),
    column(`${base}, ms`, ({ result }) => baseText(result)),
    ...names.filter(name => MAIN.has(name)).map(contender),
    ...(isPaper ? [paper] : shares),
    ...names.filter(name => !MAIN.has(name)).map(contender),
    ...(isPaper ? shares : []),
    ...(isTraining ? [column('bound (plain’s)', boundsText)] : []),
    column('peak memory', ({ result }) => memoryText(result)),
    ...(isTraining ? [column('kernels', ({ result }) => kernelsText(result))] : []),
    column('residual / rounding', ({ result }) => residualText(result)),
  ];
}

const MAIN: ReadonlySet<string> = new Set(['plain', 'ours', 'patch']);

const contenderOf = ({ result }: Measured, name: string) =>
  result.contenders.find(contender => contender.name === name);

function baseText({ contenders }: CaseResult): string {
  const { median, q1, q3 } = contenders[0].milliseconds;
  return `${short(median)} (${short(q1)}–${short(q3)})`;
}

function boundsText(measured: Measured): string {
  const [ours, plain] = ['ours', 'plain'].map(name => contenderOf(measured, name)?.bound);
  return `${ours === undefined ? '–' : `×${ours.toFixed(2)}`}${plain === undefined ? '' : ` (×${plain.toFixed(2)})`}`;
}

const backendText = ({ backend, device }: CaseResult): string =>
  device?.isSoftware ? `${backend} (software GPU)` : backend;

/** The slow-down; of tools, which do different things, the time. */
function cell(contender: ContenderResult | undefined, task: BenchCase['task']): string {
  if (!contender?.ratio) return '–';
  return task === 'tools' ? `${short(contender.milliseconds.median)} ms` : ratioText(contender.ratio);
}

/** A step of ours over one of the framework without this project. */
function sharesText(ours: ContenderResult | undefined, library: ContenderResult | undefined): string {
  return ours && library ? ratioText(quartiles(pairedRatios(ours.times, library.times))) : '–';
}

function contenderNames(results: readonly CaseResult[]): string[] {
  const order = ['unconstrained', 'plain', 'ours', 'fade', 'patch', 'local', 'project', 'refresh', 'library'];
  const rank = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  const names = [...new Set(results.flatMap(({ contenders }) => contenders.map(({ name }) => name)))];
  return names.sort((a, b) => rank(a) - rank(b));
}

/** Of the contenders that tell, `unconstrained → ours`; else of the process. */
function memoryText({ contenders, residentMiB }: CaseResult): string {
  const mebibytes = ({ peakBytes = 0 }: ContenderResult) => `${short(peakBytes / 2 ** 20)}`;
  const told = contenders.filter(({ peakBytes }) => peakBytes !== undefined);
  if (told.length === 0) return `${residentMiB} MiB resident`;
  const shown = told.filter(({ name }, i) => i === 0 || name === 'ours' || name === 'plain');
  return `${shown.map(each => `${each.name} ${mebibytes(each)}`).join(', ')} MiB of tensors`;
}

function kernelsText({ contenders }: CaseResult): string {
  const told = contenders.filter(({ name, kernels }) => kernels !== undefined && SHOWN.has(name));
  return told.map(({ name, kernels }) => `${name} ${Math.round(kernels!)}`).join(', ') || '–';
}

const SHOWN: ReadonlySet<string> = new Set(['unconstrained', 'ours', 'plain']);

function residualText({ checks }: CaseResult): string {
  if (checks.length === 0) return '–';
  const worst = checks.reduce((a, b) => (b.residual / b.tolerance > a.residual / a.tolerance ? b : a));
  return `${worst.residual.toExponential(0)} / ${worst.tolerance.toExponential(0)}`;
}

/** Contenders that took no part, with the reason. */
function absences(results: readonly CaseResult[]): string[] {
  const said = results.flatMap(result =>
    Object.entries(result.absent).map(([name, reason]) => ({
      text: `*${name}*: ${reason}`,
      where: `${result.case} on ${result.backend}`,
    })),
  );
  const lines = grouped(said).map(({ text, where }) => `- No ${text} (${where.join('; ')})`);
  return lines.length > 0 ? [...lines, ''] : [];
}

/** Everything that was not measured, by reason. */
function refusals(results: readonly CaseResult[]): string {
  const missing = results.filter(({ status }) => status !== 'measured');
  if (missing.length === 0) return '';
  const said = missing.map(({ status, reason, backend, case: name }) => ({
    text: `${status === 'failed' ? '**failed** ' : ''}${backend}: ${reason}`,
    where: name,
  }));
  const lines = grouped(said).map(({ text, where }) => `- ${text} (${where.join(', ')})`);
  return ['## Not measured', '', ...lines].join('\n');
}

function grouped(
  said: readonly { readonly text: string; readonly where: string }[],
): { text: string; where: string[] }[] {
  const texts = [...new Set(said.map(({ text }) => text))];
  return texts.map(text => ({
    text,
    where: said.filter(each => each.text === text).map(({ where }) => where),
  }));
}
