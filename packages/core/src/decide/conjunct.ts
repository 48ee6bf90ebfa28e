import { PoliceError } from '../errors.js';
import { type Matrix, matrix, pickColumns } from '../numeric/matrix.js';
import { sumErrorBound } from '../numeric/precision.js';
import { ROUND_UP } from '../proof/bounded-frame.js';
import { type Relaxed, standInRange, standInReach } from '../proof/relaxed-value.js';
import type { LinearPrograms } from '../regions/programs/linear-programs.js';
import { exponentOf } from '../regions/programs/scaled-constraints.js';
import { type Region, valuesAt } from '../regions/region.js';
import type { LinearInequality } from './query.js';

/** Whether it is proved that no point of a region satisfies all rows, and where the stand-ins come nearest to it. */
export interface ConjunctOutcome {
  readonly isEmpty: boolean;
  /** Frame coordinates `[d + 1]`. */
  readonly candidate: Float64Array;
}

/** Rounds of cutting planes, plus as many per row: each is one linear program in rows + 1 unknowns and one extreme point. */
const ROUNDS = 40;
const ROUNDS_PER_ROW = 4;

/**
 * Whether all rows `hᵢ ≤ 0` (`< 0` where strict) can hold at one point of a region, each row known up to its error.
 *
 * They cannot if some weights μ ≥ 0 have min over R of Σ μᵢ (hᵢ − errorᵢ) > 0, a range: whatever the weights, what is rounded is added
 * and the answer safe. The weights maximise that minimum: a linear program over the extreme points found so far, whose solution asks
 * for the next one (Dantzig & Wolfe 1960; Kelley 1960), so that any region will do whose extremes are known. Its multipliers combine the
 * extreme points to the candidate. Without `programs` a conjunct of several rows is tried with a few weights only.
 */
export function conjunctOn(
  region: Region,
  { values, error }: Pick<Relaxed, 'values' | 'error'>,
  rows: readonly LinearInequality[],
  programs: LinearPrograms | undefined,
): ConjunctOutcome {
  const h = scaledRows(region, values, error);
  const count = h.cols;
  const strict = rows.map(({ isStrict }) => isStrict === true);
  const isProof = (weights: Float64Array, least: number) =>
    least > 0 || (least === 0 && strict.some((isStrict, j) => isStrict && weights[j] > 0));
  const cuts: Cut[] = [];
  const visit = (weights: Float64Array): boolean => {
    const { least, at } = leastOf(region, h, weights);
    cuts.push({ at, values: valuesAt(h, at.subarray(1)) });
    return isProof(weights, least);
  };
  const found = (isEmpty: boolean, candidate: Float64Array = bestOf(cuts)) => ({ isEmpty, candidate });
  for (let j = 0; j < count; j++) if (visit(unitWeights(count, j))) return found(true);
  if (count === 1) return found(false);
  if (visit(new Float64Array(count).fill(1 / count))) return found(true);
  let best = bestOf(cuts);
  if (!programs) return found(false);
  for (let round = 0; round < ROUNDS + ROUNDS_PER_ROW * count; round++) {
    const solved = solveMaster(cuts, programs);
    if (!solved) break;
    best = combined(cuts, solved.shares);
    if (visit(solved.weights)) return found(true, best);
    const reached = dot(solved.weights, cuts[cuts.length - 1].values);
    // No extreme point lies further than those that there are.
    if (solved.value - reached <= GAP * Math.max(1, Math.abs(solved.value))) break;
  }
  return found(false, best);
}

/** How near to the optimum the cutting planes go, for rows of size about 1: what the programs' own tolerance leaves. */
const GAP = 2 ** -30;

/** An extreme point's frame coordinates `[d + 1]` and the rows there. */
interface Cut {
  readonly at: Float64Array;
  readonly values: Float64Array;
}

/** What is lost to underflow in scaling by less is far below the rounding that is counted. */
const LARGEST_SCALING = 300;

/** Rows less their errors, each times a power of 2 that makes it about 1. A row of which nothing is known is satisfied anywhere. */
function scaledRows(region: Region, values: Matrix, error: Float64Array): Matrix {
  const h = matrix(values.rows, values.cols, values.data.slice());
  const reach = region.reach(values);
  for (let j = 0; j < h.cols; j++) {
    const isKnown = error[j] < Number.POSITIVE_INFINITY;
    const size = reach[j] + (isKnown ? error[j] : 0);
    const exponent = exponentOf(size);
    const factor = Math.abs(exponent) <= LARGEST_SCALING ? 2 ** -exponent : 1;
    for (let i = j; i < h.data.length; i += h.cols) h.data[i] = isKnown ? h.data[i] * factor : 0;
    h.data[j] = isKnown ? below(h.data[j], error[j] * factor) : -1;
  }
  return h;
}

