import { PoliceError } from '../errors.js';
import { type Activation, leakyRelu, prelu, relu, slopeAt } from '../network/activation.js';
import { applyAffine } from '../network/affine-operator.js';
import { foldShifts } from '../network/fold.js';
import { type ChainLayer, chain, type Network } from '../network/network.js';
import { type ActivationNode, inputsOf, type NetworkNode } from '../network/nodes.js';
import { dense } from '../network/operators/dense.js';
import {
  concatColumns,
  largestEntry,
  linearCombination,
  type Matrix,
  matrix,
  transposed,
} from '../numeric/matrix.js';
import { float32 } from '../numeric/precision.js';
import { certify } from '../proof/certify.js';
import type { FrozenLayer } from '../proof/clearing.js';
import { freeze } from '../proof/freeze.js';
import { type Interval, intervalsOn, largestOf } from '../proof/intervals.js';
import { assertCertified, type Certified } from '../proof/plain-proof.js';
import { precisionOf, roundNetwork } from '../proof/rounding.js';
import { lookahead } from '../proof/spare-search.js';
import type { Region } from '../regions/region.js';
import { ELSEWHERE, isBend, narrowest, type Schedule, scheduleOf, withoutClamps } from './chain-signals.js';
import type { PatchPrecision } from './gap.js';

/** The format of the chain. */
export interface PlainChainOptions {
  /** @defaultValue 'float32' */
  readonly precision?: PatchPrecision;
}

/** A chain of dense layers, and its proof. */
export interface PlainChain {
  /** Dense, activation, dense, …: ReLUs, or leaky ReLUs (of one slope a layer, or, where kinds meet, of one slope a unit). */
  readonly network: Network;
  readonly proof: Certified;
}

/**
 * A network of dense layers, sums, ReLUs, leaky ReLUs and patches as one plain chain of dense layers, for files that hold nothing else: what
 * {@link patch} and {@link fade} make of such a chain is two layers deeper and some units wider. What later layers read waits in units of its own:
 * as it is where it is never negative, else as relu(z − m) and relu(m − z), m below all that z is on the regions, so that neither bends there.
 *
 * Laws: the network's function, to rounding; certified on the regions.
 *
 * Throws `unsupported-layer` or `unsupported-activation` (anything else in the network), `not-frozen` (a network that is not affine on the
 * regions, or a chain that is not) or what `freeze` throws.
 *
 * @example
 * const region = box([-1, -1], [1, 1]);
 * const { network: plain } = plainChain(fade(chain(2, [dense([[1, 2]]), relu(), dense([[1]])]), region), [region]);
 */
export function plainChain(
  net: Network,
  regions: readonly Region[],
  { precision = 'float32' }: PlainChainOptions = {},
): PlainChain {
  assertCertified(certify(net, regions));
  const bare = withoutClamps(foldShifts(net));
  const schedule = scheduleOf(bare);
  const bounds = regions.map(region => intervalsOn(bare, region));
  const made = roundNetwork(
    chainOf(bare, schedule, name => belowAll(bounds.map(on => on(name)))),
    precisionOf(precision),
  );
  const proof = certify(made, regions);
  return proof.certified ? { network: made, proof } : cleared(made, regions, precision);
}

/** What rounding has moved onto a kink is moved off it. */
function cleared(made: Network, regions: readonly Region[], precision: PatchPrecision): PlainChain {
  const { network: frozen, layers } = freeze(made, regions, { precision, lookahead });
  assertKept(layers, frozen, regions);
  const proof = certify(frozen, regions);
  assertCertified(proof);
  return { network: frozen, proof };
}

/** The share of what a layer takes by which rounding may move a unit; more would make it another function. */
const MOST_MOVED = 2 ** -12;

