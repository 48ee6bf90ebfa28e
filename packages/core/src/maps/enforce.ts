import { PoliceError } from '../errors.js';
import { type AffineMap, affineMapOn } from '../frames/affine-map.js';
import {
  type PolicedPass,
  type Progress,
  policedPass,
  type ShiftSharing,
  type Sides,
} from '../frames/policed-pass.js';
import { propagatorsFor } from '../frames/propagators-for.js';
import { type Piece, slopeAt } from '../network/activation.js';
import { type ActivationNode, type Network, type NetworkNode, network } from '../network/network.js';
import { rowOf } from '../numeric/matrix.js';
import type { Region } from '../regions/region.js';
import { assertPolicy, type Policy } from '../rule/policy.js';
import { piecesOn } from '../rule/shift.js';

/** What the constraint did to one nonlinearity. */
export interface LayerReport {
  readonly name: string;
  readonly units: number;
  /** Units with a shift other than 0. */
  readonly shifted: number;
  /** Σ|c|. */
  readonly totalShift: number;
  /** max|c|. */
  readonly largestShift: number;
  /** Units that are 0 on every region. */
  readonly dead: number;
  /** Units that are constant on every region, and not dead. */
  readonly saturated: number;
  /** Units of slope other than 0 on every region. */
  readonly linear: number;
}

export interface EnforceReport {
  readonly layers: readonly LayerReport[];
  readonly units: number;
  readonly shifted: number;
  readonly totalShift: number;
  readonly largestShift: number;
  readonly dead: number;
  readonly saturated: number;
  readonly linear: number;
  /** The affine map the network is on each region, in the order of the regions. */
  readonly maps: readonly AffineMap[];
  /** Whether every unit lies on the same piece on all regions, so that one affine map holds on all of them. */
  readonly mapsCoincide: boolean;
  /**
   * Bound `[outSize]` per region on |f(x) − (A x + b)|, where smooth activations make the network affine only up to an
   * error. Absent where it is exactly affine.
   */
  readonly approximationErrors?: readonly Float64Array[];
}

export interface EnforceOptions {
  /**
   * How sides are chosen.
   * @defaultValue 'minimal'
   */
  readonly policy?: Policy;
  /** Sides to keep, for policy `sticky`. */
  readonly sides?: Sides;
  /**
   * Whether the outputs of a convolution that share a channel's bias share their shift too. `per-unit` shifts least, but
   * what it shifts cannot be folded into a shared bias and stays an addition; `per-channel` folds away, and shifts every
   * position as far as the worst one needs.
   * @defaultValue 'per-unit'
   */
  readonly sharing?: ShiftSharing;
  /**
   * Names of nonlinearities that are to stay as they are. They must be affine on the regions by themselves.
   * @defaultValue none
   */
  readonly exclude?: readonly string[];
  /**
   * Bytes that frames may take; larger ones are carried in blocks, see `streamedPropagator`.
   * @defaultValue 2 GiB
   */
  readonly memory?: number;
  readonly progress?: Progress;
}

export interface Enforced {
  /** The network with shifts on its nonlinearities, affine on every region. `foldShifts` moves them into biases. */
  readonly network: Network;
  /** The shifts added, `[units]` by activation name, and the lifts added, `[windows]` by the name of a maximum. */
  readonly shifts: Readonly<Record<string, Float64Array>>;
  readonly sides: Readonly<Record<string, Int8Array | Int32Array>>;
  readonly report: EnforceReport;
}

/**
 * Makes a network affine on every region by bias shifts alone, in float64; the network given is left as it is.
 *
 * Exact in real arithmetic, to rounding in float64: `freeze` makes the stored weights exact. Only smooth activations,
 * which take a tolerance to make, leave it approximate; `report.approximationErrors` says by how much.
 *
 * Throws `shape` (a region of another dimension), `not-finite` (overflow on a region), `too-large` (a frame beyond
 * `memory`) or `invalid-option` (a policy that is none, an excluded layer that bends).
 *
 * @example
 * const { network, report } = enforce(net, [box([-1, -1], [1, 1])]);
 */
export function enforce(
  net: Network,
  regions: readonly Region[],
  {
    policy = 'minimal',
    sides = {},
    sharing = 'per-unit',
    exclude = [],
    memory,
    progress,
  }: EnforceOptions = {},
): Enforced {
  assertPolicy(policy);
  const propagators = propagatorsFor(net, regions, memory);
  const settings = { policy, previous: sides, sharing, ...(progress ? { progress } : {}) };
  const pass = policedPass(net, regions, settings, propagators);
  for (const name of exclude) assertLeftAlone(net, pass, name);
  const layers = [...pass.layers].map(([name, { shifts }]) => [name, shifts] as const);
  const maxima = [...pass.maxima];
  return {
    network: withShifts(net, pass),
    shifts: Object.fromEntries([
      ...layers.map(([name, { shift }]) => [name, shift] as const),
      ...maxima.map(([name]) => [name, addedLifts(net, pass, name)] as const),
    ]),
    sides: Object.fromEntries([
      ...layers.map(([name, shifts]) => [name, shifts.sides] as const),
      ...maxima.map(([name, { lifts }]) => [name, lifts.winner] as const),
    ]),
    report: reportOf(net, regions, pass),
  };
}

