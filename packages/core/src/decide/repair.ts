import { PoliceError } from '../errors.js';
import { forward } from '../network/forward.js';
import type { Network } from '../network/network.js';
import { type Matrix, multiplyTransposed } from '../numeric/matrix.js';
import { opaqueNetwork, type Patched, type PatchOptions, patchFunction } from '../patch/patch.js';
import { patchProbes, rowsOf } from '../patch/probes.js';
import type { Region } from '../regions/region.js';
import { type ConstrainedFit, ConstrainedFitter } from './constrained-fit.js';
import { type DecideOptions, decide, type QueryDecision } from './decide.js';
import type { LinearInequality, Query, QueryCase } from './query.js';

/** How the query is asked afterwards, and how the patch is made. */
export interface RepairOptions extends DecideOptions, Omit<PatchOptions, 'map'> {}

/** A network of which nothing satisfies a query any more. */
export interface Repaired {
  /** The network given where nothing had to be done. */
  readonly network: Network;
  /** Absent where nothing had to be done. */
  readonly patched?: Patched;
  /** The patches after an opaque node in place of the network: what is added to a file. Made when asked for. */
  readonly added?: Network;
  /** The cases that were patched, in the order of `patched.regions`. */
  readonly cases: readonly number[];
  /** By case: root of the mean square by which the map differs from the best fit without the query. */
  readonly costs: readonly number[];
  /** Of the network. */
  readonly decision: QueryDecision;
}

/** Margins tried, as shares of what an inequality's left side reaches: rounding and a runtime's error must fit in. */
const MARGINS = [2 ** -20, 2 ** -17, 2 ** -14, 2 ** -11, 2 ** -8];

/** Choices of inequalities that are all tried; where there are more, the cheapest of each conjunct, one after the other. */
const MOST_CHOICES = 128;

/**
 * Makes a query unsatisfiable by patches: on each region where it is not proved so already, the affine map nearest to the network (in the
 * mean square over points of the region) of which one inequality of each conjunct fails all over the region. Which ones is tried in order of cost,
 * all choices where they are few. The network stays as it is away from the regions; see `patch`.
 *
 * Throws `infeasible-target` where no affine map avoids the query, or none could be proved to, and what `patch` throws.
 *
 * @example
 * // Output 0 above 100 nowhere on the region.
 * const above = { outputs: [{ index: 0, coefficient: -1 }], bound: -100 };
 * repair(net, [{ region: regions[0], conjuncts: [[above]] }]).decision.answer; // 'unsat'
 */
export function repair(net: Network, query: Query, options: RepairOptions = {}): Repaired {
  const open = query.flatMap((each, i) => (decide(net, [each], options).answer === 'unsat' ? [] : [i]));
  if (open.length === 0) return { network: net, cases: [], costs: [], decision: decide(net, query, options) };
  const probes = patchProbes(
    open.map(i => query[i].region),
    options,
  );
  const values = forward(net, probes.points);
  const fitters = probes.regions.map(
    ({ region, inside }) =>
      new ConstrainedFitter(region, rowsOf(probes.points, inside), rowsOf(values, inside)),
  );
  const reaches = probes.regions.map(({ inside }) => reachOf(rowsOf(values, inside)));
  for (const share of MARGINS) {
    const fits = open.map((i, k) => cheapestFit(fitters[k], query[i], reaches[k], share));
    const maps = fits.map(({ map }) => map);
    const patched = patchFunction(net, probes, values, { ...options, map: maps });
    const decision = decide(patched.network, query, options);
    if (decision.answer !== 'unsat') continue;
    return {
      network: patched.network,
      patched,
      get added() {
        const alone = opaqueNetwork(net.inputSize, net.outputSize);
        return patchFunction(alone, probes, values, { ...options, map: maps }).network;
      },
      cases: open,
      costs: fits.map(({ cost }) => cost),
      decision,
    };
  }
  throw infeasible('a patch that is proved to avoid the query', 'none, whatever the margin');
}

/** Largest |value| of each output, `[out]`. */
function reachOf(values: Matrix): Float64Array {
  const reach = new Float64Array(values.cols);
  values.data.forEach((v, i) => {
    reach[i % values.cols] = Math.max(reach[i % values.cols], Math.abs(v));
  });
  return reach;
}

