import { slopeAt } from './activation.js';
import { PoliceError } from './errors.js';
import { accumulate, type Matrix, matrix, multiplyTransposed, rowOf } from './matrix.js';
import { type Network, type NetworkNode, network } from './network.js';
import { type PolicedPass, policedPass, type Sides } from './police.js';
import type { Region } from './regions/region.js';
import { type Policy, piecesOn } from './shift.js';

/** An affine map `y = A x + b`: `A` `[outSize, inSize]`, `b` `[outSize]`. */
export interface AffineMap {
  readonly A: Matrix;
  readonly b: Float64Array;
}

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
  /** Units of slope 0 on every region: they are constant there. */
  readonly dead: number;
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
  readonly linear: number;
  /** The affine map the network is on each region, in the order of the regions. */
  readonly maps: readonly AffineMap[];
  /** Whether every unit lies on the same piece on all regions, so that one affine map holds on all of them. */
  readonly mapsCoincide: boolean;
}

export interface EnforceOptions {
  /**
   * How sides are chosen.
   * @defaultValue 'minimal'
   */
  readonly policy?: Policy;
  /** Sides to keep, for policy `sticky`. */
  readonly sides?: Sides;
}

export interface Enforced {
  /** The network with shifts on its nonlinearities, affine on every region. `foldShifts` moves them into biases. */
  readonly network: Network;
  /** The shifts added, `[units]` by activation name. */
  readonly shifts: Readonly<Record<string, Float64Array>>;
  readonly sides: Sides;
  readonly report: EnforceReport;
}

/**
 * Makes a network affine on every region by bias shifts alone, in float64; the network given is left as it is.
 *
 * Exact in real arithmetic, to rounding in float64: `freeze` makes the stored weights exact.
 *
 * Throws `shape` (a region of another dimension) or `not-finite` (overflow on a region).
 *
 * @example
 * const { network, report } = enforce(net, [box([-1, -1], [1, 1])]);
 */
export function enforce(
  net: Network,
  regions: readonly Region[],
  { policy = 'minimal', sides = {} }: EnforceOptions = {},
): Enforced {
  assertPolicy(policy);
  const pass = policedPass(net, regions, policy, sides);
  const added = [...pass.layers].map(([name, { shifts }]) => [name, shifts] as const);
  return {
    network: withShifts(net, pass),
    shifts: Object.fromEntries(added.map(([name, { shift }]) => [name, shift])),
    sides: Object.fromEntries(added.map(([name, shifts]) => [name, shifts.sides])),
    report: reportOf(net, regions, pass),
  };
}

/** Throws `invalid-option` for a policy that is none. */
export function assertPolicy(policy: unknown): asserts policy is Policy {
  if (typeof policy === 'function' || ['minimal', 'majority', 'sticky'].includes(policy as string)) return;
  throw new PoliceError({
    code: 'invalid-option',
    where: 'policy',
    expected: "'minimal', 'majority', 'sticky' or a function",
    actual: JSON.stringify(policy) ?? 'undefined',
  });
}

function withShifts(net: Network, { layers }: PolicedPass): Network {
  return network(
    net.nodes.map((node): NetworkNode => {
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
    if (node.kind !== 'activation') return [];
    const { shift, sides } = pass.layers.get(node.name)!.shifts;
    const slopes = regions.map((_, r) => slopesOn(net, pass, node.name, r));
    const count = (isSo: (slope: number) => boolean) =>
      regions.length === 0 ? 0 : shift.reduce((n, _, j) => n + Number(slopes.every(s => isSo(s[j]))), 0);
    const sizes = shift.map(Math.abs);
    const kinks = node.activation.kinks.length * shift.length;
    const first = sides.subarray(0, kinks);
    const report: LayerReport = {
      name: node.name,
      units: shift.length,
      shifted: sizes.filter(size => size > 0).length,
      totalShift: sizes.reduce((sum, size) => sum + size, 0),
      largestShift: sizes.reduce((max, size) => Math.max(max, size), 0),
      dead: count(slope => slope === 0),
      linear: count(slope => slope !== 0),
    };
    return [{ report, coincide: sides.every((side, i) => side === first[i % kinks]) }];
  });
  const reports = layers.map(({ report }) => report);
  const total = (key: 'units' | 'shifted' | 'totalShift' | 'dead' | 'linear') =>
    reports.reduce((sum, layer) => sum + layer[key], 0);
  return {
    layers: reports,
    units: total('units'),
    shifted: total('shifted'),
    totalShift: total('totalShift'),
    largestShift: reports.reduce((max, layer) => Math.max(max, layer.largestShift), 0),
    dead: total('dead'),
    linear: total('linear'),
    maps: regions.map((region, r) => affineMapOn(net, region, pass, r)),
    mapsCoincide: layers.every(({ coincide }) => coincide),
  };
}

/** Slope `[units]` of an activation node on a region. */
function slopesOn(net: Network, pass: PolicedPass, name: string, region: number): Float64Array {
  const node = net.nodes.find(other => other.name === name)!;
  if (node.kind !== 'activation') return new Float64Array(0);
  const units = net.sizes.get(name)!;
  const pieces = piecesOn(region, node.activation, pass.layers.get(name)!.shifts.sides, units);
  return Float64Array.from(pieces, (index, j) => slopeAt(node.activation.pieces[index], j));
}

/**
 * A and b on a region: the rows of A by carrying unit output gradients back through the slopes the sides fix, b
 * from the value at the frame's origin. Where the region's hull is flat, A is the network's own Jacobian there.
 */
function affineMapOn(net: Network, region: Region, pass: PolicedPass, r: number): AffineMap {
  const gradients = new Map<string, Matrix>();
  const output = net.nodes.at(-1)!.name;
  const identity = matrix(net.outputSize, net.outputSize);
  for (let i = 0; i < net.outputSize; i++) identity.data[i * net.outputSize + i] = 1;
  accumulate(gradients, output, identity);
  for (const node of [...net.nodes].reverse()) {
    const gradient = gradients.get(node.name);
    if (!gradient || node.kind === 'input') continue;
    if (node.kind === 'affine') accumulate(gradients, node.input, node.operator.adjoint(gradient));
    else {
      const slopes = slopesOn(net, pass, node.name, r);
      const data = gradient.data.map((g, i) => g * slopes[i % slopes.length]);
      accumulate(gradients, node.input, { ...gradient, data });
    }
  }
  const A = gradients.get(net.nodes[0].name) ?? matrix(net.outputSize, net.inputSize);
  const atOrigin = rowOf(pass.values.get(output)![r], 0);
  const linearPart = multiplyTransposed({ rows: 1, cols: region.size, data: rowOf(region.frame, 0) }, A).data;
  return { A, b: atOrigin.map((y, i) => y - linearPart[i]) };
}
