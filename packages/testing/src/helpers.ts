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
  type NetworkNode,
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
import { inputsOf } from '@police/core/adapter';
import fc from 'fast-check';
import { expect } from 'vitest';

export { seededRng } from './random.mjs';

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

/** One of the items, all equally likely. */
/** Cases of a generated test: as many, or, on request, `FC_SCALE` times as many. */
export const runs = (count: number): number => count * Number(globalThis.process?.env.FC_SCALE ?? 1);

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

/**
 * How far float64 can put any value in the network wrong, and hence its shifts, on inputs of absolute value up to
 * `largest` `[inputSize]`: γₙ · magnitude (Higham, §3.1), where the magnitude is that of the network of absolute
 * weights, and n counts the roundings on a path: products and sums of each layer, and `extraTerms` for what is done
 * to its inputs. The factor covers the two sides of a comparison and the rounding of the frame, the shifts and the
 * maps, each of at most n roundings.
 */
export function roundingBound(net: Network, largest: ArrayLike<number>, extraTerms = 0): number {
  const COMPUTED_TIMES = 8;
  let terms = extraTerms + 8;
  let magnitude = 0;
  const sizes = new Map<string, Float64Array>();
  for (const node of net.nodes) {
    const before = inputsOf(node).map(name => sizes.get(name)!);
    const values = magnitudesAfter(node, before, largest);
    terms += node.kind === 'affine' ? node.operator.terms + 2 : before.length + 4;
    sizes.set(node.name, values);
    magnitude = values.reduce((most, x) => Math.max(most, x), magnitude);
  }
  return COMPUTED_TIMES * terms * Number.EPSILON * magnitude;
}

/** Magnitudes after one node, from those before it. */
function magnitudesAfter(
  node: NetworkNode,
  before: readonly Float64Array[],
  largest: ArrayLike<number>,
): Float64Array {
  const [first] = before;
  switch (node.kind) {
    case 'input':
      return Float64Array.from(largest);
    case 'affine': {
      const { operator } = node;
      const product = operator.magnitude({ rows: 1, cols: first.length, data: first }).data;
      return product.map((x, j) => x + Math.abs(operator.bias[j]));
    }
    case 'activation': {
      const { activation, shift } = node;
      const offset = Math.max(...activation.pieces.map(piece => Math.abs(piece.offset)));
      // No slope here exceeds 1, and a shift is no larger than what it moves and the kink it moves it to.
      return first.map((x, j) => 2 * x + Math.abs(shift?.[j] ?? 0) + offset);
    }
    case 'sum':
      return first.map((_, j) =>
        before.reduce((sum, block, i) => sum + Math.abs(node.coefficients?.[i] ?? 1) * block[j], 0),
      );
    case 'concat':
      return Float64Array.of(...before.flatMap(block => Array.from(block)));
    case 'max': {
      const { offsets, members } = node.windows;
      return Float64Array.from({ length: offsets.length - 1 }, (_, w) => {
        // A lift is no larger than the lead of one entry over another.
        const entries = members.subarray(offsets[w], offsets[w + 1]);
        return 3 * entries.reduce((most, i) => Math.max(most, first[i]), 0);
      });
    }
  }
}

/** {@link roundingBound} for inputs in the region, computed from its frame. */
export function roundingBoundOn(net: Network, region: Region): number {
  return roundingBound(net, region.reach(region.frame), 2 * region.frame.rows);
}

/** Fails unless all entries agree to the tolerance; says the largest error and where it is. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  expect(actual.length, `${what}: number of values`).toBe(expected.length);
  const errors = Array.from(actual, (x, i) => {
    const error = x === expected[i] ? 0 : Math.abs(x - expected[i]);
    return Number.isNaN(error) ? Infinity : error;
  });
  const worst = errors.reduce((at, error, i) => (error > errors[at] ? i : at), 0);
  if (errors.length === 0 || errors[worst] <= tolerance) return;
  expect.fail(
    `${what}: largest error ${errors[worst]} at ${worst} of ${errors.length} ` +
      `(${actual[worst]} against ${expected[worst]}), allowed ${tolerance}`,
  );
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

/** Fails unless every value is at most its bound, up to the tolerance; says the largest excess and where it is. */
export function expectAtMost(
  values: ArrayLike<number>,
  bounds: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  const excess = Array.from(values, (x, i) => (x <= bounds[i] ? 0 : x - bounds[i]));
  expectClose(excess, new Float64Array(bounds.length), tolerance, what);
}
