import { assertSize } from '../errors.js';
import { addToRows, type Block, type Matrix, matrix, multiply, rowOf, rowRange } from '../numeric/matrix.js';
import { containmentTolerance } from '../numeric/precision.js';
import type { Rng } from '../numeric/random.js';
import { type Axis, type Directions, diagonalOf, directionsOf, once, widthsAlong } from './directions.js';
import { measuredIn } from './hull/measured.js';
import type { RegionJSON } from './json-type.js';
import type { UnitBall } from './unit-balls.js';

/** Exact extremes of affine functionals over a region, one per column: `lo` and `hi` are `[units]`. */
export interface Range {
  readonly lo: Float64Array;
  readonly hi: Float64Array;
  /**
   * Of a simplex, whose vertices are the points of its frame: the vertices at which they are attained, as rows `[units]`
   * of the frame, 0 for the origin. Ties: the first vertex.
   */
  readonly rows?: { readonly lo: Int32Array; readonly hi: Int32Array };
}

/**
 * The convex set Λ of the frame coordinates λ `[d]` of a region, the same for all affine images of the region.
 *
 * The methods take *frame values* `h` `[d + 1, units]` of affine functionals, one per column: row 0 the value at the
 * frame's origin, row i the change along direction i. They cost no more than the frame: vertices are never listed
 * unless they define the region.
 *
 * Laws: the range is attained at the points that `extremeInto` writes; `reach` bounds |h₀| + Σ|λᵢ hᵢ| over Λ; `sample` lies in Λ.
 */
export interface Body {
  /** Whether the set is symmetric about its centre, which settles tied votes. */
  readonly symmetric: boolean;
  /** Frame coordinates λ `[d]` of the centre (the mean of the vertices). */
  readonly centre: Float64Array;
  /**
   * In place: writes the extremes of every column to `lo` and `hi` `[units]`, allocating nothing (but where linear programs
   * find them).
   */
  rangeInto(h: Matrix, lo: Float64Array, hi: Float64Array): void;
  /**
   * In place: writes the frame coordinates `[d + 1]` of a point attaining the minimum (`side` −1) or maximum (+1) of one column;
   * the first is 1. They are also the subgradient of that extreme in `h`. Ties: the first vertex.
   */
  extremeInto(h: Matrix, unit: number, side: number, into: Float64Array): void;
  /**
   * The extremes, where a kind knows more of them than {@link rangeInto} writes.
   * @defaultValue by `rangeInto`
   */
  range?(h: Matrix): Range;
  /**
   * See {@link Region.addExtremes}, where a kind has them cheaper for all columns at once.
   * @defaultValue by `extremeInto`, column by column
   */
  addExtremes?(into: Block, h: Matrix, side: ArrayLike<number>, factor: ArrayLike<number>): void;
  /** Whether the vertices are the points of the frame, and `range` tells their rows. */
  readonly isSimplex?: boolean;
  /** `[units]`. */
  reach(h: Matrix): Float64Array;
  /**
   * Share of vertices above `threshold` less the share below, `[units]` in [−1, 1]; the sign at the centre where the
   * vertices are not listed.
   */
  votes(h: Matrix, threshold: number): Float64Array;
  /** The most coordinates or vertices that a point is a combination of. */
  readonly terms: number;
  /** Frame coordinates `[P, d]` of points whose hull the set is, where it is known by them. */
  readonly points?: Matrix;
  /** The norm whose unit ball the set is, if it is one: then a range is h₀ ± its dual norm of the directional rows. */
  readonly unitBall?: UnitBall;
  /** A random λ `[d]`; each kind documents its distribution. */
  sample(rng: Rng): Float64Array;
  /**
   * Whether y `[D]` is Σ λᵢ directionᵢ for some λ of the set, up to 1 in every entry: coordinates come in units of what is
   * allowed in each.
   */
  reaches(directions: Directions, y: Float64Array): boolean;
}

/**
 * A bounded convex region R of ℝᴰ, known through its frame: a point and d directions that span R's affine hull.
 * Every x in R is `origin + Σ λᵢ directionᵢ` for a λ in the {@link Body} that the kind defines. The directions may be
 * linearly dependent: a zonotope has as many as generators.
 */
