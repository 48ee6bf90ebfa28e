import { PoliceError } from '../errors.js';
import { biasOwner } from '../network/fold.js';
import { type Network, network } from '../network/network.js';
import type { ActivationNode, NetworkNode } from '../network/nodes.js';
import { dense } from '../network/operators/dense.js';
import { ifKind, type Progress } from '../network/walk.js';
import { type Matrix, matrix } from '../numeric/matrix.js';
import { certify } from '../proof/certify.js';
import { freeze } from '../proof/freeze.js';
import { assertCertified, type Certified } from '../proof/plain-proof.js';
import { precisionOf, roundNetwork } from '../proof/rounding.js';
import { lookahead } from '../proof/spare-search.js';
import type { Region } from '../regions/region.js';
import { assertGap, type Gap, type PatchPrecision } from './gap.js';
import { freePrefix, type Gates, gatesOf } from './gates.js';

/** How far from a region its shifts have gone. */
export interface FadeOptions {
  /**
   * The gap, in radii of each region, at which its shifts are 0.
   * @defaultValue 0.1
   */
  readonly width?: number;
  /** @defaultValue 'float32' */
  readonly precision?: PatchPrecision;
  /**
   * Bytes that frames may take; larger ones are carried in blocks, see `streamedPropagator`.
   * @defaultValue 2 GiB
   */
  readonly memory?: number;
  readonly progress?: Progress;
}

/** A faded network and what it is made of. */
export interface Faded {
  /** Affine on every region; what it was where every gap is `width` or more. Its parameters are of the format. */
  readonly network: Network;
  /** The network that was given, its parameters rounded to the format. */
  readonly base: Network;
  /** t `[n, D] → [n, regions]`: 1 on a region, 0 a width away from it. */
  readonly gates: Network;
  /** C `[units, regions]` by the activation of `base` that it is for: σ(h + C t(x)). Only of those that something shifts. */
  readonly shifts: ReadonlyMap<string, Matrix>;
  /** In the order of the regions. */
  readonly gaps: readonly Gap[];
  readonly proof: Certified;
}

/** One makes good what adding shifts rounds; more are for good measure. */
const MOST_ROUNDS = 4;

/** By which share of a layer's largest shift each is pushed further: what adding it rounds. */
const PUSH = 1e-6;

/**
 * Makes a network affine on regions by bias shifts, as `enforce` and `freeze` do on each by itself, that fade out around it: Σ cᵣ · tᵣ(x) with
 * t = relu(1 − d / width), d a region's {@link gapOf gap}. On a region the network is what those make it there; where every gap is `width` or
 * more, it is what it was. As the width grows it becomes POLICE. Regions must lie outside each other's shells. Proved before it is returned:
 * enforcing it again would shift nothing.
 *
 * Throws `unsupported-layer` (a maximum that needs a lift, or a network that is patched), `invalid-option` (regions too near to each other, no
 * region), `not-frozen` (the proof fails) or what `freeze` throws.
 *
 * @example
 * const region = box([-1, -1], [1, 1]);
 * certify(fade(net, region, { width: 0.2 }), [region]).certified; // true
 */
export function fade(net: Network, regions: Region | readonly Region[], options: FadeOptions = {}): Network {
  return faded(net, 'kind' in regions ? [regions] : regions, options).network;
}

/** {@link fade}, and what the network is made of. */
export function faded(
  net: Network,
  regions: readonly Region[],
  { width = 0.1, precision = 'float32', memory, progress }: FadeOptions = {},
): Faded {
  assertGap(width, 'fade width');
  assertSome(regions);
  const base = roundNetwork(net, precisionOf(precision));
  const gates = gatesOf(regions, width, precision, freePrefix(base.nodes.map(({ name }) => name)));
  const limits = { ...(memory === undefined ? {} : { memory }), ...(progress ? { progress } : {}) };
  const made = (shifts: readonly Shifts[]) => {
    const columns = columnsOf(shifts, precision);
    const made = withShifts(base, gates, columns);
    return { columns, network: made, proof: certify(made, regions, limits) };
  };
  let shifts = regions.map(region =>
    pushed(shiftsOf(base, freeze(base, [region], { precision, ...limits }).network)),
  );
  let result = made(shifts);
  for (let round = 0; round < MOST_ROUNDS && !result.proof.certified; round++) {
    // What adding the shifts has rounded is made good as freezing makes it good, and fades as well.
    const { network: present } = result;
    shifts = shifts.map((each, r) => {
      const frozen = freeze(present, [regions[r]], { precision, lookahead, ...limits }).network;
      return sumOf(each, onlyOf(base, shiftsOf(present, frozen)));
    });
    result = made(shifts);
  }
  const { proof, columns } = result;
  assertCertified(proof);
  return {
    network: result.network,
    base,
    get gates() {
      return gates.network;
    },
    shifts: columns,
    gaps: gates.gaps,
    proof,
  };
}

/** By activation name, `[units]`. */
export type Shifts = ReadonlyMap<string, Float64Array>;

/** A column for each region, rounded. */
function columnsOf(shifts: readonly Shifts[], precision: PatchPrecision): Map<string, Matrix> {
  const { round } = precisionOf(precision);
  const names = new Set(shifts.flatMap(each => [...each.keys()]));
  return new Map(
    Array.from(names, name => {
      const units = shifts.find(each => each.has(name))!.get(name)!.length;
      const columns = matrix(units, shifts.length);
      shifts.forEach((each, r) => {
        each.get(name)?.forEach((c, j) => {
          columns.data[j * shifts.length + r] = round(c);
        });
      });
      return [name, columns];
    }),
  );
}

function withShifts(base: Network, gates: Gates, columns: ReadonlyMap<string, Matrix>): Network {
  const [input, ...nodes] = base.nodes;
  const prefix = gates.on.slice(0, gates.on.lastIndexOf('.'));
  const shifted = nodes.flatMap((node): NetworkNode[] => {
    const shift = columns.get(node.name);
    if (!shift || node.kind !== 'activation') return [node];
    const name = `${prefix}.${node.name}`;
    return [
      { kind: 'affine', name: `${name}.shift`, input: gates.on, operator: dense(shift) },
      { kind: 'sum', name, inputs: [node.input, `${name}.shift`] },
      { ...node, input: name },
    ];
  });
  return network([input, ...gates.nodes(input.name), ...shifted]);
}

/** Each shift a little further than it must be. */
function pushed(shifts: Shifts): Shifts {
  return new Map(
    Array.from(shifts, ([name, shift]) => {
      const by = PUSH * shift.reduce((max, c) => Math.max(max, Math.abs(c)), 0);
      return [name, shift.map(c => c + Math.sign(c) * by)];
    }),
  );
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

/** Those of a network's own nodes. */
function onlyOf({ sizes }: Network, shifts: Shifts): Shifts {
  return new Map([...shifts].filter(([name]) => sizes.has(name)));
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

function assertSome(regions: readonly Region[]): void {
  if (regions.length > 0) return;
  throw new PoliceError({
    code: 'invalid-option',
    where: 'fade',
    expected: 'at least one region',
    actual: 'none',
  });
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
