import { PoliceError } from '../errors.js';
import { type Matrix, matrix } from '../numeric/matrix.js';
import { sumErrorBound } from '../numeric/precision.js';
import { ROUND_UP } from '../proof/bounded-frame.js';
import { certify } from '../proof/certify.js';
import type { Certified, CertifyOptions, Uncertified } from '../proof/plain-proof.js';
import { relaxed } from '../proof/relaxed.js';
import type { Relaxed } from '../proof/relaxed-value.js';
import type { Region } from '../regions/region.js';
import type { LinearInequality, RowsNetwork } from './query.js';

/** In which arithmetic a network is asked: see `RelaxedOptions.arithmetic`. */
export type QueryArithmetic = 'exact' | 'float32';

/**
 * What is known of the rows `left side − bound` on a region, ever more exactly and at ever more cost: bounds through |W|, which where the
 * network is affine are those of the map but for rounding; then, of float32 where it is affine, its rounding through the actual Jacobian.
 */
export function* rowBounds(
  { network, rows }: RowsNetwork,
  region: Region,
  arithmetic: QueryArithmetic,
  options: CertifyOptions,
): Iterable<Relaxed> {
  yield belowBounds(rows, relaxed(network, region, { ...options, arithmetic }), region);
  if (arithmetic === 'exact') return;
  const proof = proofOf(network, region, options);
  if (!proof?.certified) return;
  const [{ outputFrame, inferenceError }] = proof.regions;
  const error = outputFrame.error.map((e, j) => (e + inferenceError[j]) * ROUND_UP);
  yield belowBounds(rows, { values: outputFrame.values, error, isAffine: true }, region);
}

/** Undefined of a network with a part that is not read and no patch holds: relaxing it has told all that is known. */
function proofOf(
  network: RowsNetwork['network'],
  region: Region,
  options: CertifyOptions,
): Certified | Uncertified | undefined {
  try {
    return certify(network, [region], options);
  } catch (error) {
    if (error instanceof PoliceError && error.code === 'unsupported-layer') return undefined;
    throw error;
  }
}

/** The bounds subtracted: a row holds where it is at most 0. */
export function belowBounds(
  rows: readonly LinearInequality[],
  { values, error, isAffine }: Relaxed,
  region: Region,
): Relaxed {
  const below: Matrix = matrix(values.rows, values.cols, values.data.slice());
  const reach = region.reach(values);
  const widened = error.map((e, j) => {
    const { bound } = rows[j];
    below.data[j] -= bound;
    return bound === 0 ? e : (e + sumErrorBound(1, reach[j] + Math.abs(bound))) * ROUND_UP;
  });
  return { values: below, error: widened, isAffine };
}
