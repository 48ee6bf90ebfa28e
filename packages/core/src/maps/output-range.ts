import { assertSize } from '../errors.js';
import type { Network } from '../network/network.js';
import { type Matrix, multiplyTransposed } from '../numeric/matrix.js';
import { sumErrorBound } from '../numeric/precision.js';
import { certify } from '../proof/certify.js';
import { assertCertified, type CertifyOptions } from '../proof/plain-proof.js';
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
  const { values, error } = proof.regions[0].outputFrame;
  if (!combinations) return rangesOf(values, error, region);
  assertSize(combinations.cols, net.outputSize, 'bounds', 'combinations of outputs');
  const absolute: Matrix = { ...combinations, data: combinations.data.map(Math.abs) };
  const row = (data: Float64Array): Matrix => ({ rows: 1, cols: data.length, data });
  const carried = multiplyTransposed(row(error), absolute).data;
  const sizes = multiplyTransposed(row(region.reach(values)), absolute).data;
  return rangesOf(
    multiplyTransposed(values, combinations),
    carried.map((e, k) => e + sumErrorBound(combinations.cols + 1, sizes[k])),
    region,
  );
}

/** Ranges of functionals given by their frame values `h` `[d + 1, m]`, which may be off by `given` `[m]` anywhere on the region. */
function rangesOf(h: Matrix, given: Float64Array, region: Region): OutputBounds {
  const { lo, hi } = region.range(h);
  const reach = region.reach(h);
  // The range is a sum over the frame's rows.
  const error = given.map((e, k) => e + sumErrorBound(region.frame.rows + 10, 2 * reach[k]));
  const at = (side: number) => pointsAt(region, region.extremes(h, new Int8Array(h.cols).fill(side)));
  return { lower: lo, upper: hi, error, lowerPoints: at(-1), upperPoints: at(1) };
}
