import { ball, box, type Region, vPolytope } from '@police/core';

/** The triangle of the paper's Fig. 2. */
export const triangleVertices: readonly (readonly [number, number])[] = [
  [-Math.SQRT2, -Math.SQRT2],
  [0, 2],
  [Math.SQRT2, -Math.SQRT2],
];

export type PaperRegionName = 'triangle' | 'polygon' | 'circle';

/** The regions of the paper's Fig. 2. The circle is one of 50 points, as in the paper. */
export const paperRegions: Readonly<Record<PaperRegionName, Region>> = {
  triangle: vPolytope(triangleVertices),
  polygon: vPolytope([
    [-1.5, 1],
    [-0.5, 2],
    [0.5, 2],
    [1.5, 1],
    [1.5, -0.5],
    [0.5, -1.5],
    [-0.5, -1.5],
    [-1.5, -0.5],
  ]),
  circle: vPolytope(circlePoints(25)),
};

/** The square of the paper's Fig. 1. */
export const square: Region = box([0, 0], [1.5, 1.5]);

/** The disc that the paper's circle approximates. */
export const disc: Region = ball([0, 0], 2);

/** Disjoint regions, to be affine on all at once. */
export const separateRegions: Readonly<Record<'two' | 'three', readonly Region[]>> = {
  two: [
    ball([-1.9, 0], 1.5),
    vPolytope([
      [0.6, -1.4],
      [3.4, -1.4],
      [2, 1.6],
    ]),
  ],
  three: [
    ball([-2.1, 1.7], 1.3),
    box([0.7, 0.5], [3.3, 2.9]),
    vPolytope([
      [-1.8, -3.2],
      [1.8, -3.2],
      [0, -0.6],
    ]),
  ],
};

/** `count` points on either half of the circle of radius 2, both ends of a half included. */
function circlePoints(count: number): number[][] {
  const upper = Array.from({ length: count }, (_, i) => {
    const angle = Math.PI * (1 - i / (count - 1));
    return [2 * Math.cos(angle), 2 * Math.sin(angle)];
  });
  return [...upper, ...upper.map(([x, y]) => [x, -y]).reverse()];
}
