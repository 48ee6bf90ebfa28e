import type { Network } from '../network/network.js';
import { pickColumns } from '../numeric/matrix.js';
import type { Relaxed } from '../proof/relaxed-value.js';
import type { LinearPrograms } from '../regions/programs/linear-programs.js';
import { loadedPrograms } from '../regions/programs/loaded-programs.js';
import { centreOf, pointsAt, type Region } from '../regions/region.js';
import { conjunctOn } from './conjunct.js';
import { type Query, type QueryCase, type RowsNetwork, rowsNetwork } from './query.js';
import { type QueryArithmetic, rowBounds } from './row-bounds.js';
import { promisingPoints, type Sampled, sampled } from './search.js';
import { holdsAt, placedIn } from './witness.js';

/** In which arithmetic the network is asked, and with what means. */
export interface DecideOptions {
  /**
   * `exact`: the network as a function of real numbers. `float32`: what a float32 runtime computes from float32 inputs, in any order of
   * summation: its error is added before `unsat` is said, and deducted before `sat` is.
   * @defaultValue 'exact'
   */
  readonly arithmetic?: QueryArithmetic;
  /** For conjuncts of several inequalities. @defaultValue what `loadLinearPrograms` loaded, if it did */
  readonly programs?: LinearPrograms;
  /**
   * Bytes that frames may take.
   * @defaultValue 2 GiB
   */
  readonly memory?: number;
  /**
   * Random points of each region where the network is not affine.
   * @defaultValue 256
   */
  readonly samples?: number;
  /** @defaultValue 1 */
  readonly seed?: number;
  /** Asked between steps; where it is true what is left stays unknown. @defaultValue never */
  readonly isStopped?: () => boolean;
}

/** What is found of one conjunct on one region. */
export interface ConjunctDecision {
  readonly answer: 'unsat' | 'sat' | 'unknown';
  /** Of `unsat`: from the affine map, or from bounds of a network that is not affine there. */
  readonly by?: 'affine' | 'bounds';
  /** Of `sat` a point at which all inequalities hold; of `unknown` the most promising one, if there is one. */
  readonly point?: Float64Array;
}

/** What is found on one region. */
export interface CaseDecision {
  readonly isAffine: boolean;
  readonly conjuncts: readonly ConjunctDecision[];
}

/** `unsat`: nothing satisfies the query. `sat`: the point does. */
export interface QueryDecision {
  readonly answer: 'unsat' | 'sat' | 'unknown';
  /** In the order of the query, up to the one that is satisfied. */
  readonly cases: readonly CaseDecision[];
  /** Of `sat`. */
  readonly point?: Float64Array;
  /** Whether `isStopped` ended it. */
  readonly isStopped: boolean;
}

/**
 * Whether some point of a region satisfies inequalities of a network's inputs and outputs, all in one of several conjuncts. Where the
 * network is certified affine on the region each conjunct is one small linear program, answered exactly up to rounding; elsewhere the bounds of
 * `relaxed` may say `unsat`, and samples, extreme points and steps along affine pieces may say `sat`. `unsat` holds for every point of the
 * region, all rounding included; a point of `sat` is in the region, and the inequalities hold there for certain. Nothing is split.
 *
 * Throws `shape`, `not-finite`, `invalid-option` or `too-large`.
 *
 * @example
 * // Is output 0 anywhere above 100?
 * const above = { outputs: [{ index: 0, coefficient: -1 }], bound: -100, isStrict: true };
 * decide(net, [{ region: regions[0], conjuncts: [[above]] }]).answer; // 'unsat', 'sat' or 'unknown'
 */
export function decide(net: Network, query: Query, options: DecideOptions = {}): QueryDecision {
  const cases: CaseDecision[] = [];
  try {
    for (const [i, each] of query.entries()) {
      const found = decideCase(net, each, `case ${i}`, options);
      cases.push(found);
      const { point, answer } = found.conjuncts[found.conjuncts.length - 1] ?? {};
      if (answer === 'sat' && point) return { answer, cases, point, isStopped: false };
    }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    return { answer: 'unknown', cases, isStopped: true };
  }
  const isUnsat = cases.every(({ conjuncts }) => conjuncts.every(({ answer }) => answer === 'unsat'));
  return { answer: isUnsat ? 'unsat' : 'unknown', cases, isStopped: false };
}

