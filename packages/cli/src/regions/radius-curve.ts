import {
  type DriftOptions,
  drift,
  type EnforceOptions,
  enforce,
  type Matrix,
  type Network,
  PoliceError,
  rowOf,
} from '@police/core';
import { type Norm, REGION_AROUND } from './around.js';

/** What enforcing regions of one radius costs, a mean over the samples they are around, each enforced by itself. */
export interface CurvePoint {
  readonly radius: number;
  /** Units (and windows of maxima) shifted. */
  readonly shifted: number;
  readonly units: number;
  /** Share of all data whose decision changes. */
  readonly decisionsLost: number;
}

export interface CurveOptions extends DriftOptions {
  readonly norm: Norm;
  readonly enforce: EnforceOptions;
  readonly progress: (done: number, total: number) => void;
}

/** One point for each radius; `centres` are the samples with regions around them, `data` those whose decisions count. */
export function radiusCurve(
  network: Network,
  centres: readonly Float64Array[],
  data: Matrix,
  radii: readonly number[],
  { norm, enforce: options, progress, ...decision }: CurveOptions,
): CurvePoint[] {
  let done = 0;
  return radii.map(radius => {
    const costs = centres.map(x => {
      const enforced = enforce(network, [REGION_AROUND[norm](x, radius)], options);
      progress(++done, radii.length * centres.length);
      const { shifted, units } = enforced.report;
      return {
        shifted,
        units,
        lost: 1 - drift(network, enforced.network, data, decision).decisionAgreement,
      };
    });
    const mean = (of: (cost: (typeof costs)[number]) => number) =>
      costs.reduce((sum, cost) => sum + of(cost), 0) / costs.length;
    return {
      radius,
      shifted: mean(({ shifted }) => shifted),
      units: costs[0].units,
      decisionsLost: mean(({ lost }) => lost),
    };
  });
}

/** Radii of a curve unless they are given. */
const COUNT = 8;

/** From well below the least radius at which something bends to half the width of the data, in equal ratios. */
export function curveRadii(free: readonly number[], data: Matrix): number[] {
  const largest = spreadOf(data) / 2;
  const least = free.filter(radius => radius > 0).reduce((min, radius) => Math.min(min, radius), largest);
  const first = Math.max(least / 2, largest / 1e6);
  const ratio = (largest / first) ** (1 / (COUNT - 1));
  return Array.from({ length: COUNT }, (_, i) => Number((first * ratio ** i).toPrecision(3)));
}

/** The widest coordinate of the data; of one sample its largest entry. */
function spreadOf(data: Matrix): number {
  let spread = 0;
  let largest = 0;
  for (let k = 0; k < data.cols; k++) {
    let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = 0; i < data.rows; i++) {
      const x = rowOf(data, i)[k];
      [lo, hi] = [Math.min(lo, x), Math.max(hi, x)];
      largest = Math.max(largest, Math.abs(x));
    }
    spread = Math.max(spread, hi - lo);
  }
  return spread || largest || 1;
}

/** `0.01,0.1,1`, ascending or not. */
export function radiiOf(text: string): number[] {
  const radii = text.split(',').map(part => (part.trim() === '' ? Number.NaN : Number(part)));
  if (radii.every(radius => radius >= 0 && Number.isFinite(radius))) return radii.sort((a, b) => a - b);
  throw new PoliceError({
    code: 'invalid-option',
    where: '--radii',
    expected: 'numbers from 0 on, by commas, such as 0.001,0.01,0.1',
    actual: `'${text}'`,
  });
}
