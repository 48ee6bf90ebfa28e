import { assertFinite, assertSize, PoliceError } from '../errors.js';
import { type Network, network } from '../network/network.js';
import type { AffineNode } from '../network/nodes.js';
import { lengthOf, type Matrix, matrixFromRows, rowOf } from '../numeric/matrix.js';
import { float32, type Precision } from '../numeric/precision.js';
import { leastNormSolution } from '../numeric/singular-values.js';
import { nonNegativeFit } from '../regions/hull/convex-combination.js';
import type { Region } from '../regions/region.js';
import { bounds } from './output-range.js';

/** How the moved bias is stored. */
export interface OutputBoundOptions {
  /**
   * The format the bias is stored in; that of `freeze`.
   * @defaultValue float32
   */
  readonly precision?: Precision;
}

/** Rounds, each asking for twice as much besides as the one before, against the rounding of fit and bias. */
const MOST_ROUNDS = 12;

/**
 * Makes C·f(x) ≤ d hold all over every region, by the least change (Euclidean norm) of the output layer's bias; C
 * `[m, outSize]`, d `[m]`. The network must be frozen on the regions and stays so: behind the last nonlinearity nothing
 * bends. Nothing is sampled, and rounding is allowed for: afterwards `bounds(network, region, C)` proves it.
 *
 * The least change is a least-distance problem, solved by non-negative least squares (Lawson & Hanson, Solving Least
 * Squares Problems, ch. 23.4).
 *
 * Throws `not-frozen`, `unsupported-layer` (no affine layer with a bias of each output's own at the end),
 * `infeasible-target` (no bias does it: the message tells how wide the outputs range), `shape` or `not-finite`.
 */
export function boundOutputs(
  net: Network,
  regions: readonly Region[],
  combinations: Matrix,
  limits: ArrayLike<number>,
  { precision = float32 }: OutputBoundOptions = {},
): Network {
  assertSize(combinations.cols, net.outputSize, 'boundOutputs', 'combinations of outputs');
  assertSize(limits.length, combinations.rows, 'boundOutputs', 'limits, one per combination,');
  assertFinite(combinations.data, 'boundOutputs combinations');
  assertFinite(limits, 'boundOutputs limits');
  const last = outputLayer(net);
  const { bias } = last.operator;
  const rows = Array.from({ length: combinations.rows }, (_, k) => rowOf(combinations, k));
  const room = roomOf(net, regions, combinations, limits);
  if (room.every(r => r >= 0)) return net;
  const asked = room.slice();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const change = leastChange(rows, asked);
    if (!change) break;
    const moved = bias.map((b, j) => precision.round(b + change[j]));
    const bounded = network([
      ...net.nodes.slice(0, -1),
      { ...last, operator: last.operator.withBias(moved) },
    ]);
    const left = roomOf(bounded, regions, combinations, limits);
    if (left.every(r => r >= 0)) return bounded;
    // What rounding took away is asked for besides, and no less than it may take; more of it each time.
    left.forEach((r, k) => {
      const spacing = rows[k].reduce((sum, c, j) => sum + Math.abs(c * moved[j]) * precision.roundoff, 0);
      if (r < 0) asked[k] -= 2 ** round * Math.max(-r, spacing);
    });
  }
  throw infeasible(last.name, room);
}

function outputLayer(net: Network): AffineNode {
  const last = net.nodes.at(-1)!;
  if (last.kind === 'affine' && last.operator.storesBias && !last.operator.biasGroups) return last;
  throw new PoliceError({
    code: 'unsupported-layer',
    where: last.name,
    expected: 'an affine layer at the end, with a bias for each output',
    actual: `a node of kind ${last.kind}`,
    remedy: 'Append a dense layer.',
  });
}

/** What each combination lacks of its limit where it is highest on the regions, rounding included. */
function roomOf(
  net: Network,
  regions: readonly Region[],
  combinations: Matrix,
  limits: ArrayLike<number>,
): Float64Array {
  const room = new Float64Array(combinations.rows).fill(Number.POSITIVE_INFINITY);
  for (const region of regions) {
    const { upper, error } = bounds(net, region, combinations);
    upper.forEach((u, k) => {
      room[k] = Math.min(room[k], limits[k] - (u + error[k]));
    });
  }
  return room;
}

/** The δ of least norm with rows·δ ≤ room; undefined where there is none. */
function leastChange(rows: readonly Float64Array[], room: Float64Array): Float64Array | undefined {
  const outputs = rows[0]?.length ?? 0;
  // In units of the farthest limit, so that all entries are of size about 1.
  const unit = room.reduce((max, s) => Math.max(max, Math.abs(s)), 0) || 1;
  const columns = rows.map((row, k) => {
    const norm = lengthOf(row);
    const scale = norm > 0 ? 1 / norm : 1;
    return [...Array.from(row, c => -c * scale), (-room[k] * scale) / unit];
  });
  const goal = new Float64Array(outputs + 1);
  goal[outputs] = 1;
  const { weights, residual, distance } = nonNegativeFit(matrixFromRows(columns), goal);
  if (distance <= 64 * (rows.length + outputs) * Number.EPSILON || !(residual[outputs] > 0)) return undefined;
  // The weights tell which limits are met with equality; solved for by themselves, they lose no digits to the rest.
  const active = Array.from(rows.keys()).filter(k => weights[k] > 0);
  if (active.length === 0) return new Float64Array(outputs);
  const left = matrixFromRows(active.map(k => rows[k]));
  return leastNormSolution(left, matrixFromRows(active.map(k => [room[k]]))).data;
}

function infeasible(where: string, room: Float64Array): PoliceError {
  const missing = Array.from(room).flatMap((r, k) =>
    r < 0 ? [`combination ${k} by ${(-r).toPrecision(3)}`] : [],
  );
  return new PoliceError({
    code: 'infeasible-target',
    where,
    expected: 'an output bias that keeps every combination below its limit on every region',
    actual: `none: above their limits are ${missing.join(', ')}`,
    remedy:
      'Relax the limits that contradict each other, or take smaller regions: a bias moves outputs, it does not narrow their range.',
  });
}
