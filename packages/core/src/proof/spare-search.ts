import type { Network } from '../network/network.js';
import type { Region } from '../regions/region.js';
import { type AffinePieces, piecesOn } from '../rule/pieces.js';
import { type Spared, UNREAD } from '../rule/spared.js';
import { canBeFlat, endsFlat, type Flats, flatAmong, flatsOn, sparedBy, stillFlat } from './lookahead.js';
import type { SparingAttempt } from './sparing.js';

/** Attempts until what is spared is proved of the network that comes of it; fewer units are spared each time. */
const MOST_ATTEMPTS = 8;

/**
 * What `enforce`, `freeze`, `police` and `refit` take as their option `lookahead`, so that a unit may bend where nothing it does reaches the
 * output: every path from it ends in a unit that sound bounds prove flat on the region. The network is then affine there, though not every
 * unit is. Each bound costs several times what enforcing does.
 *
 * Of the attempts the one that costs least: `whole`, without lookahead, or one sparing units whose bends are proved, of the network that
 * comes of it, not to reach the output. Which units are flat is taken from `whole`, and from bounds on the network as it is.
 *
 * @example
 * const { network, report } = enforce(net, regions, { lookahead });
 * report.freed; // how many units more would have been shifted without
 */
export function lookahead<T extends SparingAttempt>(
  net: Network,
  regions: readonly Region[],
  whole: T,
  attempt: (spared: readonly Spared[]) => T,
  memory?: number,
): T {
  if (whole.cost === 0 || !canBeFlat(net)) return whole;
  const seeds = [
    regions.map((_, r) => sparedBy(net, flatsOf(net, whole.pieces, r))),
    regions.map(region => sparedIn(net, region, memory)),
  ];
  return seeds.reduce<T>((best, seed) => {
    const found = settled(net, regions, seed, attempt, memory);
    return found && found.cost < best.cost ? found : best;
  }, whole);
}

type Spares = readonly (Spared | undefined)[];

/** The first attempt whose spared units are proved, fewer each time; undefined where none are left, or none is. */
function settled<T extends SparingAttempt>(
  net: Network,
  regions: readonly Region[],
  seed: Spares,
  attempt: (spared: readonly Spared[]) => T,
  memory?: number,
): T | undefined {
  let spares = seed;
  for (let i = 0; i < MOST_ATTEMPTS && spares.some(each => each); i++) {
    const found = attempt(spares.map(each => each ?? new Map()));
    const checked = spares.map((spared, r) => spared && checkedOn(found.network, regions[r], spared, memory));
    if (checked.every(each => !each || each.isProved)) return found;
    // Without the units that are not flat any more fewer may bend.
    spares = checked.map(each => each && sparedBy(net, each.flats));
  }
  return undefined;
}

/** Whether the units spared are flat, or bend in vain; and those that are flat. */
function checkedOn(
  net: Network,
  region: Region,
  spared: Spared,
  memory?: number,
): { isProved: boolean; flats: Flats } {
  const flats = stillFlat(spared, flatsOn(net, region, memory) ?? new Map());
  // What was spared for being flat and is not may bend as well.
  const bends = new Map(
    [...spared].map(([name, units]) => [
      name,
      units.map((spare, j) => (spare < 0 || flats.get(name)![j] === spare ? spare : UNREAD)),
    ]),
  );
  const isProved = endsFlat(net, bends);
  return { isProved, flats };
}

function sparedIn(net: Network, region: Region, memory?: number): Spared | undefined {
  const flats = flatsOn(net, region, memory);
  return flats && sparedBy(net, flats);
}

/** The flat pieces that units are on in a network whose every unit is affine on a region. */
function flatsOf({ nodes, sizes }: Network, pieces: AffinePieces, r: number): Flats {
  return new Map(
    nodes.flatMap(node => {
      const layer = node.kind === 'activation' ? pieces.layers.get(node.name) : undefined;
      if (node.kind !== 'activation' || !layer) return [];
      const { activation } = node;
      const on = piecesOn(r, activation, layer.shifts.sides, sizes.get(node.name)!);
      return [[node.name, flatAmong(activation, on, layer.shifts.shift)] as const];
    }),
  );
}