/** Throws `not-frozen` where freezing has moved more than rounding asks for: then bounds did not tell that a bend reaches nothing. */
function assertKept(layers: readonly FrozenLayer[], net: Network, regions: readonly Region[]): void {
  const bounds = regions.map(region => intervalsOn(net, region));
  for (const { name, largestCorrection } of layers) {
    const reach = Math.max(...bounds.map(on => largestEntry(largestOf(on(name)))));
    if (largestCorrection <= MOST_MOVED * reach || largestCorrection === 0) continue;
    throw new PoliceError({
      code: 'not-frozen',
      where: name,
      expected: 'a chain that is affine on the regions as it is, but for rounding',
      actual: `a unit that would have to move by ${largestCorrection}`,
      remedy: `Rounding is too large beside what the region spans. ${ELSEWHERE}`,
    });
  }
}

/** A multiple of what an interval spans that a kink stays below it: what rounding may take, and more. */
const BELOW = 2 ** -10;

/** m `[size]`: below all that a node is on the regions; 0 where it has one sign there, or no more than 0 is needed. */
function belowAll(on: readonly Interval[]): Float64Array {
  return Float64Array.from(on[0]?.lo ?? [], (_, j) => {
    const isClear = on.every(({ lo, hi }) => lo[j] >= 0 || hi[j] <= 0);
    if (isClear) return 0;
    const [lo, hi] = [Math.min(...on.map(({ lo }) => lo[j])), Math.max(...on.map(({ hi }) => hi[j]))];
    return float32.down(lo - BELOW * (hi - lo));
  });
}

/** Affine in the units of a layer: weight `[size, units]`, bias `[size]`. */
interface Expression {
  readonly weight: Matrix;
  readonly bias: Float64Array;
}

/** Units of one layer: an activation's own, or a node's values that wait. */
interface Signal {
  readonly name: string;
  readonly from: number;
  /** Of values with signs. */
  readonly below?: Float64Array;
  readonly units: number;
  readonly slopes: readonly number[];
}

function chainOf(net: Network, schedule: Schedule, belowOf: (name: string) => Float64Array): Network {
  const { nodes, ready, isNonNegative } = schedule;
  const last = ready.get(net.nodes.at(-1)!.name)!;
  const layers: ChainLayer[] = [];
  let before: readonly Signal[] = [];
  let width = net.inputSize;
  /** A node's values in the units of layer `at`. */
  const expressed = (name: string, at: number): Expression => {
    const node = nodes.get(name)!;
    if (ready.get(name)! === at) {
      if (node.kind === 'input') return identityOf(width);
      if (isBend(node)) return fromSignal(before.find(signal => signal.name === name)!, width);
      return throughLinear(
        node,
        inputsOf(node).map(input => expressed(input, at)),
      );
    }
    const kept = narrowest(net, nodes, ready, isNonNegative, name);
    return along(name, kept, fromSignal(before.find(signal => signal.name === kept)!, width));
  };
  /** A node's values from those of another that it is made of. */
  const along = (name: string, from: string, values: Expression): Expression => {
    if (name === from) return values;
    const node = nodes.get(name)!;
    return throughLinear(
      node,
      inputsOf(node).map(input => along(input, from, values)),
    );
  };
  for (let layer = 1; layer <= last; layer++) {
    const active = schedule.active.get(layer) ?? [];
    const waiting = [...schedule.carried].filter(
      ([name, until]) => ready.get(name)! < layer && layer <= until,
    );
    const common = commonSlope(active);
    const parts: Expression[] = [];
    const signals: Signal[] = [];
    const slopes: number[] = [];
    for (const node of active) {
      const own = slopesOf(node, net.sizes.get(node.name)!);
      parts.push(expressed(node.input, layer - 1));
      signals.push({ name: node.name, from: slopes.length, units: own.length, slopes: own });
      slopes.push(...own);
    }
    for (const [name] of waiting) {
      // Not what the layer before computes itself, which has not been split.
      const already = ready.get(name)! < layer - 1 ? before.find(signal => signal.name === name) : undefined;
      const below = isNonNegative.get(name)! ? undefined : (already?.below ?? belowOf(name));
      const values = already ? unitsOf(already, width) : split(expressed(name, layer - 1), below);
      const own = new Array<number>(values.bias.length).fill(below ? 0 : common);
      parts.push(values);
      signals.push({
        name,
        from: slopes.length,
        units: own.length,
        slopes: own,
        ...(below ? { below } : {}),
      });
      slopes.push(...own);
    }
    layers.push(denseOf(parts), activationOf(slopes));
    before = signals;
    width = slopes.length;
  }
  const output = net.nodes.at(-1)!;
  // An activation that comes last is all that its layer has.
  if (!isBend(output) || before.length > 1 || last === 0)
    layers.push(denseOf([expressed(output.name, last)]));
  return chain(net.inputSize, layers);
}

