import type { AffineMap } from '../frames/affine-map.js';
import { cholesky, solvedLower, solvedLowerTransposed } from '../numeric/cholesky.js';
import {
  addTransposedProduct,
  lengthOf,
  type Matrix,
  matrix,
  matrixFromRows,
  multiply,
  multiplyTransposed,
  rowOf,
  scaleColumns,
} from '../numeric/matrix.js';
import { type Chart, chartOf, toCoordinates } from '../patch/coordinates.js';
import { leastSquares } from '../patch/least-squares.js';
import { nonNegativeFit } from '../regions/hull/convex-combination.js';
import { pointsAt, type Region } from '../regions/region.js';
import type { LinearInequality } from './query.js';

/** The best fit under constraints. */
export interface ConstrainedFit {
  readonly map: AffineMap;
  /** Root of the mean square, over the points and all outputs together, by which it differs from the best fit without. */
  readonly cost: number;
}

/** A wish to be met all over the region: an inequality to fail, by a margin. */
export interface Avoided {
  readonly row: LinearInequality;
  readonly margin: number;
}

/** Larger Gram matrices are taken for diagonal, which that of a box is. */
const LARGEST_GRAM = 256;

const MOST_CUTS = 400;

/**
 * Least-squares affine fits of a function on a region, given by its values `[n, out]` at points `[n, D]`, of which inequalities are to
 * fail all over the region. In coordinates in which the points' Gram matrix is the identity the fit is the least change of the best fit
 * that meets the constraints: least distance programming (Lawson & Hanson, Solving Least Squares Problems, ch. 23), the constraints at
 * the extreme points that violate them most, until none does. Exact, up to rounding, for regions with vertices.
 */
export class ConstrainedFitter {
  private readonly chart: Chart;
  /** Coefficients `[out, 1 + d]` of the best fit. */
  private readonly free: Matrix;
  private readonly factor: Matrix;

  constructor(
    private readonly region: Region,
    points: Matrix,
    values: Matrix,
  ) {
    this.chart = chartOf(region);
    const design = withOnes(toCoordinates(this.chart, points));
    this.free = leastSquares(design, values);
    this.factor = factorOf(design);
  }

  /** Undefined where no map does. */
  fit(avoided: readonly Avoided[]): ConstrainedFit | undefined {
    const cuts: Cut[] = [];
    let coefficients = this.free;
    let cost = 0;
    for (let round = 0; round < MOST_CUTS; round++) {
      const map = this.mapOf(coefficients);
      const found = avoided.flatMap(wish => this.cutOf(wish, map) ?? []);
      if (found.length === 0) return { map, cost };
      cuts.push(...found);
      const change = leastChange(cuts, this.free.rows, this.factor.cols);
      if (!change) return undefined;
      cost = lengthOf(change.data);
      const inCoefficients = matrixFromRows(
        Array.from({ length: change.rows }, (_, j) => solvedLowerTransposed(this.factor, rowOf(change, j))),
        change.cols,
      );
      coefficients = matrix(
        change.rows,
        change.cols,
        this.free.data.map((c, i) => c + inCoefficients.data[i]),
      );
    }
    return undefined;
  }

  /** The point at which a map misses a wish by most, if it does: what the change of the best fit must be there at least. */
  private cutOf({ row, margin }: Avoided, map: AffineMap): Cut | undefined {
    const { inputs = [], outputs = [], bound } = row;
    const { frame } = this.region;
    const weights = new Float64Array(frame.cols);
    for (const { index, coefficient } of inputs) weights[index] += coefficient;
    let offset = -bound;
    for (const { index, coefficient } of outputs) {
      rowOf(map.A, index).forEach((a, k) => {
        weights[k] += coefficient * a;
      });
      offset += coefficient * map.b[index];
    }
    const h = multiplyTransposed(frame, matrix(1, weights.length, weights));
    h.data[0] += offset;
    if (this.region.range(h).lo[0] >= margin / 2) return undefined;
    const x = pointsAt(this.region, this.region.extremes(h, [-1]));
    const features = withOnes(toCoordinates(this.chart, x));
    const wanted = rowOf(features, 0);
    const fitted = multiplyTransposed(features, this.free).data;
    const without =
      inputs.reduce((sum, { index, coefficient }) => sum + coefficient * x.data[index], -bound) +
      outputs.reduce((sum, { index, coefficient }) => sum + coefficient * fitted[index], 0);
    return { outputs, features: solvedLower(this.factor, wanted), atLeast: margin - without };
  }

