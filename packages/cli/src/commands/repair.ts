import {
  certificateOfProof,
  certificateText,
  certify,
  enforce,
  float16,
  float32,
  float64,
  forward,
  freeze,
  type LinearPrograms,
  type Matrix,
  type Network,
  PoliceError,
  type Region,
  repair,
} from '@police/core';
import { loadLinearPrograms } from '@police/core/highs';
import { appendPatch, type ImportedModel, readModel, writeBack } from '@police/onnx-import';
import { assertOneStream } from '../enforce-options.js';
import { EXIT } from '../exit-codes.js';
import { readText } from '../files.js';
import { type JobHashes, sha256 } from '../job-hashes.js';
import { Memory } from '../memory.js';
import { type ModelOptions, readModelFile } from '../model.js';
import { type Output, writablePaths, writeOutputs } from '../outputs.js';
import { type AnswerWord, answerOf, assertWhole } from '../property/answer.js';
import { changeOn, pointsAround, pointsIn } from '../property/decisions.js';
import { leastShift } from '../property/least-shift.js';
import { type Property, readProperty, regionsIn } from '../property/property.js';
import { assertNoOverflow, assertProved, runOf } from '../proved.js';
import { type RepairReport, repairLines } from '../repair-report.js';
import { readSamples } from '../samples.js';
import { type Terminal, talkOfWriting } from '../terminal.js';

