import { PoliceError, type Region, type RegionOptions, regionFromJSON } from '@police/core';
import { loadLinearPrograms } from '@police/core/highs';
import { parseJson, readText } from './files.js';
import type { Terminal } from './terminal.js';
import { readVnnlib } from './vnnlib.js';

/**
 * The regions of files: JSON (one region, an array of them, or `{ "regions": […] }`; see core's region.schema.json) or the
 * input constraints of a VNN-LIB property.
 */
export async function readRegions(paths: readonly string[], terminal: Terminal): Promise<Region[]> {
  const regions: Region[] = [];
  for (const path of paths) {
    const text = await readText(path, terminal);
    regions.push(...(isVnnlib(path, text) ? readVnnlib(text, path) : await readRegionJson(text, path)));
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

function isVnnlib(path: string, text: string): boolean {
  return path.endsWith('.vnnlib') || /^\s*[;(]/.test(text);
}

async function readRegionJson(text: string, path: string): Promise<Region[]> {
  // Only inequalities may need linear programs, and their solver is three megabytes.
  const options = text.includes('"hPolytope"') ? { programs: await loadLinearPrograms() } : {};
  return regionsOf(parseJson(text, path), path, options);
}

function regionsOf(json: unknown, path: string, options: RegionOptions): Region[] {
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
  const listed = isObject && Object.hasOwn(json, 'regions') ? (json as { regions: unknown }).regions : json;
  const list = Array.isArray(listed) ? listed : [listed];
  return list.map((entry, i) => {
    try {
      return regionFromJSON(entry, options);
    } catch (error) {
      if (!(error instanceof PoliceError)) throw error;
      const { code, where, expected, actual, remedy } = error;
      const place = list.length > 1 ? `${path} region ${i} ${where}` : `${path} ${where}`;
      throw new PoliceError({ code, where: place, expected, actual, remedy, cause: error });
    }
  });
}
