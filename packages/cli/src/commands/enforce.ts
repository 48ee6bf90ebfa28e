import { basename } from 'node:path';
import {
  type Certificate,
  type Certified,
  certificateOfProof,
  certificateText,
  certify,
  drift,
  forward,
  PoliceError,
  type Precision,
  type Region,
  type Uncertified,
} from '@police/core';
import { multiplyAdds } from '@police/core/adapter';
import { type ImportedModel, readModel, withDataOutside } from '@police/onnx-import';
import { demandReports, readDemands } from '../demand-file.js';
import { domainPoints } from '../domain.js';
import { EXIT } from '../exit-codes.js';
import { fadedModel } from '../faded-model.js';
import { harmOn, isHarmful } from '../harm.js';
import { harmSentence, verdict } from '../harm-text.js';
import {
  HALF_SENTENCE,
  inferenceSentence,
  largestInferenceError,
  largestOf,
  overflowIn,
  overflowSentence,
} from '../inference-bound.js';
import type { JobHashes } from '../job-hashes.js';
import { mapLines } from '../map-text.js';
import { Memory } from '../memory.js';
import { type ModelOptions, readModelFile } from '../model.js';
import { type Output, writablePaths, writeOutputs } from '../outputs.js';
import { dataPathFor, hashesOf } from '../outside-data.js';
import { assertNoneFlipped, changesOf, propertiesIn } from '../property/changes.js';
import { assertRefitOptions, type RefitOptions } from '../refit.js';
import { type RegionOptions, regionWords } from '../regions/sources.js';
import { readRegions } from '../regions.js';
import { differenceSentence, replayIfInstalled } from '../replay-command.js';
import { type Report, reportLines } from '../report.js';
import { readSamples } from '../samples.js';
import type { SharingChoice } from '../sharing.js';
import { shiftedModel } from '../shifted-model.js';
import { readTarget } from '../target.js';
import { type Talk, type Terminal, talkOfWriting } from '../terminal.js';
import { warningsAbout } from '../warnings.js';

