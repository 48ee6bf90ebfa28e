import { forward } from '../network/forward.js';
import { type Matrix, matrixFromRows, multiplyTransposed, rowOf, stackRows } from '../numeric/matrix.js';
import { seededRng } from '../numeric/random.js';
import type { LinearPrograms } from '../regions/programs/linear-programs.js';
import { pointsAt, type Region } from '../regions/region.js';
import { conjunctOn } from './conjunct.js';
import type { LinearInequality, RowsNetwork } from './query.js';
import { tangentAt } from './tangent.js';

/** Points of a region and the rows there, less their bounds: `[n, D]` and `[n, rows]`. */
export interface Sampled {
  readonly points: Matrix;
  readonly values: Matrix;
}

/** `count` random points of the region, and the extremes of every row's stand-in. */
export function sampled(
  { network, rows }: RowsNetwork,
  region: Region,
  standIns: Matrix,
  count: number,
  seed: number,
): Sampled {
  const rng = seededRng(seed);
  const random = matrixFromRows(
    Array.from({ length: count }, () => region.sample(rng)),
    region.size,
  );
  const extremes = pointsAt(region, region.extremes(standIns, new Int8Array(rows.length).fill(-1)));
  const points = stackRows([random, extremes], region.size);
  return { points, values: rowsAt(network, rows, points) };
}

function rowsAt(network: RowsNetwork['network'], rows: readonly LinearInequality[], points: Matrix): Matrix {
  const values = forward(network, points);
  const data = values.data.map((y, i) => y - rows[i % values.cols].bound);
  return { ...values, data };
}

/** How far the worst of some rows is from holding, each in units of its own: negative where all hold. */
function worst(values: Float64Array, columns: readonly number[], units: Float64Array): number {
  return columns.reduce((max, j) => Math.max(max, values[j] / units[j]), Number.NEGATIVE_INFINITY);
}

const STARTS = 3;
const STEPS = 6;
const SHARES = [1, 1 / 2, 1 / 4, 1 / 16];

/**
 * Points of a region at which some rows hold, or nearly, best first of each kind: of the sampled ones the best, then each of these moved: where
 * the network's affine piece there, continued over the region, satisfies the rows best, and as far that way as helps.
 */
export function* promisingPoints(
  net: RowsNetwork,
  region: Region,
  { points, values }: Sampled,
  columns: readonly number[],
  units: Float64Array,
  programs: LinearPrograms | undefined,
): Iterable<Float64Array> {
  const scores = Array.from({ length: points.rows }, (_, i) => worst(rowOf(values, i), columns, units));
  const order = [...scores.keys()].sort((a, b) => scores[a] - scores[b]).slice(0, STARTS);
  for (const i of order) yield rowOf(points, i);
  for (const i of order) yield* descent(net, region, rowOf(points, i), scores[i], columns, units, programs);
}

function* descent(
  net: RowsNetwork,
  region: Region,
  start: Float64Array,
  startScore: number,
  columns: readonly number[],
  units: Float64Array,
  programs: LinearPrograms | undefined,
): Iterable<Float64Array> {
  let [x, score] = [start, startScore];
  for (let step = 0; step < STEPS; step++) {
    const goal = goalAt(net, region, x, columns, programs);
    const tried = matrixFromRows(SHARES.map(share => x.map((value, k) => value + share * (goal[k] - value))));
    const values = rowsAt(net.network, net.rows, tried);
    const scores = SHARES.map((_, i) => worst(rowOf(values, i), columns, units));
    const least = Math.min(...scores);
    if (!(least < score)) return;
    [x, score] = [rowOf(tried, scores.indexOf(least)), least];
    yield x;
  }
}

/** Where over the region the affine piece at a point, or the tangent, satisfies the rows best. */
function goalAt(
  { network, rows }: RowsNetwork,
  region: Region,
  x: Float64Array,
  columns: readonly number[],
  programs: LinearPrograms | undefined,
): Float64Array {
  const tangent = tangentAt(network, x);
  const chosen = matrixFromRows(
    columns.map(j => rowOf(tangent.jacobian, j)),
    region.size,
  );
  const values = multiplyTransposed(region.frame, chosen);
  columns.forEach((j, k) => {
    const atX = rowOf(chosen, k).reduce((sum, slope, i) => sum + slope * x[i], 0);
    values.data[k] += tangent.values[j] - atX - rows[j].bound;
  });
  const { candidate } = conjunctOn(
    region,
    { values, error: new Float64Array(columns.length) },
    columns.map(j => rows[j]),
    programs,
  );
  return pointsAt(region, { rows: candidate.length, cols: 1, data: candidate }).data;
}
