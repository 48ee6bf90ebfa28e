import { assertSize } from '../errors.js';
import type { AffineMap } from '../frames/affine-map.js';
import type { Network } from '../network/network.js';
import { type Matrix, multiply, multiplyTransposed } from '../numeric/matrix.js';
import { sumErrorBound } from '../numeric/precision.js';
import { assertCertified, type CertifyOptions, certify } from '../proof/certify.js';
import { pointsAt, type Region } from '../regions/region.js';

/** Exact extremes over a region, one per combination of outputs. */
export interface OutputBounds {
  /** `[combinations]`. */
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** Bound `[combinations]` on the rounding in `lower` and `upper`, the network in exact arithmetic. */
  readonly error: Float64Array;
  /** Points `[combinations, D]` of the region where they are attained. */
  readonly lowerPoints: Matrix;
  readonly upperPoints: Matrix;
}

/**
 * Minimum and maximum over the region of every output, or of every row of `combinations` `[m, outSize]` times the
 * outputs: closed-form ranges of the network's affine map there, nothing sampled.
 *
 * Throws `not-frozen` for a network that cannot be certified affine on the region, or `shape`.
 *
 * @example
 * const { lower, upper } = bounds(freeze(net, regions).network, regions[0]);
 */
export function bounds(
  net: Network,
  region: Region,
  combinations?: Matrix,
  options: CertifyOptions = {},
): OutputBounds {
  const proof = certify(net, [region], options);
  assertCertified(proof);
  const [{ map, mapError }] = proof.regions;
  if (!combinations) return boundsOfMap(map, mapError, region);
  assertSize(combinations.cols, net.outputSize, 'bounds', 'combinations of outputs');
  return boundsOfMap(
    combinedMap(combinations, map),
    combinedError(combinations, map, mapError, region),
    region,
  );
}

/** `C (A x + b)` as a map. */
function combinedMap(combinations: Matrix, { A, b }: AffineMap): AffineMap {
  const row: Matrix = { rows: 1, cols: b.length, data: b };
  return { A: multiply(combinations, A), b: multiplyTransposed(row, combinations).data };
}

/** |C| times the maps' error, and the rounding of `C A` and `C b`. */
function combinedError(
  { rows, cols, data }: Matrix,
  { A, b }: AffineMap,
  mapError: Float64Array,
  region: Region,
): Float64Array {
  const absolute: Matrix = { rows, cols, data: data.map(Math.abs) };
  const sizes = magnitudeOn({ A, b }, region);
  const row = (values: Float64Array): Matrix => ({ rows: 1, cols, data: values });
  const carried = multiplyTransposed(row(mapError), absolute).data;
  return multiplyTransposed(row(sizes), absolute).data.map((m, j) => carried[j] + sumErrorBound(cols + 1, m));
}

/** Bound `[outSize]` on Σ|A||x| + |b| over the region. */
function magnitudeOn({ A, b }: AffineMap, region: Region): Float64Array {
  const reach: Matrix = { rows: 1, cols: region.size, data: region.reach(region.frame) };
  const sizes = multiplyTransposed(reach, { ...A, data: A.data.map(Math.abs) }).data;
  return sizes.map((m, j) => m + Math.abs(b[j]));
}

function boundsOfMap(map: AffineMap, mapError: Float64Array, region: Region): OutputBounds {
  const { A, b } = map;
  const h = multiplyTransposed(region.frame, A);
  for (let j = 0; j < b.length; j++) h.data[j] += b[j];
  const { lo, hi } = region.range(h);
  const slack: Matrix = { rows: 1, cols: region.size, data: region.slack };
  const carried = multiplyTransposed(slack, { ...A, data: A.data.map(Math.abs) }).data;
  // Products with the frame, then the range: sums over coordinates and over the frame's rows.
  const terms = region.size + region.frame.rows + 10;
  const error = magnitudeOn(map, region).map(
    (m, j) => mapError[j] + carried[j] + sumErrorBound(terms, 2 * m),
  );
  const at = (side: number) => pointsAt(region, region.extremes(h, new Int8Array(b.length).fill(side)));
  return { lower: lo, upper: hi, error, lowerPoints: at(-1), upperPoints: at(1) };
}