export interface EnforceOptions extends ModelOptions, RegionOptions, RefitOptions {
  readonly output: string;
  readonly policy: 'minimal' | 'majority';
  readonly sharing: SharingChoice;
  readonly precision?: Precision['name'];
  readonly target?: string;
  /** A file of what the regions' maps must be like. */
  readonly demand?: string;
  readonly data?: string;
  readonly decision: 'largest' | 'smallest';
  readonly report?: string;
  readonly certificate?: string;
  /** `fit`, `minimax`, `shift` or a file, of a patch; else whether the map is written into the certificate however large. */
  readonly map?: boolean | string;
  readonly method: 'shift' | 'patch';
  /** Of shifts: how far from a region, in its radii, they have faded out. */
  readonly fade?: number;
  /** Of a patch. */
  readonly steepness?: number;
  readonly keep?: string;
  readonly shell?: number;
  /** A box whose points show what was changed, where there are no samples. */
  readonly domain?: string;
  /** Whether what is written is run, where ONNX Runtime is installed. */
  readonly run?: boolean;
  readonly memory?: number;
  /** Whether units whose bends cannot reach the output stay as they are, of shifts. */
  readonly lookahead?: boolean;
  /** Whether a property may hold before and not after. */
  readonly allowViolation?: boolean;
  readonly force?: boolean;
  /** Whether data that was kept beside the model goes into what is written. */
  readonly inline?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** A map while it is made, and its rows as arrays. */
const BYTES_PER_MAP_ENTRY = 40;

/** `police enforce`: reads, shifts, freezes, proves, and only then writes anything. A sweep's `job` goes into the report. */
export async function enforceCommand(
  path: string,
  options: EnforceOptions,
  terminal: Terminal,
  job?: JobHashes,
): Promise<number> {
  const talk = talkOfWriting(options, terminal);
  assertOneStream(options);
  assertOptionsOfShifts(options);
  assertRefitOptions(options);
  const outputs = await writablePaths(options);
  const read = await readModelFile(path, options, terminal);
  const { model } = read;
  const dataPath = await dataPathFor(model.source.isExternal, options, outputs);
  const limit = new Memory(options);
  const regions = await readRegions(
    options.region,
    { size: model.network.inputSize, memory: limit },
    terminal,
  );
  const samples = options.data
    ? await readSamples(options.data, model.network.inputSize, terminal)
    : undefined;
  const asked = await propertiesIn(options.region, read, limit, terminal);
  const memory = { memory: limit.left };

  const domain = options.domain
    ? await readRegions(
        [regionWords(options.domain)],
        { size: model.network.inputSize, memory: limit },
        terminal,
      )
    : undefined;
  const target = options.target
    ? await readTarget(options.target, model.network.outputSize, terminal, limit)
    : undefined;
  const demands = await readDemands(options.demand, regions.length, terminal, limit);
  if (options.map === true) {
    const { inputSize, outputSize } = model.network;
    const bytes = BYTES_PER_MAP_ENTRY * inputSize * outputSize * regions.length;
    limit.assertFits(bytes, '--map', 'maps, outputs × inputs × regions,');
  }
  const written =
    options.fade === undefined
      ? await shiftedModel(model, regions, options, { samples, domain, target, demands, talk, ...memory })
      : fadedModel(model, regions, options.fade, { progress: talk.stage('fade'), ...memory });
  // What is certified is what was written, read again.
  const outside = dataPath === undefined ? undefined : withDataOutside(written.bytes, basename(dataPath));
  const file = outside?.bytes ?? written.bytes;
  const reread = readModel(file, {
    ...model.source.options,
    ...(outside ? { externalData: () => outside.data } : {}),
  });
  const proof = certify(reread.network, regions, { progress: talk.stage('certify'), ...memory });
  assertProved(proof);
  assertNoOverflow(proof, model.arithmetic);
  const { changes, warnings } = await changesOf(
    asked.properties,
    read,
    { bytes: reread.source.bytes, model: reread },
    { ...memory, run: options.run !== false },
  );
  if (!options.allowViolation) assertNoneFlipped(changes);
  const certificate = certificateOfProof(reread.network, proof, regions, reread.source.bytes, {
    demands,
    ...memory,
    ...(options.map === true ? { map: true } : {}),
  });
  const run = options.run === false ? undefined : await runOf(reread.source.bytes, reread, regions, proof);
  const { fitted } = written;
  // What was fitted on says little of what was not.
  const judged = fitted && samples ? fitted.fit.heldOut : samples;
  const kind = fitted ? 'held out samples' : 'samples';
  const harm = await harmOn(
    judged ? { points: judged, of: `${kind} of ${options.data}` } : domainPoints(regions, domain),
    multiplyAdds(model.network) + multiplyAdds(written.network),
    points => forward(model.network, points),
    points => forward(written.network, points),
    options.decision,
  );
  talk.settle();

  const sentence = verdict(harm, adviceFor(options));
  const report: Report = {
    ...(job ? { job: { ...job, ...hashesOf(file, outside?.data) } } : {}),
    model: path,
    regions: regions.length,
    guaranteed: { guaranteedTensor: model.guaranteedTensor, tail: model.tail },
    certified: true,
    shifts: written.shifts,
    ...(fitted ? { refit: fitted.report } : {}),
    sharing: written.sharing,
    ...(written.fade ? { fade: written.fade } : {}),
    ...summaryOf(certificate, model.arithmetic === 'float16'),
    ...(options.demand ? { demands: demandReports(certificate.regions) } : {}),
    edits: written.edits,
    ...(judged
      ? { drift: { ...drift(model.network, written.network, judged, options), samples: judged.rows } }
      : {}),
    ...(run && 'samples' in run ? { run } : {}),
    ...(changes.length > 0 ? { properties: changes } : {}),
    harm,
    verdict: sentence,
    warnings: [
      ...warningsAbout(written.shifts, regions.length, {
        ...options,
        sharing: written.sharing.chosen,
        isFaded: written.fade !== undefined,
      }),
      ...(run && 'warning' in run ? [run.warning] : []),
      ...(isHarmful(harm) ? [sentence] : []),
      ...asked.warnings,
      ...warnings,
    ],
  };
  const files: Output[] = [
    { path: options.output, content: file },
    ...(dataPath !== undefined && outside ? [{ path: dataPath, content: outside.data }] : []),
  ];
  if (options.certificate) {
    files.push({ path: options.certificate, content: certificateText(certificate) });
  }
  // Last, so that a report says that all is there.
  if (options.report) files.push({ path: options.report, content: `${JSON.stringify(report, null, 2)}\n` });
  await writeOutputs(files, terminal, options.force === true);
  const { inputSize, outputSize } = model.network;
  tell(talk, terminal, report, options, [
    `Written: ${files.map(({ path: name }) => name).join(', ')}.`,
    ...proof.regions.flatMap((region, r) => [
      `On region ${r} y = A x + b:`,
      ...mapLines(() => region.map, options.certificate, certificate, outputSize, inputSize),
    ]),
    harmSentence(harm),
    `Verdict: ${sentence}.`,
  ]);
  return EXIT.done;
}

/** Nothing is written that does not hold; what `verify` says of it is the better message for a library's error. */
export function assertProved(proof: Certified | Uncertified): asserts proof is Certified {
  if (proof.certified) return;
  const { layer, unit, region, margin } = proof;
  throw new PoliceError({
    code: 'not-frozen',
    where: layer,
    expected: 'a model that is affine on every region once written and read again',
    actual: `unit ${unit}, which may bend on region ${region}: it is short of its kink by ${-margin}`,
  });
}

/** A file that is affine on paper and infinite where it runs keeps no promise. */
export function assertNoOverflow(proof: Certified, precision: Precision['name']): void {
  const overflow = overflowIn(proof, precision);
  if (!overflow) return;
  throw new PoliceError({
    code: 'not-frozen',
    where: overflow.overflow,
    expected: 'numbers that float32 holds, on the way too',
    actual: overflowSentence(overflow),
    remedy: 'Take a smaller region, or scale the weights of the layers before it down.',
  });
}

/** Points of each region at which what is written is run. */
const SAMPLES = 16;

/**
 * What ONNX Runtime computes, where it is installed: throws `not-frozen` for a difference, whatever the proof says; a file that it does not run is
 * a warning, since the proof does not need it.
 */
export async function runOf(
  bytes: Uint8Array,
  model: ImportedModel,
  regions: readonly Region[],
  { regions: proofs }: Certified,
): Promise<{ samples: number } | { warning: string } | undefined> {
  if (model.arithmetic === 'float16') return undefined;
  try {
    const found = await replayIfInstalled(bytes, model, regions, proofs, SAMPLES);
    if (!found?.difference) return found;
    throw new PoliceError({
      code: 'not-frozen',
      where: 'onnxruntime-web',
      expected: 'what was proved',
      actual: `another number. ${differenceSentence(found.difference)}`,
    });
  } catch (error) {
    if (!(error instanceof PoliceError && error.code === 'unsupported-layer')) throw error;
    return { warning: `not run: ${error.message}` };
  }
}

/** What would change less, and is not in force. */
function adviceFor({ policy, fade, refit, distil }: EnforceOptions): string[] {
  return [
    ...(fade === undefined && !refit ? ['--fade 0.1'] : []),
    ...(fade === undefined ? [] : ['a smaller --fade']),
    ...(fade === undefined && !refit ? ['--refit'] : []),
    ...(refit && distil === undefined ? ['--distil'] : []),
    '--method patch',
    ...(policy === 'minimal' ? [] : ['--policy minimal']),
    'a smaller region',
    'training under the constraint',
  ];
}

function tell(
  talk: Talk,
  { stdout }: Terminal,
  report: Report,
  { json }: EnforceOptions,
  end: readonly string[],
): void {
  for (const warning of report.warnings) talk.warn(warning);
  if (json) stdout.write(`${JSON.stringify(report)}\n`);
  for (const line of [...reportLines(report), '', ...end]) talk.say(line);
}

export function summaryOf(
  { layers, regions }: Certificate,
  isHalf: boolean,
): Pick<Report, 'smallestMargin' | 'inferenceError' | 'inference' | 'approximationError'> {
  const margins = layers.map(({ smallestMargin }) => smallestMargin).filter(margin => margin !== null);
  const tails = regions.flatMap(({ approximationError }) =>
    approximationError ? [largestOf(approximationError)] : [],
  );
  return {
    smallestMargin: margins.length > 0 ? Math.min(...margins) : null,
    inferenceError: regions.map(region => (isHalf ? null : largestInferenceError(region))),
    inference: isHalf
      ? [HALF_SENTENCE]
      : regions.map((region, r) => `Region ${r}: float32 inference ${inferenceSentence(region)}.`),
    ...(tails.length > 0 ? { approximationError: largestOf(tails) } : {}),
  };
}

/** Throws `invalid-option` for what a patch is about, and for what goes into biases where shifts fade. */
function assertOptionsOfShifts(options: EnforceOptions): void {
  const { steepness, keep, shell, map } = options;
  if (options.fade !== undefined) assertOptionsOfFades(options);
  const given = [
    ...(steepness === undefined ? [] : ['--steepness']),
    ...(keep === undefined ? [] : ['--keep']),
    ...(shell === undefined ? [] : ['--shell']),
    ...(typeof map === 'string' ? [`--map ${map}`] : []),
  ];
  if (given.length === 0) return;
  throw new PoliceError({
    code: 'invalid-option',
    where: given[0],
    expected: '--method patch, which it is about',
    actual: '--method shift',
    remedy: `Add --method patch, or leave ${given.join(', ')} out.`,
  });
}

/** Throws `invalid-option` for what goes into biases and does not fade. */
function assertOptionsOfFades({ policy, sharing, precision, target, refit, demand }: EnforceOptions): void {
  const given = [
    ...(refit ? ['--refit'] : []),
    ...(demand === undefined ? [] : ['--demand']),
    ...(policy === 'minimal' ? [] : ['--policy']),
    ...(sharing === 'auto' || sharing === 'per-unit' ? [] : ['--sharing']),
    ...(precision === undefined || precision === 'float32' ? [] : ['--precision']),
    ...(target === undefined ? [] : ['--target']),
  ];
  if (given.length === 0) return;
  throw new PoliceError({
    code: 'invalid-option',
    where: given[0],
    expected: 'shifts in biases, which it is about',
    actual: '--fade, whose shifts are the least, in float32, and gone around the regions',
    remedy: `Leave ${given.join(', ')} out, or --fade.`,
  });
}

/** Standard output carries one thing. */
export function assertOneStream({
  output,
  report,
  certificate,
  json,
}: Pick<EnforceOptions, 'output' | 'report' | 'certificate' | 'json'>): void {
  const onStdout = [output === '-', report === '-', certificate === '-', json === true].filter(Boolean);
  if (onStdout.length <= 1) return;
  throw new PoliceError({
    code: 'invalid-option',
    where: 'standard output',
    expected: 'one of the model, the report, the certificate and --json',
    actual: `${onStdout.length} of them`,
    remedy: 'Write the others to files.',
  });
}