  /** A and b of coefficients of the chart. */
  private mapOf(coefficients: Matrix): AffineMap {
    const { centre, scale, axes } = this.chart;
    const slopes = matrix(coefficients.rows, coefficients.cols - 1);
    for (let j = 0; j < slopes.rows; j++)
      slopes.data.set(rowOf(coefficients, j).subarray(1), j * slopes.cols);
    const A = scaleColumns(
      axes ? multiply(slopes, axes) : slopes,
      scale.map(s => 1 / s),
    );
    const atCentre = multiplyTransposed(matrix(1, centre.length, centre), A).data;
    return { A, b: atCentre.map((v, j) => coefficients.data[j * coefficients.cols] - v) };
  }
}

/** `Σ coefficientⱼ (zⱼ · features) ≥ atLeast` for changes z `[out, 1 + d]` in whitened coordinates. */
interface Cut {
  readonly outputs: readonly { readonly index: number; readonly coefficient: number }[];
  readonly features: Float64Array;
  readonly atLeast: number;
}

/** min ‖z‖ under the cuts; undefined where they contradict each other. */
function leastChange(cuts: readonly Cut[], outputs: number, features: number): Matrix | undefined {
  const size = outputs * features;
  const normals = matrix(cuts.length, size + 1);
  cuts.forEach(({ outputs: terms, features: at, atLeast }, p) => {
    const row = rowOf(normals, p);
    for (const { index, coefficient } of terms)
      at.forEach((phi, k) => {
        row[index * features + k] += coefficient * phi;
      });
    row[size] = atLeast;
  });
  // A change of unit size: the method is for numbers of about 1.
  const lengths = cuts.map((_, p) => lengthOf(rowOf(normals, p).subarray(0, size)));
  if (lengths.some((length, p) => length === 0 && cuts[p].atLeast > 0)) return undefined;
  const unit = cuts.reduce((max, { atLeast }, p) => Math.max(max, atLeast / (lengths[p] || 1)), 0);
  if (unit === 0) return matrix(outputs, features);
  lengths.forEach((length, p) => {
    const row = rowOf(normals, p);
    for (let k = 0; k < size; k++) row[k] /= length || 1;
    row[size] /= (length || 1) * unit;
  });
  const goal = new Float64Array(size + 1);
  goal[size] = 1;
  const { residual, distance } = nonNegativeFit(normals, goal);
  const last = residual[size];
  if (!(distance > FEASIBLE) || !(last > 0)) return undefined;
  return matrix(
    outputs,
    features,
    residual.subarray(0, size).map(r => (-r / last) * unit),
  );
}

/** A residual no longer than this is 0, and the constraints have no solution (or one so far off that it is of no use). */
const FEASIBLE = 2 ** -24;

/** L `[k, k]`, lower triangular, of the mean of φ φᵀ over the design's rows; diagonal where it is large. */
function factorOf(design: Matrix): Matrix {
  const { rows, cols } = design;
  if (cols > LARGEST_GRAM) {
    const diagonal = matrix(cols, cols);
    for (let k = 0; k < cols; k++) {
      let sum = 0;
      for (let i = 0; i < rows; i++) sum += design.data[i * cols + k] ** 2;
      diagonal.data[k * cols + k] = Math.sqrt(sum / rows) || 1;
    }
    return diagonal;
  }
  const gram = matrix(cols, cols);
  addTransposedProduct(gram, design, design);
  return cholesky(
    matrix(
      cols,
      cols,
      gram.data.map(g => g / rows),
    ),
  );
}

/** `[1 μ]`. */
function withOnes(mu: Matrix): Matrix {
  const design = matrix(mu.rows, mu.cols + 1);
  for (let i = 0; i < mu.rows; i++) {
    design.data[i * design.cols] = 1;
    design.data.set(rowOf(mu, i), i * design.cols + 1);
  }
  return design;
}
