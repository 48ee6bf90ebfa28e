import { type Matrix, matrix, type Region, type RegionJSON, type Rng, rowOf } from '@police/core';
import { type Body, regionOf } from '@police/core/adapter';

/**
 * A kind of region that core does not know, made with what it exports: the sum of the box of half the radii and the ellipsoid of the
 * other half, about a centre `[D]`. A functional with directional frame values g ranges over h₀ ± (‖g‖₁ + ‖g‖₂) / 2.
 */
export function roundedBox(centre: readonly number[], radii: readonly number[]): Region {
  const size = centre.length;
  const frame = matrix(size + 1, size);
  frame.data.set(centre);
  radii.forEach((radius, i) => {
    frame.data[(i + 1) * size + i] = radius;
  });
  const json = { kind: 'rounded box', centre, radii } as unknown as RegionJSON;
  return regionOf({
    kind: json.kind,
    frame,
    slack: new Float64Array(size),
    body: roundedBody(size),
    json: () => json,
  });
}

const widthOf = ({ rows, cols, data }: Matrix, unit: number): { sum: number; length: number } => {
  let [sum, squares] = [0, 0];
  for (let i = 1; i < rows; i++) {
    sum += Math.abs(data[i * cols + unit]);
    squares += data[i * cols + unit] ** 2;
  }
  return { sum, length: Math.sqrt(squares) };
};

const halfWidth = (h: Matrix, unit: number): number => {
  const { sum, length } = widthOf(h, unit);
  return (sum + length) / 2;
};

function roundedBody(d: number): Body {
  return {
    symmetric: true,
    centre: new Float64Array(d),
    terms: d,
    rangeInto: (h, lo, hi) => {
      for (let j = 0; j < h.cols; j++) {
        lo[j] = h.data[j] - halfWidth(h, j);
        hi[j] = h.data[j] + halfWidth(h, j);
      }
    },
    extremeInto: (h, unit, side, into) => {
      const { length } = widthOf(h, unit);
      into[0] = 1;
      for (let i = 1; i < h.rows; i++) {
        const g = h.data[i * h.cols + unit];
        into[i] = (side * (Math.sign(g) + (length > 0 ? g / length : 0))) / 2;
      }
    },
    reach: h => rowOf(h, 0).map((x, j) => Math.abs(x) + halfWidth(h, j)),
    votes: (h, threshold) => rowOf(h, 0).map(x => Math.sign(x - threshold)),
    sample: rng => {
      const inBox = cubePoint(rng, d);
      const inBall = cubePoint(rng, d);
      const length = Math.max(1, Math.hypot(...inBall));
      return inBox.map((x, i) => (x + inBall[i] / length) / 2);
    },
    reaches: ({ axes }, y, tolerance) => {
      if (axes?.length !== y.length) throw new Error('known for directions along all axes only');
      const excess = axes.map(({ coordinate, factor }) =>
        Math.max(0, (Math.abs(y[coordinate]) - tolerance) / factor - 1 / 2),
      );
      return Math.hypot(...excess) <= 1 / 2;
    },
  };
}

const cubePoint = (rng: Rng, d: number): Float64Array =>
  Float64Array.from({ length: d }, () => 2 * rng() - 1);
