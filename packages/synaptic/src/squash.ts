import { type Activation, abs, identity, leakyRelu, PoliceError, relu, sigmoid, tanh } from '@police/core';
import { activate, assertFinite } from '@police/core/adapter';
import type synaptic from 'synaptic';
import { activationToJSON } from './activation-json.js';
import { framework } from './framework.js';

/** What user-supplied squashes are: synaptic knows them only as functions. */
export type SquashMeanings = ReadonlyMap<synaptic.Squash, Activation>;

/** The library's smooth squashes, taken as affine up to `epsilon` on their tails. */
export function smoothMeanings(epsilon: number): SquashMeanings {
  const { LOGISTIC, TANH } = framework.Neuron.squash;
  return new Map([
    [LOGISTIC, sigmoid(epsilon)],
    [TANH, tanh(epsilon)],
  ]);
}

/** What the squashes made here are. */
const ownMeanings = new WeakMap<synaptic.Squash, Activation>();

function withMeaning(squash: synaptic.Squash, meaning: Activation): synaptic.Squash {
  ownMeanings.set(squash, meaning);
  return squash;
}

/** A squash for `layer.set({ squash })` that this package knows as `leakyRelu(alpha)`. Throws `not-finite`. */
export function leakyReluSquash(alpha: number): synaptic.Squash {
  assertFinite([alpha], 'leakyReluSquash alpha');
  const squash: synaptic.Squash = (x, derivate) => {
    if (derivate) return x > 0 ? 1 : alpha;
    return x > 0 ? x : alpha * x;
  };
  return withMeaning(squash, leakyRelu(alpha));
}

/** A squash for `layer.set({ squash })` that this package knows as `abs()`. */
export const absSquash: synaptic.Squash = withMeaning(
  (x, derivate) => (derivate ? (x > 0 ? 1 : -1) : Math.abs(x)),
  abs(),
);

/** Whether the library's optimised code knows the function: it leaves any other out without a word. */
export function isOptimisable(squash: synaptic.Squash): boolean {
  return Object.values(framework.Neuron.squash).includes(squash);
}

/**
 * The meaning of a layer's squash. A function of the user's needs one in `meanings` and must agree with it, values and
 * derivatives.
 *
 * Throws `unsupported-activation` (smooth without a meaning, a step, or a function of no known meaning) or
 * `invalid-option` (a meaning that does not fit).
 */
export function meaningOf(squash: synaptic.Squash, meanings: SquashMeanings, where: string): Activation {
  const { RELU, IDENTITY } = framework.Neuron.squash;
  if (squash === RELU) return relu();
  if (squash === IDENTITY) return identity();
  const declared = meanings.get(squash) ?? ownMeanings.get(squash);
  if (!declared) throw refusal(squash, where);
  assertOneSlopePerPiece(declared, where);
  assertMeans(squash, declared, where);
  return declared;
}

function refusal(squash: synaptic.Squash, where: string): PoliceError {
  const { squash: library } = framework.Neuron;
  const name = Object.keys(library).find(key => library[key as keyof typeof library] === squash);
  return new PoliceError({
    code: 'unsupported-activation',
    where,
    expected: 'a squash whose affine pieces are known: RELU, IDENTITY, leakyReluSquash(alpha), absSquash',
    actual: name ?? (typeof squash === 'function' ? `a function '${squash.name}'` : `${squash}`),
    remedy: remedyFor(name),
  });
}

function remedyFor(name: string | undefined): string {
  const piecewise = 'layer.set({ squash: Neuron.squash.RELU }), or IDENTITY for the output layer';
  if (name === 'HLIM') return `A step is not continuous: ${piecewise}.`;
  if (name) {
    return `A smooth function is affine on no region: ${piecewise}. Or pass epsilon, the distance from affine that you accept: every unit of the layer then sits on a flat tail there.`;
  }
  return 'Say what it is, { activations: new Map([[squash, leakyRelu(0.1)]]) }, or use leakyReluSquash or absSquash.';
}

