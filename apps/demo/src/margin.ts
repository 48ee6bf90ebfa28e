import { type AffineMap, dense, type Matrix, pointsAt, type Region } from '@police/core';

export interface WorstCase {
  /** The least of logit[label] − logit[j] over the region and over all other classes j. */
  readonly margin: number;
  /** The class it is attained against. */
  readonly against: number;
  /** The point of the region where it is attained, `[1, D]`. */
  readonly point: Matrix;
}

/**
 * The exact worst-case margin of a label on a region where the logits are `A x + b`: each difference of two logits is
 * affine there, and the region knows the exact range of an affine function.
 */
export function worstCaseMargin({ A, b }: AffineMap, region: Region, label: number): WorstCase {
  const others = Array.from({ length: A.rows }, (_, j) => j).filter(j => j !== label);
  const row = (j: number) => A.data.subarray(j * A.cols, (j + 1) * A.cols);
  const differences = dense(
    others.map(j => row(label).map((a, k) => a - row(j)[k])),
    others.map(j => b[label] - b[j]),
  );
  const h = differences.linear(region.frame);
  differences.bias.forEach((value, j) => {
    h.data[j] += value;
  });
  const { lo } = region.range(h);
  const worst = lo.indexOf(lo.reduce((least, value) => Math.min(least, value)));
  const side = Int8Array.from(others, (_, j) => (j === worst ? -1 : 0));
  const points = pointsAt(region, region.extremes(h, side));
  const point = points.data.slice(worst * points.cols, (worst + 1) * points.cols);
  return { margin: lo[worst], against: others[worst], point: { rows: 1, cols: points.cols, data: point } };
}

/** The same difference at given points, from the logits `[n, classes]`: the least over points and classes. */
export function sampledMargin({ rows, cols, data }: Matrix, label: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      if (j !== label) least = Math.min(least, data[i * cols + label] - data[i * cols + j]);
    }
  }
  return least;
}
