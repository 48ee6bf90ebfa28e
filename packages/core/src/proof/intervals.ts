import { activate, steepest } from '../network/activation.js';
import { type AffineOperator, applyAffine } from '../network/affine-operator.js';
import type { Network } from '../network/network.js';
import type { ActivationNode, MaxNode } from '../network/nodes.js';
import { type Rules, walk } from '../network/walk.js';
import { type Matrix, matrix } from '../numeric/matrix.js';
import { float32, sumErrorBound } from '../numeric/precision.js';
import type { Range, Region } from '../regions/region.js';
import { ROUND_UP } from './bounded-frame.js';
import { SMOOTH_FUNCTION_ERROR } from './bounded-pieces.js';
import { relaxedNodes } from './relaxed.js';
import { relaxedRange } from './relaxed-value.js';
import { LARGEST_FLOAT32 } from './runtime-rounding.js';

/** Bounds on a node's values over a region, and on how far a float32 runtime's are from them, which may overflow where that is {@link EVERYTHING}. */
export interface Interval extends Range {
  /** `[size]`. */
  readonly runtime: Float64Array;
}

/** More than any float32 number. */
export const EVERYTHING: number = Number.MAX_VALUE;

/**
 * Intervals of every node over a region: of each entry by itself, but no wider than its {@link relaxed} stand-in. A hinge that bends
 * somewhere on the region is known to be at least 0, which its chord does not tell. Where nothing is known: all numbers.
 */
export function intervalsOn(net: Network, region: Region, memory?: number): (name: string) => Interval {
  const standIn = relaxedNodes(net, region, memory === undefined ? {} : { memory });
  const within = (name: string, { lo, hi, runtime }: Interval): Interval => {
    const range = relaxedRange(region, standIn(name));
    return {
      lo: lo.map((x, j) => Math.max(x, range.lo[j])),
      hi: hi.map((x, j) => Math.min(x, range.hi[j])),
      runtime,
    };
  };
  const rules: Rules<Interval> = {
    input: ({ name, size }) =>
      within(name, {
        ...nothingKnown(size),
        runtime: region
          .reach(region.frame)
          .map((reach, k) => upper(region.slack[k] + sumErrorBound(1, reach + region.slack[k], float32))),
      }),
    affine: ({ name, operator }, [x]) => within(name, affineInterval(operator, x)),
    sum: ({ name, coefficients }, inputs) =>
      within(name, sumInterval(inputs, coefficients ?? inputs.map(() => 1))),
    concat: (_node, inputs) => ({
      lo: joined(inputs.map(({ lo }) => lo)),
      hi: joined(inputs.map(({ hi }) => hi)),
      runtime: joined(inputs.map(({ runtime }) => runtime)),
    }),
    activation: (node, [x]) => {
      const found = activationInterval(node, preActivation(node, x));
      return isRising(node)
        ? found
        : within(node.name, { ...nothingKnown(x.lo.length), runtime: found.runtime });
    },
    max: (node, [x]) => maxInterval(node, x),
    clamp: (_node, [, centre]) => nothingKnown(centre.lo.length),
    opaque: ({ size }) => nothingKnown(size),
  };
  const values = walk(net, rules);
  return name => values.get(name)!;
}

function nothingKnown(size: number): Interval {
  return {
    lo: new Float64Array(size).fill(-EVERYTHING),
    hi: new Float64Array(size).fill(EVERYTHING),
    runtime: new Float64Array(size).fill(EVERYTHING),
  };
}

/** What an activation is applied to: its node's own shift included. */
export function preActivation({ shift }: ActivationNode, x: Interval): Interval {
  if (!shift) return x;
  const size = largestOf(x).map((reach, j) => reach + Math.abs(shift[j]));
  return finite({
    lo: x.lo.map((low, j) => low + shift[j] - sumErrorBound(2, size[j])),
    hi: x.hi.map((high, j) => high + shift[j] + sumErrorBound(2, size[j])),
    runtime: x.runtime.map((e, j) => runtimeAt(e + sumErrorBound(2, size[j] + e, float32), size[j] + e)),
  });
}

function isRising({ activation: { pieces, curve } }: ActivationNode): boolean {
  return !curve && pieces.every(({ slope }) => typeof slope === 'number' && slope >= 0);
}

/** Of a rising activation; of another one `runtime` alone means something. */
function activationInterval({ activation }: ActivationNode, x: Interval): Interval {
  const reach = largestOf(x);
  const evaluation = (size: number) => (activation.curve ? SMOOTH_FUNCTION_ERROR * (1 + size) : 0);
  return finite({
    lo: x.lo.map((low, j) => lower(activate(activation, low, j))),
    hi: x.hi.map((high, j) => upper(activate(activation, high, j))),
    runtime: x.runtime.map((e, j) =>
      upper(
        steepest(activation, j) * (e + sumErrorBound(4, reach[j] + e, float32)) + evaluation(reach[j] + e),
      ),
    ),
  });
}

