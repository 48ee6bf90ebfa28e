import { VnnLibError } from './errors.js';
import { toFloat64 } from './float64.js';
import type { LinearConstraint } from './linear.js';
import type { Comparison } from './query.js';
import type { Rational } from './rational.js';

/** One end of an interval. */
export interface Bound {
  readonly value: Rational;
  /** Whether the value itself lies outside. */
  readonly isStrict: boolean;
  /** The comparison that says so. */
  readonly comparison: Comparison;
}

/** What is known of one input; an end that is undefined is infinite. */
export interface Interval {
  readonly lower: Bound | undefined;
  readonly upper: Bound | undefined;
}

/** Why no point satisfies what is asked. */
export interface Contradiction {
  readonly reason: string;
  /** Comparisons that contradict each other, or one that contradicts itself or the bounds. */
  readonly comparisons: readonly Comparison[];
}

/** Inputs that lack an end. */
export interface Unbounded {
  readonly count: number;
  /** The names of the first few. */
  readonly first: readonly string[];
}

/** What a disjunct says of the inputs alone. */
export interface InputRegion {
  /** Number of inputs. */
  readonly size: number;
  /** By input; those that no comparison bounds are absent. */
  readonly bounds: ReadonlyMap<number, Interval>;
  /** What bounds cannot express: constraints on several inputs at once. */
  readonly constraints: readonly LinearConstraint[];
  readonly unbounded: Unbounded;
  /** Set where no input satisfies all this, as far as bounds and interval arithmetic show. */
  readonly contradiction?: Contradiction;
}

/** The least box of float64 numbers that holds what the bounds allow. */
export interface Box {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/**
 * The bounds of a region rounded outwards to float64, strict ones taken as reached. Throws `empty` for a contradiction,
 * `unbounded` for inputs without both ends, named.
 */
export function outerBox({ size, bounds, unbounded, contradiction }: InputRegion): Box {
  if (contradiction) {
    throw new VnnLibError({
      code: 'empty',
      where: 'the input region',
      expected: 'a point that satisfies it',
      actual: contradiction.reason,
    });
  }
  if (unbounded.count > 0) {
    const others = unbounded.count - unbounded.first.length;
    throw new VnnLibError({
      code: 'unbounded',
      where: 'the input region',
      expected: 'a lower and an upper bound of every input',
      actual: `none of ${unbounded.first.join(', ')}${others > 0 ? ` and ${others} more` : ''}`,
    });
  }
  const box = { lower: new Float64Array(size), upper: new Float64Array(size) };
  for (const [input, { lower, upper }] of bounds) {
    box.lower[input] = toFloat64(lower!.value, 'down');
    box.upper[input] = toFloat64(upper!.value, 'up');
  }
  return box;
}