/** Throws `invalid-option` where an excluded nonlinearity is none, or is not affine on the regions by itself. */
function assertLeftAlone(net: Network, pass: PolicedPass, name: string): void {
  const shift = pass.maxima.has(name) ? addedLifts(net, pass, name) : pass.layers.get(name)?.shifts.shift;
  const unit = shift ? shift.findIndex(c => c !== 0) : 0;
  if (unit < 0) return;
  throw new PoliceError({
    code: 'invalid-option',
    where: `exclude '${name}'`,
    expected: 'a nonlinearity that is affine on every region as it is',
    actual: shift ? `unit ${unit}, which needs a shift of ${shift[unit]}` : 'no nonlinearity of that name',
    remedy: shift
      ? 'Leave it out of exclude, or choose smaller regions.'
      : `Names are ${[...pass.layers.keys(), ...pass.maxima.keys()].join(', ')}.`,
  });
}

/** What a maximum's lifts grew by, `[windows]`. */
function addedLifts(net: Network, { maxima }: PolicedPass, name: string): Float64Array {
  const node = net.nodes.find(other => other.name === name);
  const before = node?.kind === 'max' ? node.lifts : undefined;
  return maxima.get(name)!.lifts.lift.map((lift, w) => lift - (before ? before.lift[w] : 0));
}

function withShifts(net: Network, { layers, maxima }: PolicedPass): Network {
  return network(
    net.nodes.map((node): NetworkNode => {
      if (node.kind === 'max') {
        const { lifts } = maxima.get(node.name)!;
        return lifts.winner.every(winner => winner < 0) ? node : { ...node, lifts };
      }
      if (node.kind !== 'activation') return node;
      const { shift } = layers.get(node.name)!.shifts;
      const before = node.shift;
      if (shift.every(c => c === 0)) return node;
      return { ...node, shift: before ? shift.map((c, j) => c + before[j]) : shift };
    }),
  );
}

function reportOf(net: Network, regions: readonly Region[], pass: PolicedPass): EnforceReport {
  const layers = net.nodes.flatMap(node => {
    if (node.kind === 'activation') return [activationReport(net, regions, pass, node)];
    return node.kind === 'max' ? [maxReport(net, pass, node.name)] : [];
  });
  const reports = layers.map(({ report }) => report);
  const output = net.nodes.at(-1)!.name;
  const outputs = pass.values.get(output)!;
  const total = (key: 'units' | 'shifted' | 'totalShift' | 'dead' | 'saturated' | 'linear') =>
    reports.reduce((sum, layer) => sum + layer[key], 0);
  return {
    layers: reports,
    units: total('units'),
    shifted: total('shifted'),
    totalShift: total('totalShift'),
    largestShift: reports.reduce((max, layer) => Math.max(max, layer.largestShift), 0),
    dead: total('dead'),
    saturated: total('saturated'),
    linear: total('linear'),
    maps: regions.map((region, r) => affineMapOn(net, region, pass, r, rowOf(outputs[r], 0))),
    mapsCoincide: layers.every(({ coincide }) => coincide),
    ...(pass.tails ? { approximationErrors: pass.tails.get(output)! } : {}),
  };
}

/** A layer's report, and whether it does the same on all regions. */
interface LayerFindings {
  readonly report: LayerReport;
  readonly coincide: boolean;
}

function activationReport(
  net: Network,
  regions: readonly Region[],
  pass: PolicedPass,
  node: ActivationNode,
): LayerFindings {
  const { shift, sides } = pass.layers.get(node.name)!.shifts;
  const units = net.sizes.get(node.name)!;
  const { pieces } = node.activation;
  const chosen = regions.map((_, r) => piecesOn(r, node.activation, sides, units));
  const count = (isSo: (piece: Piece, unit: number) => boolean) =>
    regions.length === 0
      ? 0
      : shift.reduce((n, _, j) => n + Number(chosen.every(index => isSo(pieces[index[j]], j))), 0);
  const constant = count((piece, j) => slopeAt(piece, j) === 0);
  const dead = count((piece, j) => slopeAt(piece, j) === 0 && piece.offset === 0);
  const perRegion = node.activation.kinks.length * units;
  return {
    report: {
      name: node.name,
      units,
      ...shiftSizes(shift),
      dead,
      saturated: constant - dead,
      linear: count((piece, j) => slopeAt(piece, j) !== 0),
    },
    coincide: sides.every((side, i) => side === sides[i % perRegion]),
  };
}

function maxReport(net: Network, pass: PolicedPass, name: string): LayerFindings {
  const windows = net.sizes.get(name)!;
  const { winners } = pass.maxima.get(name)!;
  return {
    report: {
      name,
      units: windows,
      ...shiftSizes(addedLifts(net, pass, name)),
      dead: 0,
      saturated: 0,
      linear: windows,
    },
    coincide: winners.every((winner, i) => winner === winners[i % windows]),
  };
}

function shiftSizes(shift: Float64Array): Pick<LayerReport, 'shifted' | 'totalShift' | 'largestShift'> {
  return {
    shifted: shift.reduce((n, c) => n + Number(c !== 0), 0),
    totalShift: shift.reduce((sum, c) => sum + Math.abs(c), 0),
    largestShift: shift.reduce((max, c) => Math.max(max, Math.abs(c)), 0),
  };
}
