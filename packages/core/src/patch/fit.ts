import { PoliceError } from '../errors.js';
import type { AffineMap } from '../frames/affine-map.js';
import { applyAffine } from '../network/affine-operator.js';
import { type Dense, dense } from '../network/operators/dense.js';
import {
  columnRange,
  lengthOf,
  type Matrix,
  matrix,
  multiply,
  multiplyTransposed,
  rowOf,
  scaleColumns,
} from '../numeric/matrix.js';
import { type Chart, toCoordinates } from './coordinates.js';
import { leastSquares } from './least-squares.js';

/** An affine function of the input as the layers that compute it: one, or two through the hull of a flat region. */
export type CentreLayers = readonly Dense[];

/** Rounds of Lawson's algorithm; it converges linearly. */
const LAWSON_ROUNDS = 60;

/** The affine function nearest to values `[n, out]` at points `[n, D]`: least squares over the points. */
export function fitted(chart: Chart, points: Matrix, values: Matrix): CentreLayers {
  return fromCoefficients(chart, leastSquares(withOnes(toCoordinates(chart, points)), values));
}

/**
 * The one whose largest distance ‖f(x) − a(x)‖₂ over the points is least, nearly: least squares, weighted by how far each point was off
 * (Lawson 1961; Cline 1972), the best of {@link LAWSON_ROUNDS} rounds.
 */
export function fittedMinimax(chart: Chart, points: Matrix, values: Matrix): CentreLayers {
  const design = withOnes(toCoordinates(chart, points));
  const count = points.rows;
  let weights = new Float64Array(count).fill(1 / count);
  let best = { largest: Number.POSITIVE_INFINITY, coefficients: matrix(values.cols, design.cols) };
  for (let round = 0; round < LAWSON_ROUNDS; round++) {
    const roots = weights.map(Math.sqrt);
    const coefficients = leastSquares(rowsTimes(design, roots), rowsTimes(values, roots));
    const approximated = multiplyTransposed(design, coefficients);
    const distances = weights.map((_, i) => {
      const wanted = rowOf(values, i);
      return lengthOf(rowOf(approximated, i).map((a, j) => a - wanted[j]));
    });
    const largest = distances.reduce((max, d) => Math.max(max, d), 0);
    if (largest < best.largest) best = { largest, coefficients };
    const next = weights.map((w, i) => w * distances[i]);
    const sum = next.reduce((total, w) => total + w, 0);
    if (sum === 0) break;
    weights = next.map(w => w / sum);
  }
  return fromCoefficients(chart, best.coefficients);
}

/** A x + b of the layers, multiplied out. */
export function mapOf([first, ...rest]: CentreLayers): AffineMap {
  return rest.reduce<AffineMap>(
    ({ A, b }, { weight, bias }) => ({
      A: multiply(weight, A),
      b: multiplyTransposed(matrix(1, b.length, b), weight).data.map((v, j) => v + bias[j]),
    }),
    { A: first.weight, b: first.bias },
  );
}

/** Values `[n, out]` of the map at points. */
export function valuesOf(layers: CentreLayers, points: Matrix): Matrix {
  return layers.reduce((x, layer) => applyAffine(layer, x), points);
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

function rowsTimes(m: Matrix, factors: Float64Array): Matrix {
  return matrix(
    m.rows,
    m.cols,
    m.data.map((x, i) => x * factors[Math.floor(i / m.cols)]),
  );
}

/** Entries of a matrix A that is multiplied out. */
const MOST_ENTRIES = 2 ** 27;

/** The map v₀ + V μ(x), coefficients `[out, 1 + d]`: through the hull of a flat region where A has far more entries. */
function fromCoefficients({ centre, scale, axes }: Chart, coefficients: Matrix): CentreLayers {
  const { rows: outputs, cols } = coefficients;
  const size = centre.length;
  const offset = Float64Array.from({ length: outputs }, (_, j) => coefficients.data[j * cols]);
  const along = dense(columnRange(coefficients, 1, cols), offset);
  const isNarrow = axes && 2 * axes.rows * (size + outputs) < size * outputs;
  if (!isNarrow && size * outputs > MOST_ENTRIES) throw tooLarge(size, outputs);
  const toZ = scale.map(s => 1 / s);
  if (isNarrow) return [centred(axes, toZ, centre), along];
  const A = axes ? multiply(along.weight, axes) : along.weight;
  const inX = scaleColumns(A, toZ);
  const atCentre = multiplyTransposed(matrix(1, size, centre), inX).data;
  return [
    dense(
      inX,
      offset.map((v, j) => v - atCentre[j]),
    ),
  ];
}

/** μ(x). */
function centred(axes: Matrix, toZ: Float64Array, centre: Float64Array): Dense {
  const weight = scaleColumns(axes, toZ);
  const atCentre = multiplyTransposed(matrix(1, centre.length, centre), weight).data;
  return dense(
    weight,
    atCentre.map(v => -v),
  );
}

function tooLarge(size: number, outputs: number): PoliceError {
  return new PoliceError({
    code: 'too-large',
    where: 'patch',
    expected: `a map of at most ${MOST_ENTRIES} entries`,
    actual: `${outputs} outputs × ${size} inputs`,
    remedy: 'Choose a flat region, such as the hull of a few samples: its map is kept as a product.',
  });
}
