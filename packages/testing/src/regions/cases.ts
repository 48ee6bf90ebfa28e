import {
  ball,
  box,
  boxAround,
  circle,
  convexHull,
  crossPolytope,
  ellipsoid,
  ellipsoidOfShape,
  hPolytope,
  imageUnder,
  inSubspace,
  type Region,
  type Rng,
  regularPolygon,
  scaled,
  simplex,
  vPolytope,
  zonotope,
} from '@police/core';
import { randomArray } from '../helpers.js';
import type { RegionCase } from './oracles.js';

const rows = (rng: Rng, count: number, size: number, scale = 1) =>
  Array.from({ length: count }, () => randomArray(rng, size, scale));

/** Rows in the span of `dimension` random ones. */
function dependentRows(rng: Rng, count: number, size: number, dimension: number, scale: number): number[][] {
  const basis = rows(rng, dimension, size);
  return rows(rng, count, dimension, scale).map(t =>
    basis[0].map((_, k) => t.reduce((sum, x, i) => sum + x * basis[i][k], 0)),
  );
}

/** M Mᵀ + I/2 times scale², symmetric to the last bit. */
export function randomShape(rng: Rng, size: number, scale: number): number[][] {
  const factor = rows(rng, size, size);
  const shape = factor.map((row, i) =>
    factor.map((other, j) => row.reduce((sum, x, k) => sum + x * other[k], i === j ? 1 / 2 : 0)),
  );
  return shape.map((row, i) => row.map((_, j) => scale ** 2 * (i < j ? shape[i][j] : shape[j][i])));
}

/** A box about a random point, cut by random half-spaces that leave the point in. */
export function randomHPolytope(
  rng: Rng,
  size: number,
  cuts: number,
  scale = 1,
): { A: number[][]; b: number[] } {
  const at = randomArray(rng, size, scale);
  const axes = at.flatMap((_, i) => [1, -1].map(sign => at.map((_, k) => (k === i ? sign : 0))));
  const A = [...axes, ...rows(rng, cuts, size)];
  return {
    A,
    b: A.map(row => row.reduce((sum, a, k) => sum + a * at[k], (0.2 + rng()) * scale)),
  };
}

/** As {@link randomHPolytope}, within a random hyperplane. */
export function flatHPolytope(
  rng: Rng,
  size: number,
  cuts: number,
  scale = 1,
): { A: number[][]; b: number[] } {
  const { A, b } = randomHPolytope(rng, size, cuts, scale);
  const normal = randomArray(rng, size);
  // Through a point inside, to rounding: either way the plane meets the polytope.
  const inside = A.slice(0, 2 * size).reduce<number[]>((point, _, i) => {
    if (i % 2 === 0) point.push((b[i] - b[i + 1]) / 2);
    return point;
  }, []);
  const level = normal.reduce((sum, a, k) => sum + a * inside[k], 0);
  const isCutOff = A.some((row, i) => row.reduce((sum, a, k) => sum + a * inside[k], -b[i]) >= 0);
  if (isCutOff) return flatHPolytope(rng, size, cuts, scale);
  return { A: [...A, normal, normal.map(x => -x)], b: [...b, level, -level] };
}

