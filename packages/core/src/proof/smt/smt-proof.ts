import { PoliceError } from '../../errors.js';
import type { Network } from '../../network/network.js';
import type { Progress } from '../../network/walk.js';
import type { Fraction } from '../../numeric/fraction.js';
import type { Region } from '../../regions/region.js';
import type { Certified } from '../plain-proof.js';
import { type PlainNetwork, plainNetworks } from './plain-network.js';
import { type Defined, regionScript } from './region-script.js';
import { asserted, comment, defined, fractionText, refutable, sumText } from './syntax.js';
import type { Lines } from './units.js';

/** Σ coefficient · (input or output) relation bound, in exact numbers: numerator over positive denominator. */
export interface ExactConstraint {
  readonly terms: readonly {
    readonly of: 'input' | 'output';
    readonly index: number;
    readonly coefficient: Fraction;
  }[];
  readonly relation: '<' | '<=' | '=';
  readonly bound: Fraction;
}

/** What a proof says besides, and how long it may be. */
export interface SmtProofOptions {
  /**
   * A property: what must not happen, as alternatives of constraints that hold together. On each region the last questions are
   * whether one of them can.
   */
  readonly unsafe?: readonly (readonly ExactConstraint[])[];
  /** Lines at the head of the file, such as the model's name and hash. */
  readonly about?: readonly string[];
  /**
   * Bytes of text.
   * @defaultValue 256 MiB
   */
  readonly limit?: number;
  readonly progress?: Progress;
}

/** A proof as text for a solver. */
export interface SmtProof {
  /** Number of questions, each of which `unsat` answers. */
  readonly questions: number;
  readonly bytes: number;
  /** The text, made anew, piece by piece, whenever it is read. */
  text(): Iterable<string>;
}

/** No piece has more than one. */
const QUESTION = /^\(check-sat\)$/m;

const DEFAULT_LIMIT = 2 ** 28;

/**
 * The proof of `certify(net, regions)` as a script of SMT-LIB 2.6, logic QF_LRA, that any solver of linear arithmetic checks without
 * knowing this program: `unsat` is its answer to every question. All numbers are exact; regions are as their definitions have them. A unit's
 * claim rests on those before it, so that no question branches, and none is larger than a row of the network.
 *
 * It is made twice: once to be measured, before anything is written, and once to be read, so it never lies in memory as a whole.
 *
 * Throws `invalid-option` for a curved region, `unsupported-layer` for weights that are no known rational numbers (roots, interpolation),
 * `unsupported-activation` for smooth ones, or `too-large` beyond `limit`. A patch is its map on its region, which is proved too; of several
 * patches, those that leave a region alone are proved by bounds, and refused here (`unsupported-layer`).
 *
 * @example
 * const proof = certify(net, regions);
 * if (proof.certified) for (const piece of smtProof(net, regions, proof).text()) process.stdout.write(piece);
 */
export function smtProof(
  net: Network,
  regions: readonly Region[],
  proof: Certified,
  options: SmtProofOptions = {},
): SmtProof {
  const { limit = DEFAULT_LIMIT } = options;
  const plain = plainNetworks(net, regions, proof);
  let bytes = 0;
  let questions = 0;
  for (const piece of script(net, regions, plain, options)) {
    bytes += piece.length; // all of it ASCII
    if (QUESTION.test(piece)) questions++;
    if (bytes > limit) throw tooLong(limit);
  }
  const { progress: _, ...quietly } = options;
  return { questions, bytes, text: () => script(net, regions, plain, quietly) };
}

function* script(
  net: Network,
  regions: readonly Region[],
  plain: readonly PlainNetwork[],
  { unsafe = [], about = [], progress }: SmtProofOptions,
): Lines<void> {
  for (const line of [...about, ...HEAD]) yield comment(line);
  yield '(set-logic QF_LRA)\n';
  for (const [r, region] of regions.entries()) {
    yield '(push 1)\n';
    const { network, pieces, region: at } = plain[r];
    yield comment(`region ${r}`);
    const { inputs, outputs } = yield* regionScript(network, region, at, pieces, progress);
    yield* zero(outputs.slice(net.outputSize));
    if (unsafe.length > 0) yield* unsafeOn({ inputs, outputs: outputs.slice(0, net.outputSize) }, unsafe);
    yield '(pop 1)\n';
  }
}

/** The radii of clamps: where they are 0 a clamp is its centre, which stands in its place. */
function* zero(radii: Defined['outputs']): Lines<void> {
  if (radii.length > 0) yield comment('radii of clamps, which are 0');
  for (const { text } of radii) yield refutable(`(distinct ${text} 0)`);
}

const HEAD = [
  'The network is affine on every region, in exact arithmetic, if unsat is the answer to every question.',
  'n<i>_<j> is unit j of node i. A unit is defined as an affine function of the coordinates of the region; the question after it',
  'is whether it can differ from what the network computes from units before it. Then come questions whether the unit can',
  'leave its piece, or another entry exceed the one that wins a maximum. Later questions rest on the answers before them.',
];

function* unsafeOn(
  { inputs, outputs }: Defined,
  unsafe: readonly (readonly ExactConstraint[])[],
): Lines<void> {
  for (const [j, { text }] of outputs.entries()) yield defined(`y${j}`, text);
  const textOf = (of: 'input' | 'output', index: number) =>
    of === 'output' ? `y${index}` : inputs[index].text;
  for (const [i, constraints] of unsafe.entries()) {
    yield comment(`what must not happen, alternative ${i}`);
    const texts = constraints.map(({ terms, relation, bound }) => {
      const sum = terms.map(({ of, index, coefficient }) => ({
        weight: coefficient,
        text: textOf(of, index),
      }));
      return asserted(
        `(${relation} ${sumText(sum, { numerator: 0n, denominator: 1n })} ${fractionText(bound)})`,
      );
    });
    yield `(push 1)\n${texts.join('')}(check-sat)\n(pop 1)\n`;
  }
}

function tooLong(limit: number): PoliceError {
  return new PoliceError({
    code: 'too-large',
    where: 'smtProof',
    expected: `at most ${limit} bytes of text`,
    actual: 'more',
    remedy:
      'Allow more (option limit, in bytes), or prove fewer regions at a time, or regions of fewer dimensions.',
  });
}
