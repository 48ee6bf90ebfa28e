import {
  type AffineMap,
  certificateOfProof,
  certificateText,
  certify,
  type Demand,
  float32,
  forward,
  freeze,
  type Matrix,
  matrix,
  type Network,
  network,
  opaqueNetwork,
  type Patched,
  type PatchMap,
  PoliceError,
  patchFunction,
  patchProbes,
  type Region,
} from '@police/core';
import { DemandHolder, multiplyAdds, storedMap } from '@police/core/adapter';
import * as operators from '@police/core/operators';
import { appendPatch, readModel } from '@police/onnx-import';
import { demandReports, readDemands } from '../demand-file.js';
import { domainPoints } from '../domain.js';
import { assertOneStream, assertOptionsOfPatches, type EnforceOptions } from '../enforce-options.js';
import { type Evaluator, evaluatorOf } from '../evaluator.js';
import { EXIT } from '../exit-codes.js';
import { harmOn, isHarmful } from '../harm.js';
import { harmSentence, verdict } from '../harm-text.js';
import type { JobHashes } from '../job-hashes.js';
import { readMap } from '../map-file.js';
import { mapLines } from '../map-text.js';
import { Memory } from '../memory.js';
import { type Output, writablePaths, writeOutputs } from '../outputs.js';
import { hashesOf } from '../outside-data.js';
import { type PatchReport, patchedRegionReport, patchLines } from '../patch-report.js';
import { assertNoneFlipped, changesOf, propertiesIn } from '../property/changes.js';
import { assertNoOverflow, assertProved, runOf, summaryOf } from '../proved.js';
import { type RegionSource, regionWords } from '../regions/sources.js';
import { readRegions } from '../regions.js';
import { readSamples } from '../samples.js';
import { type PatchSubject, placed, placementOf, readSubject } from '../subject.js';
import { type Terminal, talkOfWriting } from '../terminal.js';