function cheapestFit(
  fitter: ConstrainedFitter,
  { region, conjuncts }: QueryCase,
  reach: Float64Array,
  share: number,
): ConstrainedFit {
  const inputReach = region.reach(region.frame);
  const fit = (rows: readonly LinearInequality[]) =>
    fitter.fit(rows.map(row => ({ row, margin: share * sizeOf(row, inputReach, reach) })));
  const choices = conjuncts.filter(rows => !failsAlready(region, rows));
  // A row without outputs is nothing that a map can change.
  const changeable = choices.map(rows => rows.filter(({ outputs = [] }) => outputs.length > 0));
  const count = changeable.reduce((product, rows) => product * rows.length, 1);
  const found = count <= MOST_CHOICES ? bestOfAll(changeable, fit) : oneByOne(changeable, fit);
  if (found) return found;
  throw infeasible(
    'an affine map of which one inequality of each conjunct fails all over the region',
    'none',
  );
}

/** What an inequality's left side may reach. */
function sizeOf(
  { inputs = [], outputs = [], bound }: LinearInequality,
  x: Float64Array,
  y: Float64Array,
): number {
  const of = (terms: readonly { index: number; coefficient: number }[], reach: Float64Array) =>
    terms.reduce((sum, { index, coefficient }) => sum + Math.abs(coefficient) * reach[index], 0);
  return of(inputs, x) + of(outputs, y) + Math.abs(bound) || 1;
}

/** Whether an inequality of inputs alone fails all over the region. */
function failsAlready(region: Region, rows: readonly LinearInequality[]): boolean {
  return rows.some(({ inputs = [], outputs = [], bound }) => {
    if (outputs.length > 0) return false;
    const weights = new Float64Array(region.size);
    for (const { index, coefficient } of inputs) weights[index] += coefficient;
    const h = multiplyTransposed(region.frame, { rows: 1, cols: weights.length, data: weights });
    return region.range(h).lo[0] > bound;
  });
}

type Fit = (rows: readonly LinearInequality[]) => ConstrainedFit | undefined;

/** Of all choices the cheapest. No choice is cheaper than any one of its rows, so that most need not be tried. */
function bestOfAll(
  conjuncts: readonly (readonly LinearInequality[])[],
  fit: Fit,
): ConstrainedFit | undefined {
  const alone = new Map(
    [...new Set(conjuncts.flat())].map(row => [row, fit([row])?.cost ?? Number.POSITIVE_INFINITY]),
  );
  const choices = conjuncts
    .reduce<LinearInequality[][]>(
      (all, rows) => all.flatMap(before => rows.map(row => [...before, row])),
      [[]],
    )
    .map(rows => ({ rows, atLeast: rows.reduce((max, row) => Math.max(max, alone.get(row)!), 0) }))
    .filter(({ atLeast }) => atLeast < Number.POSITIVE_INFINITY)
    .sort((a, b) => a.atLeast - b.atLeast);
  let best: ConstrainedFit | undefined;
  for (const { rows, atLeast } of choices) {
    if (best && atLeast >= best.cost) break;
    const found = fit(rows);
    if (found && (!best || found.cost < best.cost)) best = found;
  }
  return best;
}

/** For each conjunct the row that costs least beside those chosen before. */
function oneByOne(conjuncts: readonly (readonly LinearInequality[])[], fit: Fit): ConstrainedFit | undefined {
  let chosen: LinearInequality[] = [];
  let best: ConstrainedFit | undefined;
  for (const rows of conjuncts) {
    const found = rows.map(row => ({ row, fit: fit([...chosen, row]) }));
    const [cheapest] = found.filter(each => each.fit !== undefined).sort((a, b) => a.fit!.cost - b.fit!.cost);
    if (!cheapest) return undefined;
    chosen = [...chosen, cheapest.row];
    best = cheapest.fit;
  }
  return best;
}

function infeasible(expected: string, actual: string): PoliceError {
  return new PoliceError({
    code: 'infeasible-target',
    where: 'repair',
    expected,
    actual,
    remedy: 'Take smaller regions, or a property that an affine map can meet on each of them.',
  });
}
