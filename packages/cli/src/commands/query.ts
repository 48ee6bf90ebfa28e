import { type CaseDecision, PoliceError } from '@police/core';
import { loadLinearPrograms } from '@police/core/highs';
import { type Network, parse, type Query } from '@police/vnnlib';
import { EXIT } from '../exit-codes.js';
import { readText } from '../files.js';
import { Memory } from '../memory.js';
import { type ModelOptions, readModelFile } from '../model.js';
import { type AskedModel, answerOf, type PropertyAnswer } from '../property/answer.js';
import { assignedOf, assignmentLines, serialiseAssignment } from '../property/assignment.js';
import { type Property, propertyOf } from '../property/property.js';
import { type Terminal, talkOf } from '../terminal.js';
import { withPoliceErrors } from '../vnnlib.js';

export interface QueryOptions extends ModelOptions {
  /** The property, where the first argument is the model. */
  readonly property?: string;
  /** `name=file`, where the first argument is the query. */
  readonly network?: readonly string[];
  /** In seconds. */
  readonly timeout?: number;
  readonly serialiseAssignments?: string;
  readonly memory?: number;
  /** Whether points are run in ONNX Runtime, where it is installed. @defaultValue true */
  readonly run?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Whether `police verify` is asked a question, rather than for the proof that a model is affine. */
export function isQuestion({
  property,
  network,
  proof,
}: QueryOptions & { readonly proof?: string }): boolean {
  return network !== undefined || (property !== undefined && proof === undefined);
}

/**
 * `police verify query.vnnlib --network f=model.onnx`, and of version 1 `police verify model.onnx --property p.vnnlib`: the first line is
 * the answer, `sat`, `unsat`, `unknown` or `timed-out`; after `sat` follows the assignment. An answer is no failure: the exit code is 0.
 */
export async function queryCommand(path: string, options: QueryOptions, terminal: Terminal): Promise<number> {
  const start = performance.now();
  const talk = talkOf(terminal, { isQuiet: false, isJson: options.json === true });
  const limit = new Memory(options);
  const file = options.property ?? path;
  const text = await readText(file, terminal, limit);
  const query = withPoliceErrors(() => parse(text, { file }));
  const asked = await readModelFile(
    options.property === undefined ? networkFile(query, file, options) : path,
    options,
    terminal,
  );
  const programs = await loadLinearPrograms();
  const property = withPoliceErrors(() =>
    propertyOf(query, file, { ...sizesOf(asked), memory: limit, programs }),
  );
  const deadline = options.timeout === undefined ? Number.POSITIVE_INFINITY : start + 1000 * options.timeout;
  const found = await answerOf(property, asked, {
    programs,
    memory: limit.left,
    isStopped: () => performance.now() > deadline,
    ...(options.run === undefined ? {} : { run: options.run }),
  });
  for (const warning of found.warnings) talk.warn(warning);
  const assigned = found.point && found.outputs ? assignedOf(property, found.point, found.outputs) : [];
  const folder = options.serialiseAssignments;
  if (folder !== undefined && assigned.length > 0) await serialiseAssignment(folder, assigned, terminal);
  if (options.json)
    terminal.stdout.write(`${JSON.stringify(jsonOf(property, found, performance.now() - start))}\n`);
  const lines = folder === undefined ? assignmentLines(property, assigned) : [];
  for (const line of [found.answer, ...lines]) talk.say(line);
  return EXIT.done;
}

function sizesOf({ model: { network } }: AskedModel): { inputs: number; outputs: number } {
  return { inputs: network.inputSize, outputs: network.outputSize };
}

/** The model file of the query's network, every name given once and none too many. */
function networkFile({ networks }: Query, file: string, { network = [] }: QueryOptions): string {
  const given = new Map(network.map(pair => nameAndFile(pair)));
  const declared = networks.map(({ name }) => name);
  const isAlike = declared.length === given.size && declared.every(name => given.has(name));
  if (isAlike && given.size === network.length && networks.length === 1) return given.get(declared[0])!;
  if (networks.length > 1) throw severalNetworks(networks, file);
  throw new PoliceError({
    code: 'invalid-option',
    where: '--network',
    expected: declared.map(name => `${name}=model.onnx`).join(' and '),
    actual: network.length > 0 ? network.join(' and ') : 'none',
    remedy: 'Name each network that the query declares, and no other.',
  });
}

function nameAndFile(pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at > 0 && at < pair.length - 1) return [pair.slice(0, at), pair.slice(at + 1)];
  throw new PoliceError({
    code: 'invalid-option',
    where: '--network',
    expected: 'name=file',
    actual: pair,
    remedy: 'Such as --network f=model.onnx.',
  });
}

function severalNetworks(networks: readonly Network[], file: string): PoliceError {
  return new PoliceError({
    code: 'unsupported-layer',
    where: file,
    expected: 'one network',
    actual: `${networks.length}: ${networks.map(({ name }) => name).join(', ')}`,
  });
}

function jsonOf({ file, arithmetic }: Property, found: PropertyAnswer, milliseconds: number): object {
  const { answer, point, outputs, isConfirmed, cases } = found;
  return {
    answer,
    property: file,
    arithmetic,
    ...(point ? { input: Array.from(point) } : {}),
    ...(outputs ? { output: Array.from(outputs) } : {}),
    ...(isConfirmed === undefined ? {} : { confirmed: isConfirmed }),
    cases: cases.map(caseJson),
    seconds: milliseconds / 1000,
  };
}

function caseJson({ isAffine, conjuncts }: CaseDecision): object {
  return {
    affine: isAffine,
    conjuncts: conjuncts.map(({ answer, by }) => ({ answer, ...(by ? { by } : {}) })),
  };
}