/** `police enforce --method patch`: holds the model's output on the regions, whatever the model is made of. */
export async function patchCommand(
  path: string,
  options: EnforceOptions,
  terminal: Terminal,
  job?: JobHashes,
): Promise<number> {
  const talk = talkOfWriting(options, terminal);
  assertOneStream(options);
  assertOptionsOfPatches(options);
  const outputs = await writablePaths(options);
  const subject = await readSubject(path, options, terminal);
  const placement = await placementOf(subject, path, options, outputs);
  const size = subject.ends.inputShape.reduce((product, n) => product * n, 1);
  const limit = new Memory(options);
  const read = (sources: readonly RegionSource[]) => readRegions(sources, { size, memory: limit }, terminal);
  const regions = await read(options.region);
  const domain = options.domain ? await read([regionWords(options.domain)]) : undefined;
  const samplesIn = (file: string | undefined) => file && readSamples(file, size, terminal);
  const keep = await samplesIn(options.keep);
  const data = (await samplesIn(options.data)) || keep;
  const samples = data
    ? { points: data, of: `samples of ${options.data ?? options.keep}` }
    : domainPoints(regions, domain);

  const evaluator = await evaluatorOf(subject);
  try {
    const outputSize = evaluator.outputShape.reduce((product, n) => product * n, 1);
    const probes = patchProbes(regions, {
      ...(keep ? { data: keep } : {}),
      ...(options.shell === undefined ? {} : { shell: options.shell }),
    });
    assertFits(limit, probes.points.rows, size, outputSize);
    const values = await evaluator.at(singles(probes.points), talk.stage('evaluate', 'points'));
    const map = await mapsOf(
      options,
      subject,
      regions,
      { inputs: size, outputs: outputSize },
      terminal,
      limit,
    );
    const demands = await readDemands(options.demand, regions.length, terminal, limit);
    const patchedTo = (wanted: PatchMap | readonly PatchMap[]) =>
      patchFunction(opaqueNetwork(size, outputSize), probes, values, {
        map: wanted,
        decision: options.decision,
        ...(options.steepness === undefined ? {} : { steepness: options.steepness }),
      });
    const free = patchedTo(map);
    const patched = options.demand ? patchedTo(demandedMaps(free, regions, demands)) : free;
    const appended = appendPatch(placement.bytes, patched.network, {
      ...subject.read,
      inputShape: subject.ends.inputShape,
      outputShape: evaluator.outputShape,
      ...outputTypeOf(evaluator),
    });
    // What is certified is what was written, read again.
    const { file, data: outside, ...external } = placed(appended.bytes, placement, path);
    const reread = readModel(file, { ...subject.read, ...external });
    const { bytes } = reread.source;
    const proof = certify(reread.network, regions, { progress: talk.stage('certify'), memory: limit.left });
    assertProved(proof);
    assertNoOverflow(proof, reread.arithmetic);
    const certificate = certificateOfProof(reread.network, proof, regions, bytes, {
      demands,
      memory: limit.left,
      ...(options.map === true ? { map: true } : {}),
    });
    const run = options.run === false ? undefined : await runOf(bytes, reread, regions, proof);
    const after = { bytes, model: reread };
    const asked = await propertiesIn(options.region, after, limit, terminal);
    const before = subject.model && { bytes: subject.bytes, model: subject.model };
    const { changes, warnings } = await changesOf(asked.properties, before, after, {
      memory: limit.left,
      run: options.run !== false,
    });
    if (!options.allowViolation) assertNoneFlipped(changes);
    const held = heldNetwork(patched.network);
    const harm = await harmOn(
      samples,
      multiplyAdds(subject.network ?? held) + multiplyAdds(held),
      points => evaluator.at(singles(points)),
      (points, _from, before) => forward(held, besides(points, before)),
      options.decision,
    );
    talk.settle();

    const sentence = verdict(harm, adviceFor(options));
    const report: PatchReport = {
      ...(job ? { job: { ...job, ...hashesOf(file, outside) } } : {}),
      model: path,
      method: 'patch',
      regions: regions.length,
      guaranteed: { guaranteedTensor: reread.guaranteedTensor, tail: reread.tail },
      certified: true,
      patches: patched.regions.map(region => patchedRegionReport(region, nameOfMap(options))),
      ...(keep ? { kept: { ...patched.data, samples: keep.rows } } : {}),
      added: { nodes: appended.nodes.length, entries: appended.entries },
      valuesBy: evaluator.by,
      unread: reread.unread,
      ...summaryOf(certificate, reread.arithmetic === 'float16'),
      ...(options.demand ? { demands: demandReports(certificate.regions) } : {}),
      ...(run && 'samples' in run ? { run } : {}),
      ...(changes.length > 0 ? { properties: changes } : {}),
      harm,
      verdict: sentence,
      warnings: [
        ...(run && 'warning' in run ? [run.warning] : []),
        ...earlierPatches(reread.network.nodes, regions.length),
        ...(isHarmful(harm) ? [sentence] : []),
        ...asked.warnings,
        ...warnings,
      ],
    };
    const files: Output[] = [
      { path: options.output, content: file },
      ...(placement.dataPath !== undefined && outside
        ? [{ path: placement.dataPath, content: outside }]
        : []),
    ];
    if (options.certificate) files.push({ path: options.certificate, content: certificateText(certificate) });
    // Last, so that a report says that all is there.
    if (options.report) files.push({ path: options.report, content: `${JSON.stringify(report, null, 2)}\n` });
    await writeOutputs(files, terminal, options.force === true);
    for (const warning of report.warnings) talk.warn(warning);
    if (options.json) terminal.stdout.write(`${JSON.stringify(report)}\n`);
    for (const line of [
      ...patchLines(report, reread),
      '',
      `Written: ${files.map(file => file.path).join(', ')}.`,
      ...patched.regions.flatMap((region, r) => [
        `On region ${r} y = A x + b:`,
        ...mapLines(() => region.map, options.certificate, certificate, outputSize, size),
      ]),
      harmSentence(harm),
      `Verdict: ${sentence}.`,
    ])
      talk.say(line);
    return EXIT.done;
  } finally {
    await evaluator.release();
  }
}

