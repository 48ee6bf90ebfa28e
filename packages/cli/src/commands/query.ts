import { type CaseDecision, PoliceError } from '@police/core';
import { loadLinearPrograms } from '@police/core/highs';
import { parse, type Query, sizeOf } from '@police/vnnlib';
import { EXIT } from '../exit-codes.js';
import { readText } from '../files.js';
import { Memory } from '../memory.js';
import { type ModelOptions, readModelFile } from '../model.js';
import { type AskedModel, answerOfSeveral, type PropertyAnswer } from '../property/answer.js';
import { assignedOf, assignmentLines, serialiseAssignment } from '../property/assignment.js';
import { joined, type Part, sideBySide } from '../property/joined.js';
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
  const { query: one, parts } = joined(query, file);
  const files = options.property === undefined ? networkFiles(query, options) : [path];
  const asked: AskedModel[] = [];
  for (const each of files) asked.push(await readModelFile(each, options, terminal));
  assertSizes(parts, asked, file);
  const network = sideBySide(asked.map(({ model }) => model.network));
  const programs = await loadLinearPrograms();
  const property = withPoliceErrors(() =>
    propertyOf(one, file, {
      inputs: network.inputSize,
      outputs: network.outputSize,
      memory: limit,
      programs,
    }),
  );
  const deadline = options.timeout === undefined ? Number.POSITIVE_INFINITY : start + 1000 * options.timeout;
  const found = await answerOfSeveral(
    property,
    { network, files: asked },
    {
      programs,
      memory: limit.left,
      isStopped: () => performance.now() > deadline,
      ...(options.run === undefined ? {} : { run: options.run }),
    },
  );
  for (const warning of found.warnings) talk.warn(warning);
  const assigned = found.point && found.outputs ? assignedOf(parts, found.point, found.outputs) : [];
  const folder = options.serialiseAssignments;
  if (folder !== undefined && assigned.length > 0) await serialiseAssignment(folder, assigned, terminal);
  if (options.json)
    terminal.stdout.write(`${JSON.stringify(jsonOf(property, found, performance.now() - start))}\n`);
  const lines = folder === undefined ? assignmentLines(property, assigned) : [];
  for (const line of [found.answer, ...lines]) talk.say(line);
  return EXIT.done;
}

/** The model file of each network of the query: one for each that is not `equal-to` another, and none too many. */
function networkFiles({ networks }: Query, { network = [] }: QueryOptions): string[] {
  const given = new Map(network.map(nameAndFile));
  const needed = networks
    .filter(({ equivalence }) => equivalence?.kind !== 'equal-to')
    .map(({ name }) => name);
  const isAlike = needed.length === network.length && needed.every(name => given.has(name));
  if (!isAlike) {
    throw new PoliceError({
      code: 'invalid-option',
      where: '--network',
      expected: needed.map(name => `${name}=model.onnx`).join(' and '),
      actual: network.length > 0 ? network.join(' and ') : 'none',
      remedy: 'Name each network that the query declares, those equal to another left out, and no other.',
    });
  }
  return networks.map(
    ({ name, equivalence }) => given.get(equivalence?.kind === 'equal-to' ? equivalence.network : name)!,
  );
}

/** Throws `shape` for a network of other sizes than its file, or one that is to be isomorphic to another and is not. */
function assertSizes(parts: readonly Part[], files: readonly AskedModel[], file: string): void {
  parts.forEach(({ declared: { name, equivalence }, input, output }, i) => {
    const { network } = files[i].model;
    const [wanted, found] = [
      [sizeOf(input), sizeOf(output)],
      [network.inputSize, network.outputSize],
    ].map(sizes => `${sizes.join(' inputs and ')} outputs`);
    if (wanted !== found)
      throw new PoliceError({
        code: 'shape',
        where: `${file} network ${name}`,
        expected: found,
        actual: wanted,
      });
    const other = parts.findIndex(part => part.declared.name === equivalence?.network);
    const build = (k: number) =>
      files[k].model.network.nodes.map(
        ({ kind, name: each }) => `${kind} ${files[k].model.network.sizes.get(each)}`,
      );
    if (equivalence?.kind === 'isomorphic-to' && build(other).join() !== build(i).join()) {
      throw new PoliceError({
        code: 'invalid-network',
        where: `--network ${name}`,
        expected: `a network of the same layers as ${equivalence.network}`,
        actual: 'another',
      });
    }
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
