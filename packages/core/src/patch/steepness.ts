import { PoliceError } from '../errors.js';
import type { Network } from '../network/network.js';
import { linearCombination, type Matrix, matrix, rowOf } from '../numeric/matrix.js';
import { float32, sumErrorBound } from '../numeric/precision.js';
import { upTo } from '../proof/clamps.js';
import { intervalsOn } from '../proof/intervals.js';
import { assertCertified, certifyPlain } from '../proof/plain-proof.js';
import type { Region } from '../regions/region.js';
import { type CentreLayers, valuesOf } from './fit.js';

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

/** Roundings of a float32 runtime in K times a gap: of K, of the product, and in adding it to a map. */
const PRODUCT_ROUNDINGS = 4;

/**
 * A lower bound on a gap over another region, 0 or less where there is none: the facets that all of that region is beyond, less what
 * float64 rounds here, and what a float32 runtime rounds in the gap and in a multiple of it, which grows with the farthest facet.
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
  const { hi, runtime } = intervalsOn(gap, region)(gap.nodes.at(-1)!.name);
  return least - runtime[0] - sumErrorBound(PRODUCT_ROUNDINGS, hi[0] + runtime[0], float32);
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

/** What a float32 runtime may round `[out]` in an affine map over a region. */
function mapRounding(layers: CentreLayers, region: Region): Float64Array {
  let reach = matrix(1, region.size, region.reach(region.frame));
  let terms = 1;
  for (const layer of layers) {
    reach = layer.magnitude(reach);
    layer.bias.forEach((b, j) => {
      reach.data[j] += Math.abs(b);
    });
    terms += layer.terms + 2;
  }
  return reach.data.map(size => sumErrorBound(terms, size, float32));
}

/**
 * The steepness `[out]` of a patch around the map `after` that leaves a region where the function is `before` already: K d ≥ |before − after|
 * all over it, also in float32.
 */
export function separatingSteepness(
  gap: Network,
  region: Region,
  before: CentreLayers,
  after: CentreLayers,
  where: string,
): Float64Array {
  const { lo, hi } = region.range(frameValuesOf(region, x => differenceAt(x, before, after)));
  const different = hi.map((h, j) => Math.max(Math.abs(h), Math.abs(lo[j])));
  if (different.every(x => x === 0)) return different;
  const rounded = [before, after].map(layers => mapRounding(layers, region));
  const largest = different.map((x, j) => x + 2 * (rounded[0][j] + rounded[1][j]));
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

function differenceAt(x: Matrix, before: CentreLayers, after: CentreLayers): Matrix {
  return linearCombination([valuesOf(before, x), valuesOf(after, x)], [1, -1]);
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