/** Constructors of every new kind at a given scale, four coordinates where nothing else is said. */
export const moreRegions = {
  ellipsoid: (rng, s) => ellipsoid(randomArray(rng, 4, s), rows(rng, 4, 4, s)),
  'flat ellipsoid': (rng, s) => ellipsoid(randomArray(rng, 4, s), rows(rng, 2, 4, s)),
  'ellipsoid of dependent axes': (rng, s) => ellipsoid(randomArray(rng, 4, s), rows(rng, 7, 4, s)),
  'flat ellipsoid of dependent axes': (rng, s) =>
    ellipsoid(randomArray(rng, 4, s), dependentRows(rng, 4, 4, 2, s)),
  'ellipsoid of a shape': (rng, s) => ellipsoidOfShape(randomArray(rng, 4, s), randomShape(rng, 4, s)),
  parallelotope: (rng, s) => zonotope(randomArray(rng, 4, s), rows(rng, 3, 4, s)),
  zonotope: (rng, s) => zonotope(randomArray(rng, 4, s), rows(rng, 7, 4, s)),
  'flat zonotope': (rng, s) =>
    zonotope(randomArray(rng, 4, s), [...dependentRows(rng, 4, 4, 2, s), [0, 0, 0, 0]]),
  hPolytope: (rng, s) => {
    const { A, b } = randomHPolytope(rng, 3, 4, s);
    return hPolytope(A, b);
  },
  'flat hPolytope': (rng, s) => {
    const { A, b } = flatHPolytope(rng, 3, 3, s);
    return hPolytope(A, b);
  },
  'normalised box': (rng, s) =>
    imageUnder(boxAround(randomArray(rng, 4, s), s * rng()), randomArray(rng, 4), randomArray(rng, 4, s)),
  'image of a simplex': (rng, s) =>
    imageUnder(simplex(rows(rng, 5, 4, s)), rows(rng, 4, 4), randomArray(rng, 4, s)),
  'image of a polytope in fewer dimensions': (rng, s) =>
    imageUnder(vPolytope(rows(rng, 9, 5, s)), rows(rng, 3, 5), randomArray(rng, 3, s)),
  'image of a box in fewer dimensions': (rng, s) =>
    imageUnder(boxAround(randomArray(rng, 5, s), s), rows(rng, 3, 5), randomArray(rng, 3, s)),
  'image of a ball in fewer dimensions': (rng, s) =>
    imageUnder(ball(randomArray(rng, 5, s), s), rows(rng, 3, 5)),
  'image of a cross-polytope of low rank': (rng, s) =>
    imageUnder(
      crossPolytope(randomArray(rng, 3, s), s),
      dependentRows(rng, 4, 3, 2, 1),
      randomArray(rng, 4, s),
    ),
  'ball in a plane': (rng, s) =>
    inSubspace(ball(randomArray(rng, 2, s), s), randomArray(rng, 4, s), rows(rng, 2, 4)),
  'hPolytope in a solid': (rng, s) => {
    const { A, b } = randomHPolytope(rng, 3, 2, s);
    return inSubspace(hPolytope(A, b), randomArray(rng, 4, s), rows(rng, 3, 4));
  },
  'scaled polytope': (rng, s) => scaled(vPolytope(rows(rng, 7, 4, s)), rng()),
  'scaled box': (rng, s) => scaled(boxAround(randomArray(rng, 4, s), s), 2 * rng()),
  'scaled zonotope': (rng, s) => scaled(zonotope(randomArray(rng, 4, s), rows(rng, 6, 4, s)), rng()),
  'polytope scaled to a point': (rng, s) => scaled(simplex(rows(rng, 4, 4, s)), 0),
  'ball scaled to a point': (rng, s) => scaled(ball(randomArray(rng, 4, s), s), 0),
  'scaled image of a subspace': (rng, s) =>
    scaled(
      imageUnder(
        inSubspace(box([-s, 0], [s, s]), randomArray(rng, 4, s), rows(rng, 2, 4)),
        rows(rng, 3, 4),
        randomArray(rng, 3, s),
      ),
      rng(),
    ),
  'hull of data': (rng, s) => {
    const corners = rows(rng, 6, 3, s);
    const middles = corners.map((x, i) => x.map((value, k) => (value + corners[(i + 1) % 6][k]) / 2));
    return convexHull([...middles, ...corners, ...corners]);
  },
  'hull of flat data': (rng, s) => convexHull(dependentRows(rng, 12, 4, 2, s)),
  'regular polygon': (rng, s) =>
    regularPolygon(3 + Math.floor(5 * rng()), randomArray(rng, 2, s), s * rng(), 7 * rng()),
  circle: (rng, s) => circle(20, randomArray(rng, 2, s), s),
} satisfies Record<string, (rng: Rng, scale: number) => Region>;

export type MoreRegion = keyof typeof moreRegions;
export const moreRegionNames = Object.keys(moreRegions) as MoreRegion[];

export const SCALES = [1e-9, 1, 1e9];

/** Each at every scale. */
export const moreRegionCases: readonly RegionCase[] = SCALES.flatMap(scale =>
  moreRegionNames.map(name => ({
    name: `${name} of size ${scale}`,
    make: (rng: Rng) => moreRegions[name](rng, scale),
  })),
);
