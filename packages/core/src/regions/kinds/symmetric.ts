import { assertFinite, assertSize, PoliceError } from '../../errors.js';
import { largestEntry, type Matrix, matrix, matrixFromRows, rowRange } from '../../numeric/matrix.js';
import { containmentTolerance, UNIT_ROUNDOFF } from '../../numeric/precision.js';
import type { Axis, Directions } from '../directions.js';
import type { RegionJSON } from '../json-type.js';
import { type Body, type Region, regionOf } from '../region.js';
import { symmetricReader } from '../symmetric-reader.js';
import { cube, disc, octahedron, type UnitBall } from '../unit-balls.js';

/**
 * The box {x : lower ≤ x ≤ upper} in any dimension; a coordinate with lower = upper is fixed.
 *
 * `sample` is uniform. Throws `empty-region` where lower > upper, `unbounded-region` for an infinite bound,
 * `shape` or `not-finite`.
 *
 * @example
 * box([-1, -1], [1, 1])
 */
export function box(lower: ArrayLike<number>, upper: ArrayLike<number>): Region {
  assertSize(upper.length, lower.length, 'box', 'upper');
  for (let i = 0; i < lower.length; i++) {
    if (Math.abs(lower[i]) === Infinity || Math.abs(upper[i]) === Infinity) {
      throw new PoliceError({
        code: 'unbounded-region',
        where: `box coordinate ${i}`,
        expected: 'finite bounds',
        actual: `[${lower[i]}, ${upper[i]}]`,
        remedy:
          'Only a function that is constant along a ray stays affine with bounded shifts; give finite bounds.',
      });
    }
    if (lower[i] > upper[i]) {
      throw new PoliceError({
        code: 'empty-region',
        where: `box coordinate ${i}`,
        expected: 'lower ≤ upper',
        actual: `[${lower[i]}, ${upper[i]}]`,
        remedy: 'Swap the bounds.',
      });
    }
  }
  const centre = Float64Array.from(lower, (lo, i) => lo + (upper[i] - lo) / 2);
  const radii = centre.map((c, i) => Math.max(upper[i] - c, c - lower[i]));
  // Centre and radius are rounded: three operations on numbers no larger than the bounds.
  const slack = radii.map((r, i) =>
    r === 0 ? 0 : 4 * UNIT_ROUNDOFF * Math.max(Math.abs(lower[i]), Math.abs(upper[i])),
  );
  const json: RegionJSON = { kind: 'box', lower: Array.from(lower), upper: Array.from(upper) };
  return symmetricRegion(json, centre, radii, cube, slack);
}

/**
 * The box {x : |xᵢ − centreᵢ| ≤ radiusᵢ}; `radius` is one number or one per coordinate, zeros allowed. See {@link box}.
 *
 * @example
 * boxAround([0.5, 0.5], 0.1)
 */
export function boxAround(centre: ArrayLike<number>, radius: number | ArrayLike<number>): Region {
  const radii =
    typeof radius === 'number' ? new Float64Array(centre.length).fill(radius) : Float64Array.from(radius);
  const json: RegionJSON = { kind: 'box', centre: Array.from(centre), radii: Array.from(radii) };
  return symmetricRegion(json, Float64Array.from(centre), radii, cube);
}

/**
 * The Euclidean ball {x : ‖x − centre‖₂ ≤ radius}. `sample` is uniform. Throws `empty-region` for a negative radius.
 *
 * @example
 * ball([0, 0], 1)
 */
export function ball(centre: ArrayLike<number>, radius: number): Region {
  const json: RegionJSON = { kind: 'ball', centre: Array.from(centre), radius };
  return symmetricRegion(json, Float64Array.from(centre), new Float64Array(centre.length).fill(radius), disc);
}

/** The cross-polytope {x : Σ|xᵢ − centreᵢ| ≤ radius}, the l1 ball. `sample` is uniform. Errors as {@link ball}. */
export function crossPolytope(centre: ArrayLike<number>, radius: number): Region {
  const json: RegionJSON = { kind: 'crossPolytope', centre: Array.from(centre), radius };
  const radii = new Float64Array(centre.length).fill(radius);
  return symmetricRegion(json, Float64Array.from(centre), radii, octahedron);
}

/** centre + {Σ λᵢ radiusᵢ eᵢ : ‖λ‖ ≤ 1}; coordinates of radius 0 have no direction. */
function symmetricRegion(
  json: RegionJSON,
  centre: Float64Array,
  radii: Float64Array,
  unit: UnitBall,
  slack: Float64Array = new Float64Array(centre.length),
): Region {
  checkParts(json.kind, centre, radii);
  const axes = Array.from(radii, (factor, coordinate) => ({ coordinate, factor })).filter(
    ({ factor }) => factor > 0,
  );
  const frame = matrix(axes.length + 1, centre.length);
  frame.data.set(centre);
  axes.forEach(({ coordinate, factor }, row) => {
    frame.data[(row + 1) * centre.length + coordinate] = factor;
  });
  return symmetricOn(json, frame, unit, slack, axes);
}

