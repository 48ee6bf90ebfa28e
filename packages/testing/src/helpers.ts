import {
  type Activation,
  type AffineMap,
  abs,
  ball,
  box,
  boxAround,
  type ChainLayer,
  chain,
  clip,
  crossPolytope,
  dense,
  hardSigmoid,
  hardTanh,
  leakyRelu,
  type Matrix,
  matrix,
  matrixFromRows,
  type Network,
  type Policy,
  pointsAt,
  prelu,
  type Region,
  type Rng,
  relu,
  relu6,
  simplex,
  vPolytope,
} from '@police/core';
import fc from 'fast-check';

export { expectAtMost, expectClose } from './expect-close.js';
export { seededRng } from './random.mjs';
export { roundingBound, roundingBoundOn } from './rounding-bound.js';

export function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length)
    throw new Error(`${actual.length} values against ${expected.length}`);
  let largest = 0;
  for (let i = 0; i < actual.length; i++) largest = Math.max(largest, Math.abs(actual[i] - expected[i]));
  return largest;
}

export function randomArray(rng: Rng, length: number, scale = 1): number[] {
  return Array.from({ length }, () => (2 * rng() - 1) * scale);
}

export const activationKinds = [
  'relu',
  'leakyRelu',
  'prelu',
  'abs',
  'relu6',
  'hardTanh',
  'clip',
  'hardSigmoid',
] as const;
export type ActivationKind = (typeof activationKinds)[number];

export function makeActivation(kind: ActivationKind, units: number, rng: Rng): Activation {
  switch (kind) {
    case 'relu':
      return relu();
    case 'leakyRelu':
      return leakyRelu(0.01);
    case 'prelu':
      return prelu(randomArray(rng, units, 0.5));
    case 'abs':
      return abs();
    case 'relu6':
      return relu6();
    case 'hardTanh':
      return hardTanh();
    case 'clip':
      return clip(-0.5, 2);
    case 'hardSigmoid':
      return hardSigmoid();
  }
}

/** A random network `widths[0] → … → widths.at(-1)` with the activation after every layer but the last. */
export function randomNetwork(rng: Rng, widths: readonly number[], kind: ActivationKind, scale = 1): Network {
  const layers: ChainLayer[] = [];
  for (let i = 1; i < widths.length; i++) {
    const reach = scale * Math.sqrt(3 / widths[i - 1]);
    const rows = Array.from({ length: widths[i] }, () => randomArray(rng, widths[i - 1], reach));
    layers.push(dense(rows, randomArray(rng, widths[i], scale)));
    if (i < widths.length - 1) layers.push(makeActivation(kind, widths[i], rng));
  }
  return chain(widths[0], layers);
}

export const regionKinds = [
  'simplex',
  'vPolytope',
  'flatPolytope',
  'box',
  'flatBox',
  'ball',
  'crossPolytope',
  'point',
] as const;
export type RegionKind = (typeof regionKinds)[number];

export function makeRegion(kind: RegionKind, size: number, rng: Rng, scale = 1): Region {
  const at = randomArray(rng, size, scale);
  const near = () => at.map(x => x + (2 * rng() - 1) * scale);
  const radius = scale * (0.1 + rng());
  switch (kind) {
    case 'simplex':
      return simplex(Array.from({ length: size + 1 }, near));
    case 'vPolytope': {
      const vertices = Array.from({ length: 2 * size + 3 }, near);
      return vPolytope([...vertices, vertices[0]]);
    }
    case 'flatPolytope': {
      const direction = randomArray(rng, size, scale);
      return vPolytope([-1, 0.3, 1].map(t => at.map((x, i) => x + t * direction[i])));
    }
    case 'box': {
      const corner = near();
      return box(
        at.map((x, i) => Math.min(x, corner[i])),
        at.map((x, i) => Math.max(x, corner[i])),
      );
    }
    case 'flatBox':
      return boxAround(
        at,
        at.map((_, i) => (i % 2 === 0 ? radius : 0)),
      );
    case 'ball':
      return ball(at, radius);
    case 'crossPolytope':
      return crossPolytope(at, radius);
    case 'point':
      return vPolytope([at, at]);
  }
}

/** Anything random in a test hangs on one seed, which fast-check prints when a case fails. */
export const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });

/** Cases of a generated test: as many, or, on request, `FC_SCALE` times as many. */
export const runs = (count: number): number => count * Number(globalThis.process?.env.FC_SCALE ?? 1);

/** One of the items, all equally likely. */
export function pick<T>(rng: Rng, items: readonly T[]): T {
  return items[Math.floor(rng() * items.length)];
}

/** Every policy there is; the functions answer for themselves whatever the votes say. */
export const policies: Readonly<Record<string, Policy>> = {
  minimal: 'minimal',
  majority: 'majority',
  sticky: 'sticky',
  'always above': () => 1,
  'always below': () => -1,
};

/** Several regions of random kinds and sizes. */
export function randomRegions(rng: Rng, size: number, count: number, scale = 1): Region[] {
  return Array.from({ length: count }, () => makeRegion(pick(rng, regionKinds), size, rng, scale));
}

/** `count` random points of the region and the extreme points of as many random directions, `[2 count, D]`. */
export function pointsOf(region: Region, count: number, rng: Rng): Matrix {
  const directions = matrixFromRows(
    Array.from({ length: region.frame.rows }, () => randomArray(rng, count)),
    count,
  );
  const corners = pointsAt(region, region.extremes(directions, new Int8Array(count).fill(1)));
  const samples = matrixFromRows(Array.from({ length: count }, () => region.sample(rng)));
  return matrix(2 * count, region.size, Float64Array.of(...samples.data, ...corners.data));
}

/** `A x + b` on every row. */
export function applyMap({ A, b }: AffineMap, x: Matrix): Float64Array {
  const y = new Float64Array(x.rows * A.rows);
  for (let i = 0; i < x.rows; i++) {
    for (let j = 0; j < A.rows; j++) {
      let value = b[j];
      for (let k = 0; k < A.cols; k++) value += A.data[j * A.cols + k] * x.data[i * A.cols + k];
      y[i * A.rows + j] = value;
    }
  }
  return y;
}

/** All of a network that may change, copied. */
export function snapshot({ nodes }: Network): unknown {
  return nodes.map(node => {
    if (node.kind === 'input') return { ...node };
    if (node.kind === 'affine') return { ...node, operator: node.operator.parameters.map(p => p.slice()) };
    return structuredClone(node);
  });
}

/** Random frame values of the regions, `[dᵣ + 1, units]` each, wide enough to meet both kinks of relu6. */
export function randomFrames(regions: readonly Region[], units: number, rng: Rng): Matrix[] {
  const WIDTH = 6;
  return regions.map(({ frame }) =>
    matrix(frame.rows, units, Float64Array.from(randomArray(rng, frame.rows * units, WIDTH))),
  );
}
