import { ball, box, type Region, regularPolygon, simplex } from '@police/core';
import { type BenchCase, inputSizeOf } from './case.js';

/** Centre of boxes and balls, in every coordinate: away from 0, as an image is. */
const CENTRE = 0.25;

/** Beyond this many, vertices are not listed for the plain method. */
const MOST_VERTICES = 10_000;

/** The region as core has it: a frame, whatever the number of vertices. */
export function regionOf({ model, region }: BenchCase): Region {
  const size = inputSizeOf(model);
  switch (region.kind) {
    case 'simplex':
      return simplex(simplexVertices(size));
    case 'polygon':
      return regularPolygon(region.vertices);
    case 'box':
      return box(all(size, CENTRE - region.radius), all(size, CENTRE + region.radius));
    case 'ball':
      return ball(all(size, CENTRE), region.radius);
  }
}

/** The vertices as Algorithm 1 needs them, or why they cannot be listed. */
export function verticesOf({ model, region }: BenchCase): readonly Float64Array[] | string {
  const size = inputSizeOf(model);
  const count = vertexCount(size, region);
  if (region.kind === 'ball') return 'a ball has no vertices to list';
  if (count > MOST_VERTICES) return `2^${size} vertices are too many to list`;
  switch (region.kind) {
    case 'simplex':
      return simplexVertices(size);
    case 'polygon':
      return polygonVertices(count);
    default:
      return Array.from({ length: count }, (_, p) =>
        Float64Array.from({ length: size }, (_, k) => CENTRE + ((p >> k) & 1 ? 1 : -1) * region.radius),
      );
  }
}

export function vertexCount(size: number, region: BenchCase['region']): number {
  switch (region.kind) {
    case 'simplex':
      return size + 1;
    case 'polygon':
      return region.vertices;
    case 'box':
      return 2 ** size;
    case 'ball':
      return Number.POSITIVE_INFINITY;
  }
}

/** Of a regular one, of circumradius 1. */
export const polygonVertices = (count: number): Float64Array[] =>
  Array.from({ length: count }, (_, p) => {
    const angle = (2 * Math.PI * p) / count;
    return Float64Array.of(Math.cos(angle), Math.sin(angle));
  });

function simplexVertices(size: number): Float64Array[] {
  return Array.from({ length: size + 1 }, (_, p) => {
    const vertex = new Float64Array(size);
    if (p > 0) vertex[p - 1] = 1 / Math.sqrt(size);
    return vertex;
  });
}

const all = (size: number, value: number): Float64Array => new Float64Array(size).fill(value);
