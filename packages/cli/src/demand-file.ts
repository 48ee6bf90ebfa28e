import { type Demand, demandFromJSON, PoliceError } from '@police/core';
import { readJson } from './files.js';
import type { Memory } from './memory.js';
import type { Terminal } from './terminal.js';

/** One demand of a report or a certificate. */
export interface DemandReport {
  readonly region: number;
  readonly demand: Demand;
  /** Bound on how far its equations are missed. */
  readonly residual: number;
}

/** A demand for all regions, or an array of one each, null where nothing is demanded; see core's demand.schema.json. */
export async function readDemands(
  path: string | undefined,
  regions: number,
  terminal: Terminal,
  memory: Memory,
): Promise<readonly (Demand | undefined)[]> {
  if (path === undefined) return [];
  const json = await readJson(path, terminal, memory);
  if (!Array.isArray(json)) return new Array<Demand>(regions).fill(demandFromJSON(json));
  if (json.length === regions) return json.map(each => (each === null ? undefined : demandFromJSON(each)));
  throw new PoliceError({
    code: 'invalid-option',
    where: path,
    expected: `one demand, or an array of one for each of ${regions} regions`,
    actual: `an array of ${json.length}`,
    remedy: 'Write null for a region of which nothing is demanded.',
  });
}

/** What was proved of regions, of a certificate's. */
export function demandReports(
  regions: readonly { readonly demand?: Pick<DemandReport, 'demand' | 'residual'> }[],
): DemandReport[] {
  return regions.flatMap(({ demand }, region) => (demand ? [{ region, ...demand }] : []));
}

/** In words. */
export function demandLines(reports: readonly DemandReport[]): string[] {
  return reports.map(({ region, demand, residual }) => {
    const equations = residual === 0 ? 'exactly' : `equations to within ${residual.toExponential(2)}`;
    return `Region ${region}: proved ${namesOf(demand)}, ${equations}.`;
  });
}

function namesOf(demand: Demand): string {
  return demand.kind === 'all' ? demand.demands.map(namesOf).join(' and ') : demand.kind;
}