/** centre + {Σ λᵢ directionᵢ : ‖λ‖ ≤ 1} with directions `[d, D]`, linearly dependent or not. */
export function symmetricAlong(
  json: RegionJSON,
  centre: Float64Array,
  directions: Matrix,
  unit: UnitBall,
  slack: Float64Array = new Float64Array(centre.length),
): Region {
  const frame = matrix(directions.rows + 1, centre.length);
  frame.data.set(centre);
  frame.data.set(directions.data, centre.length);
  return symmetricOn(json, frame, unit, slack);
}

function symmetricOn(
  json: RegionJSON,
  frame: Matrix,
  unit: UnitBall,
  slack: Float64Array,
  axes?: readonly Axis[],
): Region {
  const body = symmetricBody(unit, frame.rows - 1);
  return regionOf({ kind: json.kind, frame, slack, body, json: () => json, ...(axes ? { axes } : {}) });
}

/** The directions given as rows, those of zeros left out. */
export function checkedDirections(
  where: string,
  centre: Float64Array,
  rows: readonly ArrayLike<number>[],
): Matrix {
  checkCentre(where, centre);
  rows.forEach((row, i) => {
    assertSize(row.length, centre.length, `${where} row ${i}`, 'a direction');
    assertFinite(row, `${where} row ${i}`);
  });
  return matrixFromRows(
    rows.filter(row => largestEntry(row) > 0),
    centre.length,
  );
}

/** {λ : ‖λ‖ ≤ 1} in d dimensions. */
export function symmetricBody(unit: UnitBall, d: number): Body & Pick<Region, 'range'> {
  const directional = (h: Matrix) => rowRange(h, 1, h.rows);
  return {
    ...symmetricReader(d, unit.dualInto),
    unitBall: unit,
    terms: d,
    extremeInto: (h, column, side, into) => {
      into[0] = 1;
      unit.maximiserInto(h, column, side, into);
    },
    addExtremes: ({ data, cols }, h, side, factor) => {
      for (let j = 0; j < cols; j++) if (side[j] !== 0) data[j] += factor[j];
      const signed = Float64Array.from(side, (s, j) => (s === 0 ? 0 : s * factor[j]));
      unit.addMaximiser(data.subarray(cols), directional(h), signed);
    },
    sample: rng => unit.sample(rng, d),
    reaches: (directions, y) => {
      if (directions.axes) return reachesAlongAxes(unit, directions.axes, y);
      const length = Math.sqrt(y.length);
      const solver = directions.solver(length);
      if (!solver) return unit.reachesAlongDependent(directions, y, length);
      const { lambda, offSpan } = solver.solve(y);
      if (offSpan > length) return false;
      const excess = lambda.map((x, i) => Math.max(0, Math.abs(x) - length * solver.growth[i]));
      return unit.norm(excess) <= 1 + containmentTolerance(d, 1);
    },
  };
}

/** What of y exceeds 1, coordinate by coordinate, must fit in the unit ball. */
function reachesAlongAxes(unit: UnitBall, axes: NonNullable<Directions['axes']>, y: Float64Array): boolean {
  const excess = y.map(x => Math.max(0, Math.abs(x) - 1));
  const lambda = Float64Array.from(axes, ({ coordinate, factor }) => {
    if (factor === 0) return 0;
    const length = excess[coordinate];
    excess[coordinate] = 0;
    return length / Math.abs(factor);
  });
  return largestEntry(excess) === 0 && unit.norm(lambda) <= 1 + containmentTolerance(y.length, 1);
}

function checkCentre(kind: string, centre: Float64Array): void {
  if (centre.length === 0) {
    throw new PoliceError({
      code: 'empty-region',
      where: kind,
      expected: 'at least one coordinate',
      actual: 'none',
    });
  }
  assertFinite(centre, `${kind} centre`);
}

function checkParts(kind: string, centre: Float64Array, radii: Float64Array): void {
  if (centre.length > 0) assertSize(radii.length, centre.length, kind, 'radii');
  checkCentre(kind, centre);
  for (const r of radii) {
    if (r >= 0 && r < Infinity) continue;
    throw new PoliceError({
      code: r < 0 ? 'empty-region' : r === Infinity ? 'unbounded-region' : 'not-finite',
      where: kind,
      expected: 'a finite radius ≥ 0',
      actual: `${r}`,
    });
  }
}