/** A squash does not know which unit it is for, so that PReLU's slopes have no place in it. */
function assertOneSlopePerPiece({ name, pieces }: Activation, where: string): void {
  if (pieces.every(({ slope }) => typeof slope === 'number')) return;
  throw new PoliceError({
    code: 'unsupported-activation',
    where,
    expected: 'one function for all units of a layer',
    actual: `${name} with a slope for each unit`,
    remedy: 'Use leakyRelu(alpha).',
  });
}

/** Of a value or a derivative; the user may have written the same function in another order of operations. */
const TOLERANCE = 16 * Number.EPSILON;

/** Compares squash and meaning on and around the kinks, and at magnitudes from 2⁻²⁰ to 2²⁰. */
function assertMeans(squash: synaptic.Squash, meaning: Activation, where: string): void {
  const edges = meaning.kinks.flatMap(({ lo, hi }) => [lo, hi]).filter(Number.isFinite);
  const points = [0, ...edges].flatMap(at =>
    [-20, -10, 0, 3, 10, 20].flatMap(power => [at - 2 ** power, at, at + 2 ** power]),
  );
  for (const x of points) {
    const value = activate(meaning, x, 0);
    assertAgree(squash(x), value, value, `${meaning.name}(${x})`, where);
    const [least, most] = slopesAt(meaning, x);
    assertAgree(squash(x, true), least, most, `the derivative of ${meaning.name} at ${x}`, where);
  }
}

function assertAgree(actual: number, least: number, most: number, what: string, where: string): void {
  const slack = TOLERANCE * Math.max(1, Math.abs(least), Math.abs(most));
  if (actual >= least - slack && actual <= most + slack) return;
  throw new PoliceError({
    code: 'invalid-option',
    where: `activations (${where})`,
    expected: `${what} = ${least === most ? least : `${least} … ${most}`}`,
    actual: `${actual} from the squash`,
    remedy: 'Name the activation that the squash is.',
  });
}

/** The least and the most slope at x: they differ at a point where the function bends. */
function slopesAt({ kinks, pieces, curve, approximationError }: Activation, x: number): [number, number] {
  const inside = approximationError !== undefined || kinks.some(({ lo, hi }) => x > lo && x < hi);
  if (inside && curve) return [curve.slope(x), curve.slope(x)];
  const first = kinks.filter(({ hi }) => x > hi).length;
  const last = kinks.filter(({ lo }) => x >= lo).length;
  const slopes = pieces.slice(first, last + 1).map(({ slope }) => slope as number);
  // The end of a curved stretch has the curve's slope too.
  if (first < last && curve) slopes.push(curve.slope(x));
  return [Math.min(...slopes), Math.max(...slopes)];
}

/**
 * A squash that means the activation: one of the user's, the library's own or one made here. Throws
 * `unsupported-activation` where there is none.
 */
export function squashMeaning(
  activation: Activation,
  meanings: SquashMeanings,
  where: string,
): synaptic.Squash {
  const given = [...meanings].find(([, meaning]) => isSame(meaning, activation));
  if (given) return given[0];
  switch (activation.name) {
    case 'relu':
      return framework.Neuron.squash.RELU;
    case 'identity':
      return framework.Neuron.squash.IDENTITY;
    case 'sigmoid':
      return framework.Neuron.squash.LOGISTIC;
    case 'tanh':
      return framework.Neuron.squash.TANH;
    case 'abs':
      return absSquash;
    case 'leakyRelu':
      return leakyReluSquash(activation.pieces[0].slope as number);
    default:
      throw new PoliceError({
        code: 'unsupported-activation',
        where,
        expected: 'relu, identity, leakyRelu, abs, sigmoid, tanh or one of the activations given',
        actual: activation.name,
        remedy:
          activation.name === 'prelu'
            ? 'A squash is one function for all units of a layer: write the network as ONNX, exportOnnx(network).'
            : `Give a squash for it: { activations: new Map([[squash, ${activation.name}(…)]]) }.`,
      });
  }
}

function isSame(a: Activation, b: Activation): boolean {
  return JSON.stringify(activationToJSON(a)) === JSON.stringify(activationToJSON(b));
}