/** The nearest maps that meet the demands, in float32, proved of them as they are stored. */
function demandedMaps(
  { regions: patched }: Patched,
  regions: readonly Region[],
  demands: readonly (Demand | undefined)[],
): AffineMap[] {
  return patched.map(({ map }, r) => {
    const demand = demands[r];
    if (!demand) return map;
    return storedMap(new DemandHolder(demand, regions[r], map.b.length), map, float32).map;
  });
}

/** Points as a float32 model is given them. */
function singles({ rows, cols, data }: Matrix): Matrix {
  return matrix(rows, cols, data.map(Math.fround));
}

function besides(x: Matrix, values: Matrix): Matrix {
  const both = matrix(x.rows, x.cols + values.cols);
  for (let i = 0; i < x.rows; i++) {
    both.data.set(x.data.subarray(i * x.cols, (i + 1) * x.cols), i * both.cols);
    both.data.set(values.data.subarray(i * values.cols, (i + 1) * values.cols), i * both.cols + x.cols);
  }
  return both;
}

/** The patched network as a function of x and the values f(x), one after the other. */
function heldNetwork({ nodes, inputSize, outputSize }: Network): Network {
  const both = 'x and f(x)';
  const inSize = inputSize + outputSize;
  const part = (name: string, from: number, size: number) => ({
    kind: 'affine' as const,
    name,
    input: both,
    operator: operators.gather({ inSize, index: Int32Array.from({ length: size }, (_, i) => from + i) }),
  });
  return network([
    { kind: 'input', name: both, size: inSize },
    ...nodes.map(node => {
      if (node.kind === 'input') return part(node.name, 0, inputSize);
      return node.kind === 'opaque' ? part(node.name, inputSize, outputSize) : node;
    }),
  ]);
}

/** Times as many numbers as the probes' inputs and values: copies on the way. */
const COPIES = 6;

function assertFits(limit: Memory, points: number, inputs: number, outputs: number): void {
  limit.assertFits(8 * COPIES * points * (inputs + outputs), '--method patch', 'points and values');
}

async function mapsOf(
  { map }: EnforceOptions,
  { model }: PatchSubject,
  regions: readonly Region[],
  sizes: { readonly inputs: number; readonly outputs: number },
  terminal: Terminal,
  memory: Memory,
): Promise<PatchMap | readonly PatchMap[]> {
  if (typeof map !== 'string' || map === 'fit') return 'fit';
  if (map === 'minimax') return map;
  if (map !== 'shift') return readMap(map, sizes, terminal, memory);
  if (model && model.unread.length === 0)
    return regions.map((region): AffineMap => freeze(model.network, [region]).maps[0]);
  throw new PoliceError({
    code: 'unsupported-layer',
    where: '--map shift',
    expected: 'a model that can be read, whose biases can be shifted',
    actual: 'one that cannot',
    remedy: 'Use --map fit or --map minimax.',
  });
}

const nameOfMap = ({ map }: EnforceOptions): string => (typeof map === 'string' ? map : 'fit');

function outputTypeOf({ outputType }: Evaluator): { outputType?: 'float32' | 'float64' } {
  return outputType === 'float32' || outputType === 'float64' ? { outputType } : {};
}

/** An outer patch is proved on its own regions; what it leaves of the inner ones is for `verify` to say. */
function earlierPatches(nodes: Network['nodes'], patches: number): string[] {
  const clamps = nodes.filter(({ kind }) => kind === 'clamp').length;
  if (clamps === patches) return [];
  return ['the model has been patched before: police verify tells whether its earlier regions still hold'];
}

function adviceFor({ map, steepness, keep }: EnforceOptions): string[] {
  return [
    ...(steepness === undefined ? [] : ['a larger --steepness']),
    ...(keep === undefined && steepness === undefined ? ['--keep with samples of yours'] : []),
    ...(map === 'minimax' ? [] : ['--map minimax']),
    'a smaller region',
    'training with the patch',
  ];
}
