import { assertSize, PoliceError } from '../../errors.js';
import type { Region } from '../region.js';
import { vPolytope } from './vertices.js';

/**
 * The regular n-gon in the plane, its corners on the circle of the given centre `[2]` and radius, the first one at angle
 * `rotation` (radians, from the first axis).
 *
 * Throws `invalid-option` unless n is a whole number ≥ 3, `empty-region` for a negative radius, `shape` or `not-finite`.
 */
export function regularPolygon(
  n: number,
  centre: ArrayLike<number> = [0, 0],
  radius = 1,
  rotation = 0,
): Region {
  assertSize(centre.length, 2, 'regularPolygon', 'a centre');
  if (!(Number.isInteger(n) && n >= 3)) {
    throw new PoliceError({
      code: 'invalid-option',
      where: 'regularPolygon',
      expected: 'a whole number of at least 3 corners',
      actual: `${n}`,
    });
  }
  if (radius < 0) {
    throw new PoliceError({
      code: 'empty-region',
      where: 'regularPolygon',
      expected: 'a finite radius ≥ 0',
      actual: `${radius}`,
    });
  }
  return vPolytope(
    Array.from({ length: n }, (_, i) => {
      const angle = rotation + (2 * Math.PI * i) / n;
      return [centre[0] + radius * Math.cos(angle), centre[1] + radius * Math.sin(angle)];
    }),
  );
}

/**
 * The polygon through n points of a circle, as the paper draws one; it lies inside the circle. The disc itself is
 * `ball(centre, radius)`, which costs less and is exact.
 */
export function circle(n: number, centre: ArrayLike<number> = [0, 0], radius = 1): Region {
  return regularPolygon(n, centre, radius);
}
