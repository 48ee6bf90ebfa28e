import { PoliceError, type Region, type RegionOptions, regionFromJSON } from '@police/core';
import { loadLinearPrograms } from '@police/core/highs';
import { readText } from './files.js';
import { parseJson } from './json.js';
import type { Memory } from './memory.js';
import { assertSolvable, sizesOfRows } from './polytope-work.js';
import { assertRegionSize, regionBytes } from './region-bytes.js';
import { clipped } from './regions/clip.js';
import { saidRegions } from './regions/said.js';
import type { RegionSource } from './regions/sources.js';
import type { Terminal } from './terminal.js';
import { readVnnlib } from './vnnlib.js';

/** What regions must fit. */
export interface RegionLimits {
  /** Inputs of the model; undefined where there is no model, and the first region must tell. */
  readonly size: number | undefined;
  readonly memory: Memory;
}

/**
 * The regions said: of files or inline, JSON (one region, an array of them, or `{ "regions": […] }`; see core's region.schema.json) or the
 * input constraints of a VNN-LIB property, or by options. Sizes are compared with the model's and with the memory before anything is built.
 */
export async function readRegions(
  sources: readonly RegionSource[],
  limits: RegionLimits,
  terminal: Terminal,
): Promise<Region[]> {
  const regions: Region[] = [];
  for (const source of sources) {
    const size = limits.size ?? regions[0]?.size;
    for (const region of await regionsOf(source, { ...limits, size }, terminal)) {
      regions.push(source.clip === undefined ? region : clipped(region, source.clip));
    }
  }
  return regions;
}

async function regionsOf(
  source: RegionSource,
  limits: RegionLimits,
  terminal: Terminal,
): Promise<readonly Region[]> {
  if (source.kind !== 'file' && source.kind !== 'inline') return saidRegions(source, limits, terminal);
  const isFile = source.kind === 'file';
  const path = isFile ? source.path : '--region';
  const text = isFile ? await readText(path, terminal, limits.memory) : source.json;
  const isProperty = isFile && isVnnlib(path, text);
  const { size, memory } = limits;
  const options = {
    ...(text.includes('hPolytope') || isProperty ? await programs() : {}),
    size,
    memory,
  };
  return (isProperty ? readVnnlib : readRegionJson)(text, path, options);
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
    if (size !== undefined) assertRegionSize(entry, size);
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