/** The largest entry of each window, or the lifted one. */
function maxInterval({ windows: { offsets, members }, lifts }: MaxNode, x: Interval): Interval {
  const count = offsets.length - 1;
  const found = {
    lo: new Float64Array(count).fill(-EVERYTHING),
    hi: new Float64Array(count).fill(-EVERYTHING),
    runtime: new Float64Array(count),
  };
  for (let w = 0; w < count; w++) {
    for (const m of members.subarray(offsets[w], offsets[w + 1])) {
      const lift = lifts?.winner[w] === m ? lifts.lift[w] : 0;
      const size = Math.abs(x.hi[m]) + lift;
      found.lo[w] = Math.max(found.lo[w], x.lo[m]);
      found.hi[w] = Math.max(found.hi[w], x.hi[m] + lift + (lift === 0 ? 0 : sumErrorBound(2, size)));
      const made = lift === 0 ? 0 : sumErrorBound(2, size + x.runtime[m], float32);
      found.runtime[w] = Math.max(found.runtime[w], upper(x.runtime[m] + made));
    }
  }
  return finite(found);
}

/** What a runtime rounds where numbers are as large as this. */
function runtimeAt(error: number, reach: number): number {
  return reach <= LARGEST_FLOAT32 ? upper(error) : EVERYTHING;
}

/** Largest absolute value. */
export function largestOf({ lo, hi }: Range): Float64Array {
  return lo.map((low, j) => Math.max(Math.abs(low), Math.abs(hi[j])));
}

const lower = (x: number) => x - Math.abs(x) * (ROUND_UP - 1);
const upper = (x: number) => x + Math.abs(x) * (ROUND_UP - 1);

function affineInterval(operator: AffineOperator, { lo, hi, runtime }: Interval): Interval {
  const row = (data: Float64Array): Matrix => matrix(1, data.length, data);
  const middle = lo.map((low, j) => low / 2 + hi[j] / 2);
  const radius = lo.map((low, j) => upper(hi[j] / 2 - low / 2 + Math.abs(middle[j]) * 2 ** -50));
  const at = applyAffine(operator, row(middle)).data;
  const spread = operator.magnitude(row(radius)).data;
  const reach = operator.magnitude(row(largestOf({ lo, hi }))).data;
  const carried = operator.magnitude(row(runtime)).data;
  const { bias, terms } = operator;
  const wide = spread.map((s, j) => upper(s + sumErrorBound(terms + 4, reach[j] + Math.abs(bias[j]) + s)));
  // Products and sums of what is not negative are not, however they round.
  const isPositive = lo.every(low => low >= 0) && bias.every(b => b >= 0) && hasNoNegative(operator);
  return finite({
    lo: at.map((y, j) => (isPositive ? Math.max(0, y - wide[j]) : y - wide[j])),
    hi: at.map((y, j) => y + wide[j]),
    runtime: carried.map((e, j) =>
      runtimeAt(
        e + sumErrorBound(terms + 1, reach[j] + e + Math.abs(bias[j]), float32),
        reach[j] + e + Math.abs(bias[j]),
      ),
    ),
  });
}

/** Whether no weight is negative: then rows of ones see no sign. */
function hasNoNegative({ inSize, linear, magnitude }: AffineOperator): boolean {
  const ones = matrix(1, inSize, new Float64Array(inSize).fill(1));
  const absolute = magnitude(ones).data;
  return linear(ones).data.every((y, j) => y === absolute[j]);
}

function sumInterval(inputs: readonly Interval[], coefficients: readonly number[]): Interval {
  const size = inputs[0].lo.length;
  const [lo, hi, runtime] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
  for (let j = 0; j < size; j++) {
    let reach = 0;
    inputs.forEach((x, i) => {
      const ends = [coefficients[i] * x.lo[j], coefficients[i] * x.hi[j]];
      lo[j] += Math.min(...ends);
      hi[j] += Math.max(...ends);
      reach += Math.max(Math.abs(ends[0]), Math.abs(ends[1]));
      runtime[j] += Math.abs(coefficients[i]) * x.runtime[j];
    });
    const rounding = sumErrorBound(inputs.length + 2, reach);
    lo[j] -= rounding;
    hi[j] += rounding;
    const rounded = runtime[j] + sumErrorBound(inputs.length + 2, reach + runtime[j], float32);
    runtime[j] = runtimeAt(rounded, reach + runtime[j]);
  }
  return finite({ lo, hi, runtime });
}

/** What overflowed is not known. */
function finite({ lo, hi, runtime }: Interval): Interval {
  const known = (x: number, otherwise: number) => (Number.isFinite(x) ? x : otherwise);
  return {
    lo: lo.map(x => known(x, -EVERYTHING)),
    hi: hi.map(x => known(x, EVERYTHING)),
    runtime: runtime.map(x => known(x, EVERYTHING)),
  };
}

function joined(parts: readonly Float64Array[]): Float64Array {
  return Float64Array.from(parts.flatMap(part => Array.from(part)));
}