export interface Region extends Pick<Body, 'symmetric' | 'centre' | 'isSimplex' | 'reach' | 'votes'> {
  readonly kind: RegionJSON['kind'];
  /** D, the number of coordinates. */
  readonly size: number;
  /** `[d + 1, D]`: the origin, then the directions. */
  readonly frame: Matrix;
  /** Where the directions are multiples of different unit vectors, those (factor 0 for a direction of zeros). */
  readonly axes?: readonly Axis[];
  /** The factors `[D]` when the directions are `factorᵢ · eᵢ` for every coordinate, so that products with them are scalings. */
  readonly diagonal?: Float64Array;
  /** Bound `[D]` on how far a point of the region lies from its rounded frame coordinates. */
  readonly slack: Float64Array;
  /** The set of frame coordinates. */
  readonly body: Body;
  range(h: Matrix): Range;
  /**
   * Adds to each column of `into` `[d + 1, units]` a factor `[units]` times the frame coordinates of a point attaining the minimum
   * (`side` −1) or maximum (+1), see {@link Body.extremeInto}. A column of side 0 is left alone.
   */
  addExtremes(into: Block, h: Matrix, side: ArrayLike<number>, factor: ArrayLike<number>): void;
  /** Frame coordinates `[d + 1, units]` of points attaining the extremes: what `addExtremes` adds for a factor of 1. */
  extremes(h: Matrix, side: ArrayLike<number>): Matrix;
  /**
   * Whether x `[D]` lies in the region, up to `tolerance` in each coordinate, or up to `slack` and rounding where that is
   * more (default; see `containmentAllowance`): of a coordinate around 10¹² that is more than of one around 1.
   */
  contains(x: ArrayLike<number>, tolerance?: number): boolean;
  /** A random point `[D]`; each kind documents its distribution. */
  sample(rng: Rng): Float64Array;
  toJSON(): RegionJSON;
}

/** What sets a region apart; the rest follows from its body. */
export interface RegionParts {
  readonly frame: Matrix;
  readonly slack: Float64Array;
  readonly body: Body;
  readonly json: () => RegionJSON;
  readonly kind: RegionJSON['kind'];
  /** {@link Region.axes}, where they are known: then the frame is not read, which may be large. */
  readonly axes?: readonly Axis[];
}

/** The region {origin + Σ λᵢ directionᵢ : λ in the body}. */
export function regionOf({ kind, frame, slack, body, json, axes }: RegionParts): Region {
  const size = frame.cols;
  const directions = directionsOf(rowRange(frame, 1, frame.rows), axes);
  const diagonal = diagonalOf(directions);
  const origin = rowOf(frame, 0);
  const axial = directions.axes && body.unitBall ? widthsAlong(directions.axes, size) : undefined;
  // Of others but for rounding, which the allowance is far above.
  const widths = axial ?? body.reach(frame).map((reach, k) => reach - Math.abs(origin[k]));
  const reach = origin.map((x, k) => Math.abs(x) + widths[k]);
  const allowance = containmentAllowance(slack, reach, size + body.terms);
  const inAllowances = once(() => directionsOf(measuredIn(directions.matrix, allowance.map(unitOf))));
  const region: Region = {
    kind,
    size,
    frame,
    ...(directions.axes ? { axes: directions.axes } : {}),
    ...(diagonal ? { diagonal } : {}),
    slack,
    body,
    symmetric: body.symmetric,
    centre: body.centre,
    range: h =>
      axial && h === frame
        ? { lo: origin.map((x, k) => x - axial[k]), hi: origin.map((x, k) => x + axial[k]) }
        : (body.range?.(h) ?? rangeOf(body, h)),
    addExtremes: (into, h, side, factor) =>
      body.addExtremes ? body.addExtremes(into, h, side, factor) : addExtremesOf(body, into, h, side, factor),
    extremes: (h, side) => {
      const at = matrix(h.rows, h.cols);
      region.addExtremes(at, h, side, new Float64Array(h.cols).fill(1));
      return at;
    },
    ...(body.isSimplex ? { isSimplex: true } : {}),
    reach: h => (axial && h === frame ? reach.slice() : body.reach(h)),
    votes: (h, threshold) => body.votes(h, threshold),
    contains: (x, tolerance) => {
      assertSize(x.length, size, `${kind} contains`, 'a point');
      const allowed = tolerance === undefined ? allowance : allowance.map(a => Math.max(a, tolerance));
      const y = Float64Array.from(x, (value, k) => value - frame.data[k]);
      // Also what keeps numbers finite when measured in allowances.
      if (!y.every((value, k) => Math.abs(value) <= widths[k] + allowed[k])) return false;
      const measured = allowed.map(unitOf);
      return body.reaches(
        tolerance === undefined ? inAllowances() : directionsOf(measuredIn(directions.matrix, measured)),
        y.map((value, k) => value / measured[k]),
      );
    },
    sample: rng => {
      const lambda = body.sample(rng);
      return pointsAt(region, matrix(lambda.length + 1, 1, Float64Array.of(1, ...lambda))).data;
    },
    toJSON: json,
  };
  return region;
}

