import {
  type Activation,
  abs,
  ball,
  box,
  boxAround,
  type ChainLayer,
  chain,
  crossPolytope,
  dense,
  hardTanh,
  leakyRelu,
  type Network,
  prelu,
  type Region,
  type Rng,
  relu,
  relu6,
  simplex,
  vPolytope,
} from '@police/core';
import fc from 'fast-check';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export function seededRng(seed: number): Rng {
  const generator = xoroshiro128plus(seed);
  return () => uniformFloat64(generator);
}

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

export const activationKinds = ['relu', 'leakyRelu', 'prelu', 'abs', 'relu6', 'hardTanh'] as const;
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
