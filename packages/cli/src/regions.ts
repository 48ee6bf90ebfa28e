import { PoliceError, type Region, type RegionOptions, regionFromJSON } from '@police/core';
import { loadLinearPrograms } from '@police/core/highs';
import { readText } from './files.js';
import { parseJson } from './json.js';
import type { Memory } from './memory.js';
import { assertSolvable, sizesOfRows } from './polytope-work.js';
import { assertRegionSize, regionBytes } from './region-bytes.js';
import type { Terminal } from './terminal.js';
import { readVnnlib } from './vnnlib.js';

/** What regions must fit. */
export interface RegionLimits {
  /** Inputs of the model. */
  readonly size: number;
  readonly memory: Memory;
}

/**
 * The regions of files: JSON (one region, an array of them, or `{ "regions": […] }`; see core's region.schema.json) or the
 * input constraints of a VNN-LIB property. Sizes are compared with the model's and with the memory before anything is built.
 */
export async function readRegions(
  paths: readonly string[],
  limits: RegionLimits,
  terminal: Terminal,
): Promise<Region[]> {
  const regions: Region[] = [];
  for (const path of paths) {
    const text = await readText(path, terminal, limits.memory);
    const options = text.includes('hPolytope') || isVnnlib(path, text) ? await programs() : {};
    const read = isVnnlib(path, text) ? readVnnlib : readRegionJson;
    for (const region of read(text, path, { ...options, ...limits })) regions.push(region);
  }
  if (regions.length > 0) return regions;
  throw new PoliceError({
    code: 'invalid-option',
    where: '--region',
    expected: 'at least one region',
    actual: 'none',
    remedy: 'Pass --region box.json, or a .vnnlib property.',
  });
}

/** Only inequalities may need linear programs, and their solver is three megabytes. */
async function programs(): Promise<RegionOptions> {
  return { programs: await loadLinearPrograms() };
}

function isVnnlib(path: string, text: string): boolean {
  return path.endsWith('.vnnlib') || /^\s*[;(]/.test(text.slice(0, 1000));
}

function readRegionJson(
  text: string,
  path: string,
  { memory, size, ...options }: RegionOptions & RegionLimits,
): Region[] {
  const json = parseJson(text, path);
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
  const listed = isObject && Object.hasOwn(json, 'regions') ? (json as { regions: unknown }).regions : json;
  const list = Array.isArray(listed) ? listed : [listed];
  const placeOf = (i: number) => (list.length > 1 ? `${path} region ${i}` : path);
  const each = <T>(step: (entry: unknown) => T) =>
    list.map((entry, i) => naming(placeOf(i), () => step(entry)));
  // All together must fit before the first is built.
  each(entry => {
    assertRegionSize(entry, size);
    memory.claimRegion(regionBytes(entry), 'region');
    assertPolytopesSolvable(entry);
  });
  return each(entry => regionFromJSON(entry, options));
}

/** Adds the place to an error about a region. */
function naming<T>(place: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof PoliceError)) throw error;
    const { code, where, expected, actual, remedy } = error;
    throw new PoliceError({ code, where: `${place} ${where}`, expected, actual, remedy, cause: error });
  }
}

/** Regions in one another are searched as deep as they are read. */
function assertPolytopesSolvable(json: unknown): void {
  for (
    let at = json as { A?: unknown; region?: unknown } | null | undefined;
    typeof at === 'object' && at !== null;
  ) {
    if (Array.isArray(at.A)) assertSolvable(sizesOfRows(at.A), 'region');
    at = at.region as typeof at;
  }
}