/** {@link Body.rangeInto} in arrays of its own. */
export function rangeOf(body: Pick<Body, 'rangeInto'>, h: Matrix): Range {
  const [lo, hi] = [new Float64Array(h.cols), new Float64Array(h.cols)];
  body.rangeInto(h, lo, hi);
  return { lo, hi };
}

function addExtremesOf(
  body: Body,
  { data, cols }: Block,
  h: Matrix,
  side: ArrayLike<number>,
  factor: ArrayLike<number>,
): void {
  const point = new Float64Array(h.rows);
  for (let j = 0; j < cols; j++) {
    if (side[j] === 0) continue;
    body.extremeInto(h, j, side[j], point);
    for (let i = 0; i < h.rows; i++) data[i * cols + j] += factor[j] * point[i];
  }
}

/**
 * How far, `[D]`, rounding may put a point of the region outside it, coordinate by coordinate: the region's `slack`, and as
 * many roundings as there are `terms` of numbers as large as the coordinate becomes (`reach`), of the point's and the frame's.
 */
export function containmentAllowance(slack: Float64Array, reach: Float64Array, terms: number): Float64Array {
  return slack.map((s, k) => s + containmentTolerance(terms, 2 * reach[k]));
}

/** A coordinate where nothing is allowed is 0 all over the region. */
const unitOf = (allowed: number) => allowed || 1;

/** The points `[n, D]` with frame coordinates `[d + 1, n]`, as `extremes` returns them. */
export function pointsAt(region: Region, coordinates: Matrix): Matrix {
  const { rows, cols, data } = coordinates;
  assertSize(rows, region.frame.rows, 'pointsAt', 'coordinates');
  const { diagonal, frame, size } = region;
  if (diagonal) {
    const points = matrix(cols, size);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < cols; j++) {
        points.data[j * size + i] = frame.data[i] + diagonal[i] * data[(i + 1) * cols + j];
      }
    }
    return points;
  }
  const transposed = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) transposed[j * rows + i] = data[i * cols + j];
  return multiply({ rows: cols, cols: rows, data: transposed }, frame);
}

/** Values `[units]` of the functionals at frame coordinates λ `[d]`. */
export function valuesAt(h: Matrix, coordinates: Float64Array): Float64Array {
  const directions = rowRange(h, 1, h.rows);
  const row = multiply({ rows: 1, cols: coordinates.length, data: coordinates }, directions);
  return addToRows(row, rowOf(h, 0)).data;
}

/** The centre of a region, `[D]`. */
export function centreOf({ frame, centre }: Pick<Region, 'frame' | 'centre'>): Float64Array {
  return valuesAt(frame, centre);
}

/** What reads frame values: extremes, bounds and votes over the set of frame coordinates. */
export type FrameReader = Pick<Region, 'symmetric' | 'centre' | 'range' | 'reach' | 'votes'>;
