import type { Network } from '../network/network.js';
import { float32, float64 } from '../numeric/precision.js';
import { relaxed } from '../proof/relaxed.js';
import { boxAround } from '../regions/kinds/symmetric.js';
import { centreOf } from '../regions/region.js';
import type { LinearInequality, QueryCase } from './query.js';
import type { QueryArithmetic } from './row-bounds.js';

/** How far a point that is not in the region once rounded is pulled towards its centre: some roundings of float32. */
const PULLED = 2 ** -20;

/** The point that is meant by a point of the region, up to rounding; see {@link QueryCase.place}. */
export function placedIn(
  { region, place }: QueryCase,
  x: Float64Array,
  arithmetic: QueryArithmetic,
): Float64Array | undefined {
  if (place) return place(x);
  const { round, up, down } = arithmetic === 'float32' ? float32 : float64;
  const json = region.toJSON();
  if (json.kind === 'box' && 'lower' in json) {
    const within = x.map((value, k) =>
      Math.max(up(json.lower[k]), Math.min(down(json.upper[k]), round(value))),
    );
    return within.every((value, k) => value <= json.upper[k]) ? within : undefined;
  }
  const centre = centreOf(region);
  const pulled = x.map((value, k) => value + PULLED * (centre[k] - value));
  return [x, pulled].map(point => point.map(round)).find(point => region.contains(point));
}

/**
 * Whether all rows hold at a point for certain: the network's bounds on the region that is this point, all rounding included (in float32
 * whatever the order of summation).
 */
export function holdsAt(
  network: Network,
  rows: readonly LinearInequality[],
  columns: readonly number[],
  x: Float64Array,
  arithmetic: QueryArithmetic,
): boolean {
  const { values, error } = relaxed(network, boxAround(x, 0), { arithmetic });
  return columns.every(j => {
    const { bound, isStrict } = rows[j];
    const value = values.data[j];
    if (error[j] === 0) return isStrict ? value < bound : value <= bound;
    // What is rounded in comparing is far less than this.
    const room = (bound - value) * (1 - 2 ** -50) - 2 ** -51 * (Math.abs(bound) + Math.abs(value));
    return room > error[j];
  });
}
