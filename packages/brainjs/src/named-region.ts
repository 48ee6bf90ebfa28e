import { box, imageUnder, PoliceError, type Region } from '@police/core';
import { assertSize } from '@police/core/adapter';

/**
 * A region whose coordinates have names, for networks that take objects: either a box, lower and upper bound by name,
 * or any region and the names of its coordinates. Every input of the network must be named once.
 *
 * @example
 * { age: [18, 30], income: [0, 1] }
 * { region: ball([0.5, 0.5], 0.1), names: ['income', 'age'] }
 */
export type NamedRegion =
  | { readonly region: Region; readonly names: readonly string[] }
  | { readonly [name: string]: readonly [lower: number, upper: number] };

export function isNamedRegion(value: unknown): value is NamedRegion {
  if (typeof value !== 'object' || value === null) return false;
  const { region, names } = value as { region?: Partial<Region>; names?: unknown };
  if (Array.isArray(names) && typeof region?.range === 'function') return true;
  const bounds = Object.values(value);
  return bounds.length > 0 && bounds.every(pair => Array.isArray(pair) && pair.length === 2);
}

/** Whether the region's coordinates are those of an input array. */
export function isPositional(region: Region | NamedRegion): region is Region {
  return 'frame' in region && !Array.isArray(region.frame);
}

/**
 * The region in the coordinates of the input array: brain.js puts the value of input `name` at `lookup[name]`.
 *
 * Throws `invalid-option` when the network takes arrays, or `shape` for a name it does not know or that is missing.
 */
export function inLookupOrder(
  region: Region | NamedRegion,
  lookup: Readonly<Record<string, number>> | null,
  where: string,
): Region {
  if (isPositional(region)) return region;
  const byNames = 'names' in region && Array.isArray(region.names) ? region : undefined;
  const names: readonly string[] = byNames ? (byNames.names as readonly string[]) : Object.keys(region);
  if (!lookup) {
    throw new PoliceError({
      code: 'invalid-option',
      where,
      expected: 'a network that takes objects, for a region by names',
      actual: 'one that takes arrays, or has not seen its data yet',
      remedy: 'Give the region in the coordinates of the array, or train on objects.',
    });
  }
  assertNames(names, Object.keys(lookup), where);
  if (byNames) {
    const inner = byNames.region as unknown as Region;
    assertSize(names.length, inner.size, where, 'names');
    const columns = names.map(name => lookup[name]);
    // Row `lookup[name]` of the permutation picks the named coordinate.
    const rows = names.map(() => new Float64Array(names.length));
    columns.forEach((row, coordinate) => {
      rows[row][coordinate] = 1;
    });
    return imageUnder(inner, rows);
  }
  const bounds = names.map((_, i) => {
    const name = names.find(candidate => lookup[candidate] === i)!;
    return (region as Readonly<Record<string, readonly [number, number]>>)[name];
  });
  return box(
    bounds.map(([lower]) => lower),
    bounds.map(([, upper]) => upper),
  );
}

function assertNames(names: readonly string[], inputs: readonly string[], where: string): void {
  const missing = inputs.find(name => !names.includes(name));
  const unknown = names.find((name, i) => !inputs.includes(name) || names.indexOf(name) < i);
  if (missing === undefined && unknown === undefined) return;
  throw new PoliceError({
    code: 'shape',
    where,
    expected: `every input named once: ${inputs.join(', ')}`,
    actual: names.join(', '),
    remedy: 'An input left out would be free; one that is fixed has equal bounds.',
  });
}
