import { PoliceError } from '@police/core';

/** Bytes of a region's own objects, and of what is kept of it until the end. */
const EACH = 16384;

/** A frame and the directions that it is made of, as float64. */
const PER_ENTRY = 16;

/** Bytes of a region in `size` coordinates with `directions` directions. */
export function frameBytesOf(size: number, directions: number): number {
  return EACH + PER_ENTRY * size * (directions + 1);
}

/** Regions inside regions that are looked into; more are refused by the reader. */
const DEEPEST = 256;

/**
 * Bytes that the region of a JSON value takes, known from the lengths of its fields before it is built. What is no region
 * has some size too: the reader says what is wrong with it.
 */
export function regionBytes(json: unknown): number {
  const levels = levelsOf(json);
  const innermost = levels.at(-1);
  if (!innermost) return EACH;
  const directions = directionsOf(innermost);
  return levels.reduce((sum, level) => sum + frameBytesOf(sizeOf(level, innermost), directions), 0);
}

/** Throws `shape` for a region that the lengths of its fields show to be of another size, before it is built. */
export function assertRegionSize(json: unknown, size: number): void {
  // What is scaled has the size of what it scales.
  const found = levelsOf(json)
    .map(ownSizeOf)
    .find(own => own > 0);
  if (found === undefined || found === size) return;
  throw new PoliceError({
    code: 'shape',
    where: 'region',
    expected: `a region of size ${size}, the model's inputs`,
    actual: `${found}`,
  });
}

/** The region, and those inside it. */
function levelsOf(json: unknown): Record<string, unknown>[] {
  const levels: Record<string, unknown>[] = [];
  for (let at = json; isObject(at) && levels.length <= DEEPEST; at = at.region) levels.push(at);
  return levels;
}

function sizeOf(level: Record<string, unknown>, innermost: Record<string, unknown>): number {
  const size = ownSizeOf(level);
  return size > 0 ? size : ownSizeOf(innermost);
}

/** The length of the fields that have an entry for each coordinate; 0 without one. */
function ownSizeOf(level: Record<string, unknown>): number {
  const own = ['offset', 'origin', 'lower', 'centre'].map(name => lengthOf(level[name]));
  const rows = ['vertices', 'A'].map(name => lengthOf(firstOf(level[name])));
  return Math.max(...own, ...rows);
}

/** Directions of a frame: those of a box with a width, generators, all coordinates. */
function directionsOf({
  lower,
  upper,
  radii,
  generators,
  axes,
  vertices,
  ...rest
}: Record<string, unknown>): number {
  if (Array.isArray(lower) && Array.isArray(upper)) return lower.filter((lo, i) => lo !== upper[i]).length;
  if (Array.isArray(radii)) return radii.filter(radius => radius !== 0).length;
  if (Array.isArray(generators)) return generators.length;
  if (Array.isArray(axes)) return axes.length;
  if (Array.isArray(vertices)) return Math.min(vertices.length, lengthOf(vertices[0]));
  return Math.max(lengthOf(rest.centre), lengthOf(firstOf(rest.A)));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const firstOf = (value: unknown): unknown => (Array.isArray(value) ? value[0] : undefined);

const lengthOf = (value: unknown): number => (Array.isArray(value) ? value.length : 0);
