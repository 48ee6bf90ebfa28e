import {
  forward,
  type Matrix,
  matrix,
  pointsAt,
  type Region,
  type RegionProof,
  type Rng,
  rowOf,
} from '@police/core';
import type { ImportedModel } from '@police/onnx-import';
import {
  outputExtremes,
  randomExtremeCoordinates,
  randomExtremes,
  randomWeights,
  repeatable,
} from './replay-points.js';
import type { Runtime } from './runtime.js';

/** Where ONNX Runtime and the proof part. */
export interface Difference {
  readonly region: number;
  readonly output: number;
  readonly point: readonly number[];
  readonly computed: number;
  readonly expected: number;
  /** What the two may differ by. */
  readonly allowed: number;
}

/** A larger A is not made: the affine function is known from its values at points. */
const MOST_MAP_ENTRIES = 2 ** 20;

/** Numbers carried back to make A, for each output one for each unit. */
const MOST_MAP_WORK = 2 ** 32;

/** Outputs whose own extremes are tried. */
const MOST_OUTPUTS = 8;

/** Points of which others are combinations. */
const MOST_BASE_POINTS = 8;

/** Share by which the float64 rounding of what is expected may exceed the bound on float32's. */
const FLOAT64 = 1 + 2 ** -20;

/** A point, and what the affine function is there, up to `error`; both `[outputs]`. */
interface Expectation {
  readonly point: Float64Array;
  readonly value: Float64Array;
  readonly error: (output: number) => number;
}

/**
 * Compares what ONNX Runtime computes with the affine function proved, at `samples` points of each region, half of them
 * extreme: A x + b, or, for a model so wide that A is not made, combinations of the network's values at extreme points. Returns the first
 * difference beyond the bound that was claimed; NaN is one, and so is an infinity where no bound is claimed.
 */
export async function replay(
  { network }: Pick<ImportedModel, 'network'>,
  runtime: Pick<Runtime, 'run'>,
  regions: readonly Region[],
  proofs: readonly RegionProof[],
  samples: number,
): Promise<Difference | undefined> {
  const { inputSize, outputSize, sizes } = network;
  const units = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const isMapMade = inputSize * outputSize <= MOST_MAP_ENTRIES && outputSize * units <= MOST_MAP_WORK;
  for (const [r, region] of regions.entries()) {
    const rng = repeatable(r + 1);
    const expectations = isMapMade
      ? byMap(region, proofs[r], samples, rng)
      : byCombinations(network, region, proofs[r], samples, rng);
    for (const { point, value, error } of expectations) {
      const computed = await runtime.run(point);
      for (let j = 0; j < value.length; j++) {
        const allowed = (proofs[r].inferenceError[j] + error(j)) * FLOAT64;
        const isUnbounded = allowed === Number.POSITIVE_INFINITY && Number.isFinite(computed[j]);
        if (isUnbounded || Math.abs(computed[j] - value[j]) <= allowed) continue;
        const [found, expected] = [computed[j], value[j]];
        return { region: r, output: j, point: Array.from(point), computed: found, expected, allowed };
      }
    }
  }
  return undefined;
}

function* byMap(
  region: Region,
  { map: { A, b }, mapError }: RegionProof,
  samples: number,
  rng: Rng,
): Iterable<Expectation> {
  const half = Math.ceil(samples / 2);
  const outputs = Math.min(A.rows, MOST_OUTPUTS, Math.ceil(half / 2));
  const rows = Array.from({ length: outputs }, (_, j) => rowOf(A, Math.floor((j * A.rows) / outputs)));
  for (const point of pointsOf(region, samples, outputExtremes(region, rows), rng)) {
    // The rounding of A x + b here: as many terms as inputs.
    const sizes = new Float64Array(A.rows);
    const value = b.map((limit, j) => {
      let sum = limit;
      rowOf(A, j).forEach((a, k) => {
        sum += a * point[k];
        sizes[j] += Math.abs(a * point[k]);
      });
      return sum;
    });
    const rounding = (A.cols + 2) * 2 ** -52;
    yield { point, value, error: j => mapError[j] + rounding * (sizes[j] + Math.abs(b[j])) };
  }
}

/** `first`, then other extremes up to half of the samples, then random points. */
function* pointsOf(region: Region, samples: number, first: Matrix, rng: Rng): Iterable<Float64Array> {
  const extremes = Math.max(0, Math.ceil(samples / 2) - first.rows);
  const others = extremes > 0 ? randomExtremes(region, extremes, rng) : matrix(0, region.size);
  for (const points of [first, others]) for (let i = 0; i < points.rows; i++) yield rowOf(points, i);
  for (let i = first.rows + extremes; i < samples; i++) yield region.sample(rng);
}

/** Extreme points themselves, then combinations of them: an affine function's values combine alike. */
function* byCombinations(
  network: ImportedModel['network'],
  region: Region,
  proof: RegionProof,
  samples: number,
  rng: Rng,
): Iterable<Expectation> {
  const { points, values } = basePoints(network, region, proof, Math.min(MOST_BASE_POINTS, samples), rng);
  // Values of smooth functions are off the affine ones themselves.
  const error = (j: number) => proof.approximationError?.[j] ?? 0;
  for (let i = 0; i < samples; i++) {
    const weights = i < points.rows ? unitWeights(points.rows, i) : randomWeights(points.rows, rng);
    yield { point: combined(points, weights), value: combined(values, weights), error };
  }
}

/** Of a network that is read in part, the values are those proved, at the frame. */
function basePoints(
  network: ImportedModel['network'],
  region: Region,
  { outputFrame }: RegionProof,
  count: number,
  rng: Rng,
): { readonly points: Matrix; readonly values: Matrix } {
  const coordinates = randomExtremeCoordinates(region, count, rng);
  const points = pointsAt(region, coordinates);
  const isRead = network.nodes.every(({ kind }) => kind !== 'opaque');
  if (isRead) return { points, values: forward(network, points) };
  const values = matrix(count, network.outputSize);
  for (let i = 0; i < count; i++) {
    const weights = Float64Array.from(
      { length: coordinates.rows },
      (_, k) => coordinates.data[k * count + i],
    );
    rowOf(values, i).set(combined(outputFrame.values, weights));
  }
  return { points, values };
}

function unitWeights(count: number, at: number): Float64Array {
  const weights = new Float64Array(count);
  weights[at] = 1;
  return weights;
}

function combined(rows: Matrix, weights: Float64Array): Float64Array {
  const sum = new Float64Array(rows.cols);
  weights.forEach((weight, i) => {
    if (weight !== 0)
      rowOf(rows, i).forEach((x, k) => {
        sum[k] += weight * x;
      });
  });
  return sum;
}