/** a − b or less; a where b is 0. */
function below(a: number, b: number): number {
  return b === 0 ? a : a - b - sumErrorBound(2, Math.abs(a) + b);
}

/** A safe lower bound of the least Σ weightⱼ hⱼ over the region, and where it is. */
function leastOf(region: Region, h: Matrix, weights: Float64Array): { least: number; at: Float64Array } {
  const used = Array.from(weights.keys()).filter(j => weights[j] > 0);
  const column = weighted(h, used, weights);
  const reach = standInReach(region, pickColumns(h, used));
  const magnitude = used.reduce((sum, j, k) => sum + weights[j] * reach[k], 0);
  // One row alone is not even rounded, its weight being 1.
  const made =
    used.length === 1 || magnitude === 0 ? 0 : sumErrorBound(used.length + 1, magnitude) * ROUND_UP;
  const lo = standInRange(region, column).lo[0];
  return { least: made === 0 ? lo : lo - made, at: region.extremes(column, [-1]).data };
}

function weighted(h: Matrix, used: readonly number[], weights: Float64Array): Matrix {
  const column = matrix(h.rows, 1);
  for (let i = 0; i < h.rows; i++)
    for (const j of used) column.data[i] += weights[j] * h.data[i * h.cols + j];
  return column;
}

function unitWeights(count: number, at: number): Float64Array {
  const weights = new Float64Array(count);
  weights[at] = 1;
  return weights;
}

/** The cut whose largest row is least. */
function bestOf(cuts: readonly Cut[]): Float64Array {
  const worst = cuts.map(({ values }) =>
    values.reduce((max, v) => Math.max(max, v), Number.NEGATIVE_INFINITY),
  );
  return cuts[worst.indexOf(Math.min(...worst))].at;
}

interface Master {
  /** `[rows]`, adding up to 1. */
  readonly weights: Float64Array;
  /** Of each cut, adding up to 1. */
  readonly shares: Float64Array;
  /** The least Σ weight · row over the cuts, which no weights raise. */
  readonly value: number;
}

/** max v over weights μ ≥ 0 that add up to 1, with v ≤ μ · h at every cut; undefined where the solver gives up. */
function solveMaster(cuts: readonly Cut[], programs: LinearPrograms): Master | undefined {
  const count = cuts[0].values.length;
  const G = matrix(cuts.length + count + 2, count + 1);
  const g = new Float64Array(G.rows);
  const put = (row: number, column: number, value: number) => {
    G.data[row * G.cols + column] = value;
  };
  cuts.forEach(({ values }, p) => {
    values.forEach((value, j) => {
      put(p, j, -value);
    });
    put(p, count, 1);
  });
  for (let j = 0; j < count; j++) {
    put(cuts.length + j, j, -1);
    put(G.rows - 2, j, 1);
    put(G.rows - 1, j, -1);
  }
  g.set([1, -1], G.rows - 2);
  const cost = matrix(1, count + 1);
  cost.data[count] = 1;
  const found = solvedOrNothing(() => programs.maximise(G, g, cost)[0]);
  if (found?.status !== 'optimal') return undefined;
  const weights = normalised(found.x.subarray(0, count));
  const shares = normalised(found.y.subarray(0, cuts.length));
  return weights && shares ? { weights, shares, value: found.x[count] } : undefined;
}

/** A program that a solver cannot do is a weight not found: other answers need none. */
function solvedOrNothing<T>(solve: () => T): T | undefined {
  try {
    return solve();
  } catch (error) {
    if (error instanceof PoliceError && error.code === 'no-solution') return undefined;
    throw error;
  }
}

function normalised(values: Float64Array): Float64Array | undefined {
  const kept = values.map(x => Math.max(0, x));
  const sum = kept.reduce((total, x) => total + x, 0);
  return sum > 0 && Number.isFinite(sum) ? kept.map(x => x / sum) : undefined;
}

function combined(cuts: readonly Cut[], shares: Float64Array): Float64Array {
  const at = new Float64Array(cuts[0].at.length);
  shares.forEach((share, p) => {
    if (share === 0) return;
    cuts[p].at.forEach((x, i) => {
      at[i] += share * x;
    });
  });
  at[0] = 1;
  return at;
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, x, i) => sum + x * b[i], 0);
}
