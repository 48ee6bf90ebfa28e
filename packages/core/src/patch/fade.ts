import { PoliceError } from '../errors.js';
import { relu } from '../network/activation.js';
import { biasOwner } from '../network/fold.js';
import { type Network, network } from '../network/network.js';
import type { ActivationNode, NetworkNode } from '../network/nodes.js';
import { dense } from '../network/operators/dense.js';
import { ifKind } from '../network/walk.js';
import { type Matrix, matrix } from '../numeric/matrix.js';
import { certify } from '../proof/certify.js';
import { freeze } from '../proof/freeze.js';
import { assertCertified } from '../proof/plain-proof.js';
import { precisionOf, roundNetwork } from '../proof/rounding.js';
import type { Region } from '../regions/region.js';
import { assertGap, gapOf, graftedGap, type PatchPrecision } from './gap.js';

/** How far from a region its shifts have gone. */
export interface FadeOptions {
  /**
   * The gap, in radii of the region, at which the shifts are 0.
   * @defaultValue 0.1
   */
  readonly width?: number;
  /** @defaultValue 'float32' */
  readonly precision?: PatchPrecision;
}

/** One makes good what adding shifts rounds; more are for good measure. */
const MOST_ROUNDS = 4;

/**
 * Makes a network affine on a region by bias shifts, as `enforce` and `freeze` do, that fade out around it: c · t(x) with t = relu(1 − d /
 * width), d the region's {@link gapOf gap}. On the region the network is what those make it; where the gap is `width` or more, it is what it
 * was. As the width grows it becomes POLICE. Proved before it is returned.
 *
 * Throws `unsupported-layer` (a maximum that needs a lift), `invalid-option`, `not-frozen` (the proof fails) or what `freeze` throws.
 *
 * @example
 * const region = box([-1, -1], [1, 1]);
 * certify(fade(net, region, { width: 0.2 }), [region]).certified; // true
 */
export function fade(
  net: Network,
  region: Region,
  { width = 0.1, precision = 'float32' }: FadeOptions = {},
): Network {
  assertGap(width, 'fade width');
  const base = roundNetwork(net, precisionOf(precision));
  const fader = faderNodes(region, width, precision, base.nodes[0].name);
  let shifts = shiftsOf(base, freeze(base, [region], { precision }).network);
  let faded = withFadedShifts(base, fader, shifts, precision);
  let proof = certify(faded, [region]);
  for (let round = 0; round < MOST_ROUNDS && !proof.certified; round++) {
    // What adding the shifts has rounded is made good as freezing makes it good, and fades as well.
    shifts = sumOf(shifts, shiftsOf(faded, freeze(faded, [region], { precision }).network));
    faded = withFadedShifts(base, fader, shifts, precision);
    proof = certify(faded, [region]);
  }
  assertCertified(proof);
  return faded;
}

export type Shifts = ReadonlyMap<string, Float64Array>;

interface Fader {
  readonly nodes: readonly NetworkNode[];
  /** Name of t, `[n, 1]`: 1 on the region, 0 where its shifts have gone. */
  readonly on: string;
}

function withFadedShifts(
  base: Network,
  { nodes, on }: Fader,
  shifts: Shifts,
  precision: PatchPrecision,
): Network {
  const { round } = precisionOf(precision);
  const faded = base.nodes.slice(1).flatMap((node): NetworkNode[] => {
    const shift = shifts.get(node.name);
    if (!shift || node.kind !== 'activation') return [node];
    const name = `fade.${node.name}`;
    return [
      { kind: 'affine', name: `${name}.shift`, input: on, operator: dense(column(shift.map(round))) },
      { kind: 'sum', name, inputs: [node.input, `${name}.shift`] },
      { ...node, input: name },
    ];
  });
  return network([base.nodes[0], ...nodes, ...faded]);
}

function sumOf(shifts: Shifts, more: Shifts): Shifts {
  const sum = new Map(shifts);
  for (const [name, by] of more)
    sum.set(
      name,
      by.map((c, j) => c + (shifts.get(name)?.[j] ?? 0)),
    );
  return sum;
}

const column = (values: Float64Array): Matrix => matrix(values.length, 1, Float64Array.from(values));

/** t(x) = relu(1 − d / width). */
function faderNodes(region: Region, width: number, precision: PatchPrecision, input: string): Fader {
  const { network: gap } = gapOf(region, precision);
  const named = (name: string) => `fade.${name}`;
  const slope = precisionOf(precision).round(-1 / width);
  return {
    nodes: [
      ...graftedGap(gap, 'fade', input),
      {
        kind: 'affine',
        name: named('nearness'),
        input: named(gap.nodes.at(-1)!.name),
        operator: dense([[slope]], [1]),
      },
      { kind: 'activation', name: named('on'), input: named('nearness'), activation: relu() },
    ],
    on: named('on'),
  };
}

/** What freezing added before each nonlinearity, `[units]` by name; only those that it moved. */
export function shiftsOf(before: Network, after: Network): Shifts {
  const later = new Map(after.nodes.map(node => [node.name, node]));
  const biasOf = (node?: NetworkNode) => node && ifKind({ affine: ({ operator }) => operator.bias }, node);
  const shifts = new Map<string, Float64Array>();
  for (const node of before.nodes) {
    if (node.kind === 'max' && (later.get(node.name) as typeof node).lifts !== node.lifts)
      throw lifted(node.name);
    if (node.kind !== 'activation') continue;
    const owner = biasOwner(before, node);
    const moved = owner && biasOf(later.get(owner.name));
    const own = (later.get(node.name) as ActivationNode).shift;
    const shift = Float64Array.from(
      { length: before.sizes.get(node.name)! },
      (_, j) => (moved ? moved[j] - owner.operator.bias[j] : 0) + (own?.[j] ?? 0) - (node.shift?.[j] ?? 0),
    );
    if (shift.some(c => c !== 0)) shifts.set(node.name, shift);
  }
  return shifts;
}

function lifted(where: string): PoliceError {
  return new PoliceError({
    code: 'unsupported-layer',
    where,
    expected: 'maxima whose winners need no lift on the region',
    actual: 'one that needs it, which does not fade',
    remedy: 'Patch the network instead: patch(net, regions).',
  });
}
