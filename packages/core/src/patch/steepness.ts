import { PoliceError } from '../errors.js';
import type { Network } from '../network/network.js';
import { type Matrix, matrix, rowOf } from '../numeric/matrix.js';
import { upTo } from '../proof/clamps.js';
import { assertCertified, certifyPlain } from '../proof/plain-proof.js';
import type { Region } from '../regions/region.js';

/** What a steepness found on points is multiplied by, for the points between them. */
const ALLOWANCE = 1.2;

/** What a steepness that a proof needs is multiplied by, for the rounding in the proof. */
const PROOF_ALLOWANCE = 1.001;

/**
 * The least steepness `[out]` that leaves every point with a gap of at least `shell` as it is: the largest |f − a| / d, times 1.2. `values`
 * and `centre` are f and a `[n, out]`, `gaps` d `[n]`.
 */
export function leastSteepness(
  values: Matrix,
  centre: Matrix,
  gaps: Float64Array,
  shell: number,
): Float64Array {
  const steepness = new Float64Array(values.cols);
  // Points on rays are at the shell but for rounding.
  const least = shell * (1 - 1e-6);
  gaps.forEach((gap, i) => {
    if (!(gap >= least)) return;
    const wanted = rowOf(centre, i);
    rowOf(values, i).forEach((value, j) => {
      steepness[j] = Math.max(steepness[j], (ALLOWANCE * Math.abs(value - wanted[j])) / gap);
    });
  });
  return steepness;
}

/**
 * A lower bound on a gap over another region: the facets that all of that region is beyond. In float64, rounding deducted.
 */
export function leastGap(gap: Network, region: Region): number {
  let least = 0;
  for (const node of gap.nodes) {
    if (node.kind !== 'activation') continue;
    const proof = certifyPlain(upTo(gap, node.input), [region]);
    assertCertified(proof);
    const { values, error } = proof.regions[0].outputFrame;
    const { lo } = region.range(values);
    lo.forEach((low, f) => {
      least += Math.max(0, low - error[f]);
    });
  }
  return least;
}

/**
 * {@link leastGap} of the patch of region `after` over region `before`, for maps that change in training and so can never be one. Throws
 * `invalid-option` where the regions meet.
 */
export function leastGapApart(gap: Network, region: Region, before: number, after: number): number {
  const least = leastGap(gap, region);
  if (least > 0) return least;
  throw new PoliceError({
    code: 'invalid-option',
    where: `regions ${before} and ${after}`,
    expected: 'regions apart from each other, as each has its own map',
    actual: 'regions that meet, or nearly do',
    remedy: 'Leave a space between them, put them into one region, or constrain by shifts.',
  });
}

/**
 * The steepness `[out]` of a patch that leaves a region where the function is another map already: K d ≥ |difference| all over it.
 * `difference` `[d + 1, out]` are the frame values of the two maps' difference there.
 */
export function separatingSteepness(
  gap: Network,
  region: Region,
  difference: Matrix,
  where: string,
): Float64Array {
  const { lo, hi } = region.range(difference);
  const largest = hi.map((h, j) => Math.max(Math.abs(h), Math.abs(lo[j])));
  if (largest.every(x => x === 0)) return largest;
  const least = leastGap(gap, region);
  if (least > 0) return largest.map(x => (PROOF_ALLOWANCE * x) / least);
  throw new PoliceError({
    code: 'invalid-option',
    where,
    expected: 'regions apart from each other, or one map for both',
    actual: 'regions that meet, or nearly do, and different maps',
    remedy: 'Give both the same map, leave a space between them, or put them into one region.',
  });
}

/** Frame values `[d + 1, out]` of an affine map on a region, from its values at the points of the frame. */
export function frameValuesOf(region: Region, at: (points: Matrix) => Matrix): Matrix {
  const { frame } = region;
  const points = matrix(frame.rows, frame.cols, frame.data.slice());
  for (let i = 1; i < frame.rows; i++)
    for (let k = 0; k < frame.cols; k++) points.data[i * frame.cols + k] += frame.data[k];
  const values = at(points);
  for (let i = values.rows - 1; i > 0; i--)
    for (let j = 0; j < values.cols; j++) values.data[i * values.cols + j] -= values.data[j];
  return values;
}
