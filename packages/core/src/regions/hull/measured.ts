import { type Matrix, matrix } from '../../numeric/matrix.js';

/** Powers of 2 `[D]`, each next below the largest entry of its column; 1 for a column of zeros. */
export function columnUnits({ cols, data }: Matrix): Float64Array {
  const largest = new Float64Array(cols);
  data.forEach((x, i) => {
    largest[i % cols] = Math.max(largest[i % cols], Math.abs(x));
  });
  // Subnormals count from the smallest normal number.
  return largest.map(x => (x === 0 ? 1 : 2 ** Math.max(-1022, Math.floor(Math.log2(x)))));
}

/**
 * The matrix with its columns in the given units `[D]`. In units of its size a coordinate rounds as much as any other does
 * in its own: only then can lengths and distances be told from rounding by one tolerance. Powers of 2 round nothing.
 */
export function measuredIn(m: Matrix, units: Float64Array): Matrix {
  return matrix(
    m.rows,
    m.cols,
    m.data.map((x, i) => x / units[i % m.cols]),
  );
}
