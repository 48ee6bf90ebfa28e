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
  type Network,
  PoliceError,
  type Precision,
} from '@police/core';
import { writeBack } from '@police/onnx-import';
import { EXIT } from '../exit-codes.js';
import { assertWritable, type Output, writeOutputs } from '../files.js';
import { inferenceSentence, largestInferenceError } from '../inference-bound.js';
import { type ModelOptions, parseModel, readModelFile } from '../model.js';
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

const PRECISIONS = { float16, float32, float64 };

/** `police enforce`: reads, shifts, freezes, proves, and only then writes anything. */
export async function enforceCommand(
  path: string,
  options: EnforceOptions,
  terminal: Terminal,
): Promise<number> {
  const talk = talkOf(terminal, {
    isQuiet: options.quiet === true,
    isJson: options.json === true,
    isResultOnStderr: options.output === '-',
  });
  assertOneStream(options);
  const outputs = [options.output, options.report, options.certificate].filter(name => name !== undefined);
  await assertWritable(
    outputs.map(name => ({ path: name })),
    options.force === true,
  );
  const { model } = await readModelFile(path, options, terminal);
  const regions = await readRegions(options.region, terminal);
  const samples = options.data
    ? await readSamples(options.data, model.network.inputSize, terminal)
    : undefined;
  const memory = options.memory === undefined ? {} : { memory: options.memory * 2 ** 20 };

  const enforced = enforce(model.network, regions, {
    policy: options.policy,
    sharing: options.shift,
    progress: talk.stage('enforce'),
    ...memory,
  });
  const precision = options.precision ?? model.precision;
  const target = options.target
    ? await readTarget(options.target, model.network.outputSize, terminal)
    : undefined;
  const frozenTo = (network: Network): Network => {
    const frozen = freeze(network, regions, { precision, progress: talk.stage('freeze'), ...memory }).network;
    if (!target) return frozen;
    return boundOutputs(frozen, regions, target.C, target.d, { precision: PRECISIONS[precision] });
  };
  const written = writeBack(model, frozenTo(enforced.network), frozenTo);
  // What is certified is what was written, read again.
  const certificate = certificateOf(parseModel(written.bytes, options).network, regions, written.bytes, {
    progress: talk.stage('certify'),
    ...(options.map ? { map: true } : {}),
    ...memory,
  });
  talk.settle();

  const report: Report = {
    model: path,
    regions: regions.length,
    guaranteed: { guaranteedTensor: model.guaranteedTensor, tail: model.tail },
    certified: true,
    shifts: shiftsIn(enforced.report),
    ...summaryOf(certificate),
    edits: written.edits,
    ...(samples
      ? { drift: { ...drift(model.network, written.network, samples, options), samples: samples.rows } }
      : {}),
    warnings: warningsAbout(enforced.report, regions.length),
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
