import { PoliceError } from '../errors.js';
import type { AffineMap } from '../frames/affine-map.js';
import { largestEntry, matrix } from '../numeric/matrix.js';
import type { Precision } from '../numeric/precision.js';
import { simpleDemands } from './demand-type.js';
import type { DemandProof } from './enclosed-map.js';
import type { DemandHolder } from './held-map.js';
import { pointOf } from './map-space.js';
import { proveDemand } from './prove.js';

/** A map of which the demand is proved as it is stored. */
export interface StoredMap {
  readonly map: AffineMap;
  /** See `DemandProof`: 0 where the equations hold exactly. */
  readonly residual: number;
}

/** Shares of the map's largest number by which inequalities are met more than asked, one after the other, until what is rounded is proved. */
const SLACKS = [0, ...Array.from({ length: 12 }, (_, i) => 2 ** (2 * i - 32))];

/**
 * Tries ever more slack until what `attempt` makes of it is proved. Throws `infeasible-target`, naming what could not be proved.
 */
export function withLeastSlack<T>(
  scale: number,
  attempt: (slack: number) => { readonly found: T; readonly proof: DemandProof },
): { readonly found: T; readonly residual: number } {
  let last: DemandProof | undefined;
  for (const share of SLACKS) {
    const { found, proof } = attempt(share * scale);
    if (proof.holds) return { found, residual: proof.residual };
    last = proof;
  }
  const { where, actual } = last as Extract<DemandProof, { holds: false }>;
  throw new PoliceError({
    code: 'infeasible-target',
    where,
    expected: 'a demand that can be proved once A and b are rounded',
    actual,
    remedy: 'Loosen the demand a little, or store in a wider format.',
  });
}

/** Largest number of a map as the demand's geometry has it. */
export const scaleOf = ({ space }: DemandHolder, map: AffineMap): number =>
  largestEntry(pointOf(space, map)) || 1;

/**
 * The nearest map that meets the demand, in a format's numbers, and proved so: symmetric ones stay so, and rows that sum to given values
 * are rounded to one grid each, on which they can do so exactly. Throws `infeasible-target`.
 */
export function storedMap(holder: DemandHolder, map: AffineMap, precision: Precision): StoredMap {
  const { found, residual } = withLeastSlack(scaleOf(holder, map), slack => {
    const rounded = roundedMap(holder, holder.hold(map, slack).map, precision);
    const enclosed = { ...rounded, error: new Float64Array(rounded.b.length) };
    return { found: rounded, proof: proveDemand(holder.demand, enclosed, holder.space.region) };
  });
  return { map: found, residual };
}

/** Numbers this small beside the largest are what float64 rounded on the way: an entry that equations make 0 is to be 0. */
const NEGLIGIBLE = 2 ** -46;

function roundedMap({ demand }: DemandHolder, { A, b }: AffineMap, precision: Precision): AffineMap {
  const sums = simpleDemands(demand).find(each => each.kind === 'rowSums' || each.kind === 'columnSums');
  const negligible = NEGLIGIBLE * Math.max(largestEntry(A.data), largestEntry(b));
  const isNothing = (x: number) => Math.abs(x) <= negligible;
  const bias = b.map(x => (isNothing(x) ? 0 : precision.round(x)));
  const data = A.data.map(x => (isNothing(x) ? 0 : x));
  if (!sums) return { A: { ...A, data: data.map(precision.round) }, b: bias };
  const isByRow = sums.kind === 'rowSums';
  const count = isByRow ? A.rows : A.cols;
  for (let g = 0; g < count; g++) {
    const places = Array.from({ length: isByRow ? A.cols : A.rows }, (_, i) =>
      isByRow ? g * A.cols + i : i * A.cols + g,
    );
    const own = g * A.cols + g;
    const rounded = summingTo(
      sums.sums[g],
      places.map(i => data[i]),
      precision,
      A.rows === A.cols ? places.indexOf(own) : -1,
    );
    places.forEach((i, k) => {
      data[i] = rounded[k];
    });
  }
  return { A: matrix(A.rows, A.cols, data), b: bias };
}

/**
 * Numbers on a grid that the format holds for all of them, whose sum is the wanted one if that is on the grid: what rounding changed the sum
 * by is taken from the entry of the diagonal, which leaves a symmetric matrix so, else from the largest.
 */
function summingTo(
  sum: number,
  values: readonly number[],
  { roundoff, round }: Precision,
  diagonal: number,
): number[] {
  const largest = Math.max(largestEntry(values), Math.abs(sum));
  if (largest === 0) return [...values];
  // One bit to spare for what is added at the end.
  const grid = 2 ** (Math.floor(Math.log2(largest)) + 2) * 2 * roundoff;
  const rounded = values.map(x => Math.round(x / grid) * grid);
  const at = diagonal >= 0 ? diagonal : indexOfLargest(rounded);
  const off = Math.round((sum - rounded.reduce((total, x) => total + x, 0)) / grid) * grid;
  rounded[at] += off;
  return rounded.map(round);
}

function indexOfLargest(values: readonly number[]): number {
  return values.reduce((best, x, i) => (Math.abs(x) > Math.abs(values[best]) ? i : best), 0);
}
