import { add, compare, type Dyadic, dot, exact, multiply, negate, ratio, sum, zero } from './rational.js';

/** A point in homogeneous coordinates: `coordinates / weight`, the weight positive. */
export interface ExactPoint {
  readonly weight: Dyadic;
  readonly coordinates: readonly Dyadic[];
}

/**
 * The vertices of {A x ≤ b} the slow obvious way, in exact arithmetic: of every D constraints the point where they are
 * equalities, by Cramer's rule, kept if it satisfies all others.
 */
export function exactVertices(A: readonly ArrayLike<number>[], b: ArrayLike<number>): ExactPoint[] {
  const rows = A.map(row => Array.from(row, exact));
  const bounds = Array.from(b, exact);
  const size = rows[0].length;
  const found: ExactPoint[] = [];
  for (const chosen of subsets(rows.length, size)) {
    const system = chosen.map(i => rows[i]);
    const goal = chosen.map(i => bounds[i]);
    const denominator = determinant(system);
    if (denominator.mantissa === 0n) continue;
    const sign = compare(denominator, zero);
    const signed = (x: Dyadic) => (sign < 0 ? negate(x) : x);
    const weight = signed(denominator);
    const coordinates = system[0].map((_, k) =>
      signed(determinant(system.map((row, i) => row.map((x, c) => (c === k ? goal[i] : x))))),
    );
    const isInside = rows.every((row, i) => compare(dot(row, coordinates), multiply(bounds[i], weight)) <= 0);
    if (isInside && !found.some(point => isSame(point, { weight, coordinates }))) {
      found.push({ weight, coordinates });
    }
  }
  return found;
}

/** The point rounded to float64. */
export function approximatePoint({ weight, coordinates }: ExactPoint): number[] {
  return coordinates.map(x => ratio(x, weight));
}

function isSame(p: ExactPoint, q: ExactPoint): boolean {
  return p.coordinates.every(
    (x, k) => compare(multiply(x, q.weight), multiply(q.coordinates[k], p.weight)) === 0,
  );
}

function* subsets(count: number, size: number, from = 0): Generator<number[]> {
  if (size === 0) yield [];
  for (let i = from; size > 0 && i <= count - size; i++)
    for (const rest of subsets(count, size - 1, i + 1)) yield [i, ...rest];
}

/** By expansion along the first row. */
function determinant(matrix: readonly (readonly Dyadic[])[]): Dyadic {
  if (matrix.length === 1) return matrix[0][0];
  return sum(
    matrix[0].map((x, k) => {
      if (x.mantissa === 0n) return zero;
      const minor = determinant(matrix.slice(1).map(row => row.filter((_, c) => c !== k)));
      const term = multiply(x, minor);
      return k % 2 === 0 ? term : negate(term);
    }),
  );
}

/** All points over one common weight. */
export function overCommonWeight(points: readonly ExactPoint[]): ExactPoint[] {
  const one = exact(1);
  const others = points.map((_, i) =>
    points.reduce((product, { weight }, k) => (k === i ? product : multiply(product, weight)), one),
  );
  return points.map(({ weight, coordinates }, i) => ({
    weight: multiply(weight, others[i]),
    coordinates: coordinates.map(x => multiply(x, others[i])),
  }));
}

/** The sum of the points' coordinates. */
export function coordinateSum(points: readonly ExactPoint[]): Dyadic[] {
  return points[0].coordinates.map((_, k) =>
    points.map(({ coordinates }) => coordinates[k]).reduce(add, zero),
  );
}