const slopesOf = ({ activation }: ActivationNode, units: number): number[] =>
  Array.from({ length: units }, (_, j) => slopeAt(activation.pieces[0], j));

/** The slope of all activations of a layer, if it is one; else 0. */
function commonSlope(active: readonly ActivationNode[]): number {
  const slopes = new Set(active.map(({ activation }) => activation.pieces[0].slope));
  const [slope] = slopes;
  return slopes.size === 1 && typeof slope === 'number' ? slope : 0;
}

function activationOf(slopes: readonly number[]): Activation {
  const [first] = slopes;
  if (slopes.some(slope => slope !== first)) return prelu(slopes);
  return first === 0 ? relu() : leakyRelu(first);
}

function denseOf(parts: readonly Expression[]): ChainLayer {
  const cols = parts[0].weight.cols;
  const rows = parts.reduce((sum, { bias }) => sum + bias.length, 0);
  const data = Float64Array.from(parts.flatMap(({ weight }) => Array.from(weight.data)));
  return dense(matrix(rows, cols, data), Float64Array.from(parts.flatMap(({ bias }) => Array.from(bias))));
}

function identityOf(size: number): Expression {
  const weight = matrix(size, size);
  for (let i = 0; i < size; i++) weight.data[i * size + i] = 1;
  return { weight, bias: new Float64Array(size) };
}

/** The units of a signal themselves. */
function unitsOf({ from, units }: Signal, width: number): Expression {
  const weight = matrix(units, width);
  for (let i = 0; i < units; i++) weight.data[i * width + from + i] = 1;
  return { weight, bias: new Float64Array(units) };
}

/** The values that a signal stands for. */
function fromSignal(signal: Signal, width: number): Expression {
  const { from, below } = signal;
  if (!below) return unitsOf(signal, width);
  const size = below.length;
  const weight = matrix(size, width);
  for (let i = 0; i < size; i++) {
    weight.data[i * width + from + i] = 1;
    weight.data[i * width + from + size + i] = -1;
  }
  return { weight, bias: below };
}

/** Values as units that wait: themselves, or how far they are above and below m. */
function split({ weight, bias }: Expression, below: Float64Array | undefined): Expression {
  if (!below) return { weight, bias };
  const both = matrix(
    2 * weight.rows,
    weight.cols,
    Float64Array.of(...weight.data, ...weight.data.map(w => -w)),
  );
  const above = bias.map((b, j) => b - below[j]);
  return { weight: both, bias: Float64Array.of(...above, ...above.map(b => -b)) };
}

/** A linear node of expressions in the same units. */
function throughLinear(node: NetworkNode, inputs: readonly Expression[]): Expression {
  // Units are rows here, as operators take them.
  const columns = inputs.map(({ weight }) => transposed(weight));
  const rows = inputs.map(({ bias }) => matrix(1, bias.length, bias));
  switch (node.kind) {
    case 'affine':
      return {
        weight: transposed(node.operator.linear(columns[0])),
        bias: applyAffine(node.operator, rows[0]).data,
      };
    case 'sum':
      return {
        weight: transposed(linearCombination(columns, node.coefficients)),
        bias: linearCombination(rows, node.coefficients).data,
      };
    case 'concat':
      return { weight: transposed(concatColumns(columns)), bias: concatColumns(rows).data };
    default:
      return inputs[0];
  }
}