export interface RepairCommandOptions extends ModelOptions {
  /** A file; of many the second column of theirs. */
  readonly property?: string;
  readonly output: string;
  /** `patch`: the least change of the model on the property's regions; `shift`: of its biases. */
  readonly method: 'patch' | 'shift';
  /** Samples whose outputs are to stay as they are, outside the regions. */
  readonly keep?: string;
  readonly decision: 'largest' | 'smallest';
  readonly report?: string;
  readonly certificate?: string;
  readonly run?: boolean;
  readonly memory?: number;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** What a method makes of a model. */
interface Fixed {
  readonly bytes: Uint8Array;
  /** The regions on which the file is proved affine. */
  readonly regions: readonly Region[];
  readonly changed: number;
}

/** `police repair`: makes a property true by the least change that it finds, proves the file that comes of it, and only then writes. */
export async function repairCommand(
  path: string,
  options: RepairCommandOptions,
  terminal: Terminal,
  job?: JobHashes,
): Promise<number> {
  const talk = talkOfWriting(options, terminal);
  const file = propertyFile(options);
  assertOneStream(options);
  await writablePaths(options);
  const limit = new Memory(options);
  const read = await readModelFile(path, options, terminal);
  const { network } = read.model;
  const programs = await loadLinearPrograms();
  const property = readProperty(await readText(file, terminal, limit), file, {
    inputs: network.inputSize,
    outputs: network.outputSize,
    memory: limit,
    programs,
  });
  assertWhole(read.model, property.file);
  const keep = options.keep ? await readSamples(options.keep, network.inputSize, terminal) : undefined;
  const asked = { memory: limit.left, programs, run: options.run !== false };
  const before = await answerOf(property, read, asked);
  const known = {
    model: path,
    property: property.file,
    method: options.method,
    before: before.answer,
    regions: property.cases.length,
  };
  if (before.answer === 'unsat') {
    const report: RepairReport = { ...known, changed: 0, warnings: before.warnings };
    await writeOutputs(reportFile(report, options), terminal, options.force === true);
    if (options.json) terminal.stdout.write(`${JSON.stringify(report)}\n`);
    for (const line of repairLines(report)) talk.say(line);
    return EXIT.done;
  }
  const fix = options.method === 'patch' ? patched : shifted;
  const fixed = fix(read.model, property, {
    ...options,
    limit,
    programs,
    ...(keep ? { samples: keep } : {}),
  });
  // What is asked is what was written, read again.
  const model = readModel(fixed.bytes, read.model.source.options);
  const after = await answerOf(property, { bytes: fixed.bytes, model }, asked);
  if (after.answer !== 'unsat') throw notRepaired(property, after.answer);
  const proof = certify(model.network, fixed.regions, { memory: limit.left });
  assertProved(proof);
  assertNoOverflow(proof, model.precision);
  const run = options.run === false ? undefined : await runOf(fixed.bytes, model, fixed.regions, proof);
  const compared = (points: Matrix, of: string) =>
    changeOn(points, of, forward(network, points), forward(model.network, points), options.decision);
  const report: RepairReport = {
    ...(job ? { job: { ...job, outputSha256: sha256(fixed.bytes) } } : {}),
    ...known,
    certified: true,
    after: after.answer,
    changed: fixed.changed,
    inside: compared(pointsIn(regionsIn(property)), 'points of the regions'),
    outside: keep
      ? compared(keep, `samples of ${options.keep}`)
      : compared(pointsAround(regionsIn(property)), 'points around them'),
    ...(run && 'samples' in run ? { run } : {}),
    warnings: [...before.warnings, ...(run && 'warning' in run ? [run.warning] : [])],
  };
  const files: Output[] = [{ path: options.output, content: fixed.bytes }];
  if (options.certificate) {
    const certificate = certificateOfProof(model.network, proof, fixed.regions, fixed.bytes);
    files.push({ path: options.certificate, content: certificateText(certificate) });
  }
  files.push(...reportFile(report, options));
  await writeOutputs(files, terminal, options.force === true);
  for (const warning of report.warnings) talk.warn(warning);
  if (options.json) terminal.stdout.write(`${JSON.stringify(report)}\n`);
  for (const line of repairLines(report)) talk.say(line);
  return EXIT.done;
}

function propertyFile({ property }: RepairCommandOptions): string {
  if (property !== undefined) return property;
  throw new PoliceError({
    code: 'invalid-option',
    where: '--property',
    expected: 'a VNN-LIB property',
    actual: 'none',
    remedy: 'Pass --property p.vnnlib, or --instances.',
  });
}

/** Last of what is written, so that a report says that all is there. */
function reportFile(report: RepairReport, { report: path }: RepairCommandOptions): Output[] {
  return path === undefined ? [] : [{ path, content: `${JSON.stringify(report, null, 2)}\n` }];
}

/** What both methods need. */
interface Means extends RepairCommandOptions {
  readonly limit: Memory;
  readonly programs: LinearPrograms;
  readonly samples?: Matrix;
}

function patched(
  { network, source, inputShape }: ImportedModel,
  { cases }: Property,
  { limit, programs, samples, decision }: Means,
): Fixed {
  const repaired = repair(network, cases, {
    // What a runtime computes is to be safe, whatever the property's types: its errors are allowed for.
    arithmetic: 'float32',
    programs,
    memory: limit.left,
    decision,
    ...(samples ? { data: samples } : {}),
  });
  const { bytes } = appendPatch(source.bytes, repaired.added!, { ...source.options, inputShape });
  const regions = repaired.cases.map(i => cases[i].region);
  return { bytes, regions, changed: regions.length };
}

const PRECISIONS = { float16, float32, float64 };

function shifted(model: ImportedModel, property: Property, { limit, programs }: Means): Fixed {
  const { precision } = model;
  const regions = regionsIn(property);
  const memory = { memory: limit.left };
  const fixed = (network: Network): Network => {
    const frozen = freeze(network, regions, { precision, ...memory }).network;
    return leastShift(frozen, property, PRECISIONS[precision], { programs, ...memory });
  };
  const { bytes } = writeBack(model, fixed(enforce(model.network, regions, memory).network), fixed);
  return { bytes, regions, changed: regions.length };
}

function notRepaired({ file }: Property, answer: AnswerWord): PoliceError {
  return new PoliceError({
    code: 'infeasible-target',
    where: file,
    expected: 'a property that is proved of the file once written and read again',
    actual: answer,
  });
}
