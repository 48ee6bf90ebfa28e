import { type Certified, PoliceError, type Region, smtProof } from '@police/core';
import type { ImportedModel } from '@police/onnx-import';
import { readText } from './files.js';
import { sha256 } from './job-hashes.js';
import type { Memory } from './memory.js';
import { assertWritable, writeOutputs } from './outputs.js';
import type { Talk, Terminal } from './terminal.js';
import { unsafeSet } from './unsafe-set.js';

/** Options of a command that writes a proof. */
export interface ProofOptions {
  /** The file, in SMT-LIB. */
  readonly proof?: string;
  /** A VNN-LIB property, which the proof asks last. */
  readonly property?: string;
  /** MiB of text. */
  readonly proofLimit?: number;
  readonly force?: boolean;
}

/** What was proved, of which model. */
export interface Proved {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly model: ImportedModel;
  readonly regions: readonly Region[];
  readonly proof: Certified;
}

/** What was written. */
export interface ProofSize {
  readonly questions: number;
  readonly bytes: number;
}

/** Throws, before any work, unless the proof can be written. Standard output carries one thing. */
export async function assertProofWritable({
  proof,
  force,
  json,
}: ProofOptions & { readonly json?: boolean }): Promise<void> {
  if (proof === undefined) return;
  if (proof === '-' && json === true) {
    throw new PoliceError({
      code: 'invalid-option',
      where: 'standard output',
      expected: 'the proof or --json',
      actual: 'both',
      remedy: 'Write the proof to a file.',
    });
  }
  await assertWritable([proof], force === true);
}

const MiB = 2 ** 20;
const DEFAULT_LIMIT = 256;

/**
 * Writes a proof for solvers of other people, if `--proof` asks for one. Its size is said before anything is written, and it is
 * never in memory as a whole.
 */
export async function writeProof(
  { path, bytes, model, regions, proof }: Proved,
  options: ProofOptions,
  { talk, terminal, memory }: { readonly talk: Talk; readonly terminal: Terminal; readonly memory: Memory },
): Promise<ProofSize | undefined> {
  if (options.proof === undefined) return undefined;
  const { network } = model;
  const sizes = { inputs: network.inputSize, outputs: network.outputSize };
  if (options.property !== undefined) assertNoHead(model, options.property);
  const unsafe =
    options.property === undefined
      ? []
      : unsafeSet(await readText(options.property, terminal, memory), options.property, sizes);
  const smt = smtProof(network, regions, proof, {
    unsafe,
    limit: (options.proofLimit ?? DEFAULT_LIMIT) * MiB,
    about: [
      `Model ${path}, SHA-256 ${sha256(bytes)}, tensor '${model.guaranteedTensor}'.`,
      ...(options.property === undefined
        ? []
        : [`Property ${options.property}, asked last on every region.`]),
    ],
    progress: talk.stage('proof'),
  });
  const size = { questions: smt.questions, bytes: smt.bytes };
  talk.settle();
  talk.say(proofSentence(options.proof, size));
  await writeOutputs(
    [{ path: options.proof, content: gathered(smt.text()) }],
    terminal,
    options.force === true,
  );
  return size;
}

function proofSentence(path: string, { questions, bytes }: ProofSize): string {
  const name = path === '-' ? 'The proof' : path;
  return `${name}: ${questions} questions in ${(bytes / MiB).toPrecision(2)} MiB, each to be answered unsat (z3 file, cvc5 --incremental file).`;
}

/** A property speaks of the model's output, a proof of what comes before a softmax. */
function assertNoHead({ tail, guaranteed, guaranteedTensor }: ImportedModel, property: string): void {
  if (tail.length === 0) return;
  throw new PoliceError({
    code: 'unsupported-layer',
    where: property,
    expected: 'a model whose output is what is proved affine',
    actual: `a final ${tail.join(', ')} after '${guaranteedTensor}'`,
    remedy: `State the property of that tensor, and pass ${guaranteed.map(({ tensor }) => `--at ${tensor}`).join(' ')}.`,
  });
}

/** Characters written at a time. */
const CHUNK = 2 ** 16;

function* gathered(pieces: Iterable<string>): Generator<string> {
  let chunk: string[] = [];
  let length = 0;
  for (const piece of pieces) {
    chunk.push(piece);
    length += piece.length;
    if (length < CHUNK) continue;
    yield chunk.join('');
    [chunk, length] = [[], 0];
  }
  yield chunk.join('');
}