/** Up to the first conjunct that is satisfied. */
function decideCase(net: Network, each: QueryCase, where: string, options: DecideOptions): CaseDecision {
  if (options.isStopped?.()) throw new Stopped();
  const study = new CaseStudy(net, each, where, options);
  const conjuncts: ConjunctDecision[] = [];
  for (const conjunct of each.conjuncts.keys()) {
    const found = study.decide(conjunct);
    conjuncts.push(found);
    if (found.answer === 'sat') break;
  }
  return { isAffine: study.isAffine, conjuncts };
}

/** One region's bounds and samples, shared by its conjuncts; made when first asked for. */
class CaseStudy {
  private readonly net: RowsNetwork;
  private readonly more: Iterator<Relaxed>;
  private readonly bounds: Relaxed[] = [];
  private samples: Sampled | undefined;

  constructor(
    net: Network,
    private readonly each: QueryCase,
    where: string,
    private readonly options: DecideOptions,
  ) {
    const { memory, isStopped } = options;
    this.net = rowsNetwork(net, each, where);
    this.more = rowBounds(this.net, each.region, this.arithmetic, {
      ...(memory === undefined ? {} : { memory }),
      progress: () => {
        if (isStopped?.()) throw new Stopped();
      },
    })[Symbol.iterator]();
  }

  private get arithmetic(): QueryArithmetic {
    return this.options.arithmetic ?? 'exact';
  }

  get isAffine(): boolean {
    return this.bounds.some(({ isAffine }) => isAffine);
  }

  private boundsAt(step: number): Relaxed | undefined {
    if (step < this.bounds.length) return this.bounds[step];
    const { value, done } = this.more.next();
    if (done) return undefined;
    this.bounds.push(value);
    return value;
  }

  decide(conjunct: number): ConjunctDecision {
    const { region } = this.each;
    const rows = this.each.conjuncts[conjunct];
    const columns = rows.map(row => this.net.rows.indexOf(row));
    if (rows.length === 0) return this.tried([centreOf(region)], columns);
    let found: ConjunctDecision = { answer: 'unknown' };
    for (let step = 0; ; step++) {
      const bounds = this.boundsAt(step);
      if (!bounds) break;
      const outcome = conjunctOn(region, chosen(bounds, columns), rows, this.programs);
      if (outcome.isEmpty) return { answer: 'unsat', by: bounds.isAffine ? 'affine' : 'bounds' };
      found = this.tried([pointAt(region, outcome.candidate)], columns);
      if (found.answer === 'sat') return found;
    }
    // What is not known cannot be sampled.
    const isKnown = !this.net.network.nodes.some(({ kind }) => kind === 'opaque');
    return this.isAffine || !isKnown ? found : this.searched(columns);
  }

  private get programs(): LinearPrograms | undefined {
    return this.options.programs ?? loadedPrograms();
  }

  private searched(columns: readonly number[]): ConjunctDecision {
    const { region } = this.each;
    const { samples = 256, seed = 1 } = this.options;
    const { values } = this.bounds[0];
    this.samples ??= sampled(this.net, region, values, samples, seed);
    const units = region.reach(values).map(reach => reach || 1);
    return this.tried(
      promisingPoints(this.net, region, this.samples, columns, units, this.programs),
      columns,
    );
  }

  /** The first of the points at which the rows hold for certain. */
  private tried(points: Iterable<Float64Array>, columns: readonly number[]): ConjunctDecision {
    let last: Float64Array | undefined;
    for (const x of points) {
      if (this.options.isStopped?.()) throw new Stopped();
      const point = placedIn(this.each, x, this.arithmetic);
      if (!point) continue;
      last = point;
      const isFound = holdsAt(this.net.network, this.net.rows, columns, point, this.arithmetic);
      if (isFound) return { answer: 'sat', point };
    }
    return { answer: 'unknown', ...(last ? { point: last } : {}) };
  }
}

/** Ends what is under way. */
class Stopped extends Error {}

function chosen({ values, error }: Relaxed, columns: readonly number[]): Pick<Relaxed, 'values' | 'error'> {
  return { values: pickColumns(values, columns), error: Float64Array.from(columns, j => error[j]) };
}

function pointAt(region: Region, coordinates: Float64Array): Float64Array {
  return pointsAt(region, { rows: coordinates.length, cols: 1, data: coordinates }).data;
}
