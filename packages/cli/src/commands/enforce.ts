import {
  boundOutputs,
  type Certificate,
  certificateOf,
  certificateText,
  drift,
  type EnforceReport,
  enforce,
  float16,
  float32,
  float64,
  freeze,
  PoliceError,
  type Precision,
} from '@police/core';
import { writeBack } from '@police/onnx-import';
import { EXIT } from '../exit-codes.js';
import { inferenceSentence, largestInferenceError } from '../inference-bound.js';
import { type JobHashes, sha256 } from '../job-hashes.js';
import { Memory } from '../memory.js';
import { type ModelOptions, parseModel, readModelFile } from '../model.js';
import { assertWritable, type Output, writeOutputs } from '../outputs.js';
import { readRegions } from '../regions.js';
import { type Report, reportLines } from '../report.js';
import { readSamples } from '../samples.js';
import { readTarget } from '../target.js';
import { type Talk, type Terminal, talkOf } from '../terminal.js';
import { warningsAbout } from '../warnings.js';

export interface EnforceOptions extends ModelOptions {
  readonly region: readonly string[];
  readonly output: string;
  readonly policy: 'minimal' | 'majority';
  readonly shift: 'per-unit' | 'per-channel';
  readonly precision?: Precision['name'];
  readonly target?: string;
  readonly data?: string;
  readonly decision: 'largest' | 'smallest';
  readonly report?: string;
  readonly certificate?: string;
  readonly map?: boolean;
  readonly memory?: number;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** A map while it is made, and its rows as arrays. */
const BYTES_PER_MAP_ENTRY = 40;

const PRECISIONS = { float16, float32, float64 };

/** `police enforce`: reads, shifts, freezes, proves, and only then writes anything. A sweep's `job` goes into the report. */
export async function enforceCommand(
  path: string,
  options: EnforceOptions,
  terminal: Terminal,
  job?: JobHashes,
): Promise<number> {
  const talk = talkOf(terminal, {
    isQuiet: options.quiet === true,
    isJson: options.json === true,
    isResultOnStderr: options.output === '-',
  });
  assertOneStream(options);
  const outputs = [options.output, options.report, options.certificate].filter(name => name !== undefined);
  await assertWritable(outputs, options.force === true);
  const { model } = await readModelFile(path, options, terminal);
  const limit = new Memory(options);
  const regions = await readRegions(
    options.region,
    { size: model.network.inputSize, memory: limit },
    terminal,
  );
  const samples = options.data
    ? await readSamples(options.data, model.network.inputSize, terminal)
    : undefined;
  const memory = { memory: limit.left };

  const enforced = enforce(model.network, regions, {
    policy: options.policy,
    sharing: options.shift,
    progress: talk.stage('enforce'),
    ...memory,
  });
  const precision = options.precision ?? model.precision;
  let frozen = freeze(enforced.network, regions, {
    precision,
    progress: talk.stage('freeze'),
    ...memory,
  }).network;
  if (options.target) {
    const { C, d } = await readTarget(options.target, model.network.outputSize, terminal, limit);
    frozen = boundOutputs(frozen, regions, C, d, { precision: PRECISIONS[precision] });
  }
  if (options.map) {
    const { inputSize, outputSize } = model.network;
    const bytes = BYTES_PER_MAP_ENTRY * inputSize * outputSize * regions.length;
    limit.assertFits(bytes, '--map', 'maps, outputs × inputs × regions,');
  }
  const written = writeBack(model, frozen);
  // What is certified is what was written, read again.
  const certificate = certificateOf(parseModel(written.bytes, options).network, regions, written.bytes, {
    progress: talk.stage('certify'),
    ...(options.map ? { map: true } : {}),
    ...memory,
  });
  talk.settle();

  const report: Report = {
    ...(job ? { job: { ...job, outputSha256: sha256(written.bytes) } } : {}),
    model: path,
    regions: regions.length,
    guaranteed: { guaranteedTensor: model.guaranteedTensor, tail: model.tail },
    certified: true,
    shifts: shiftsIn(enforced.report),
    ...summaryOf(certificate),
    edits: written.edits,
    ...(samples
      ? { drift: { ...drift(model.network, frozen, samples, options), samples: samples.rows } }
      : {}),
    warnings: warningsAbout(enforced.report, regions.length, options),
  };
  const files: Output[] = [{ path: options.output, content: written.bytes }];
  if (options.certificate) {
    files.push({ path: options.certificate, content: certificateText(certificate) });
  }
  // Last, so that a report says that all is there.
  if (options.report) files.push({ path: options.report, content: `${JSON.stringify(report, null, 2)}\n` });
  await writeOutputs(files, terminal, options.force === true);
  tell(talk, terminal, report, options);
  return EXIT.done;
}

function tell(talk: Talk, { stdout }: Terminal, report: Report, { json }: EnforceOptions): void {
  for (const warning of report.warnings) talk.warn(warning);
  if (json) stdout.write(`${JSON.stringify(report)}\n`);
  for (const line of reportLines(report)) talk.say(line);
}

function summaryOf({
  layers,
  regions,
}: Certificate): Pick<Report, 'smallestMargin' | 'inferenceError' | 'inference' | 'approximationError'> {
  const margins = layers.map(({ smallestMargin }) => smallestMargin).filter(margin => margin !== null);
  const tails = regions.flatMap(({ approximationError }) => approximationError ?? []);
  return {
    smallestMargin: margins.length > 0 ? Math.min(...margins) : null,
    inferenceError: regions.map(largestInferenceError),
    inference: regions.map(inferenceSentence),
    ...(tails.length > 0 ? { approximationError: Math.max(...tails) } : {}),
  };
}

/** The report but for its maps, which would be made by being looked at, and can be as large as outputs × inputs. */
function shiftsIn(report: EnforceReport): Report['shifts'] {
  const {
    layers,
    units,
    shifted,
    totalShift,
    largestShift,
    dead,
    saturated,
    linear,
    mapsCoincide,
    constantOn,
  } = report;
  return {
    layers,
    units,
    shifted,
    totalShift,
    largestShift,
    dead,
    saturated,
    linear,
    mapsCoincide,
    constantOn,
  };
}

/** Standard output carries one thing. */
function assertOneStream({ output, report, certificate, json }: EnforceOptions): void {
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
