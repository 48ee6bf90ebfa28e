import type { Certificate, Certified, Precision } from '@police/core';
import { shortNumber } from './report.js';

/** What is said of the error of float32 inference on a region. */
export type InferenceBound = Pick<
  Certificate['regions'][number],
  'inferenceError' | 'outputReach' | 'overflow' | 'coarse'
>;

/** The largest bound of all outputs; null where there is none. */
export function largestInferenceError({ inferenceError }: InferenceBound): number | null {
  return inferenceError.includes(null) ? null : largestOf(inferenceError as number[]);
}

/** A sentence's end: `stays within 1e-6 of A x + b`, or why nothing useful can be said. A bound larger than the output says nothing. */
export function inferenceSentence(bound: InferenceBound): string {
  const { inferenceError, outputReach, overflow, coarse } = bound;
  if (overflow !== undefined) return `has no bound: a float32 number may overflow at '${overflow}'`;
  const isUseless = inferenceError.some(
    (error, j) => !((error ?? Number.POSITIVE_INFINITY) <= outputReach[j]),
  );
  const reason =
    coarse === undefined
      ? 'the outputs are as small as rounding on the way to them'
      : `the way rounding takes to '${coarse}' is too long to follow, and products of |W| are too coarse`;
  if (isUseless) return `has no useful bound: ${reason}`;
  return `stays within ${shortNumber(largestInferenceError(bound)!)} of A x + b`;
}

/** Of a model that computes in float16: the proof holds for its numbers, the bound is about arithmetic in float32. */
export const HALF_SENTENCE = 'No bound is given for inference in float16: what rounds there is not followed.';

/** However many there are: `Math.max(...)` takes some 100,000. */
export function largestOf(values: Iterable<number>): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (const value of values) largest = Math.max(largest, value);
  return largest;
}

/** Where a runtime may compute an infinity on a region. */
export interface Overflow {
  /** Name of the node. */
  readonly overflow: string;
  readonly region: number;
}

/** The first, of a model that runs in float32 or less. */
export function overflowIn({ regions }: Certified, arithmetic: Precision['name']): Overflow | undefined {
  if (arithmetic === 'float64') return undefined;
  const region = regions.findIndex(({ overflow }) => overflow !== undefined);
  return region < 0 ? undefined : { overflow: regions[region].overflow!, region };
}

export const overflowSentence = ({ overflow, region }: Overflow): string =>
  `the model is affine on region ${region}, but a float32 number may overflow at '${overflow}' when it runs there`;
