import { type Matrix, matrix } from '@police/core';

/**
 * Coordinates `[P, d]` of vertices in a frame `[d + 1, D]` of affinely independent points among them, as core finds
 * them when it makes the region but does not tell: exact for the frame's own vertices, by least squares (Gram–Schmidt,
 * refined once) for the others.
 */
export function vertexCoordinates(vertices: readonly ArrayLike<number>[], frame: Matrix): Matrix {
  const size = frame.cols;
  const d = frame.rows - 1;
  const origin = frame.data.subarray(0, size);
  const directions = Array.from({ length: d }, (_, i) => frame.data.subarray((i + 1) * size, (i + 2) * size));
  const solve = leastSquares(directions);
  const coordinates = matrix(vertices.length, d);
  vertices.forEach((vertex, p) => {
    const relative = origin.map((x, k) => vertex[k] - x);
    const own = directions.findIndex(direction => direction.every((x, k) => x === relative[k]));
    const lambda = coordinates.data.subarray(p * d, (p + 1) * d);
    if (own >= 0) lambda[own] = 1;
    else if (relative.some(x => x !== 0)) lambda.set(solve(relative));
  });
  return coordinates;
}

/** λ with Σ λᵢ directionᵢ nearest to y, for linearly independent directions. */
function leastSquares(directions: readonly Float64Array[]): (y: Float64Array) => Float64Array {
  const d = directions.length;
  const axes: Float64Array[] = [];
  const upper = matrix(d, d); // direction i = Σ upper[k, i] axis k
  directions.forEach((direction, i) => {
    const rest = direction.slice();
    // Twice: one pass loses orthogonality when little remains.
    for (let pass = 0; pass < 2; pass++) {
      axes.forEach((axis, k) => {
        upper.data[k * d + i] += subtractComponent(rest, axis);
      });
    }
    const length = Math.sqrt(dot(rest, rest));
    upper.data[i * d + i] = length;
    axes.push(rest.map(x => x / length));
  });
  const once = (y: Float64Array): Float64Array => {
    const rest = y.slice();
    const lambda = Float64Array.from(axes, axis => subtractComponent(rest, axis));
    for (let i = d - 1; i >= 0; i--) {
      for (let k = i + 1; k < d; k++) lambda[i] -= upper.data[i * d + k] * lambda[k];
      lambda[i] /= upper.data[i * d + i];
    }
    return lambda;
  };
  return y => {
    const lambda = once(y);
    const error = y.map((x, k) => x - directions.reduce((sum, row, i) => sum + lambda[i] * row[k], 0));
    const correction = once(error);
    return lambda.map((x, i) => x + correction[i]);
  };
}

/** Takes the component along a unit axis out of the vector, in place, and returns it. */
function subtractComponent(vector: Float64Array, axis: Float64Array): number {
  const component = dot(vector, axis);
  for (let k = 0; k < vector.length; k++) vector[k] -= component * axis[k];
  return component;
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, k) => sum + x * b[k], 0);
