import { withPlace } from './arithmetic.js';
import { toFloat64 } from './float64.js';
import type { LinearConstraint } from './linear.js';
import { compare, divide, type Rational, sign } from './rational.js';
import { refutedBy } from './refute.js';
import type { Bound, Contradiction, InputRegion, Interval, Unbounded } from './region.js';
import type { Source } from './source.js';

const UNBOUNDED: Interval = { lower: undefined, upper: undefined };

/** Names of unbounded inputs listed. */
const MOST_NAMES = 10;

/** What regions of one query share. */
export interface RegionContext {
  readonly source: Source;
  /** Number of inputs. */
  readonly size: number;
  readonly nameOf: (input: number) => string;
}

/** A region in the making: constraints on inputs are added one by one. */
export class RegionBuilder {
  readonly #context: RegionContext;
  readonly #bounds: Map<number, Interval>;
  readonly #constraints: LinearConstraint[];
  /** Of all constraints on several inputs. */
  #terms: number;
  /** The first input found with contradicting ends. */
  #contradiction: Contradiction | undefined;

  /** Starts with what another holds, of which it changes nothing. */
  constructor(context: RegionContext, other?: RegionBuilder) {
    this.#context = context;
    this.#bounds = new Map(other ? other.#bounds : []);
    this.#constraints = other ? [...other.#constraints] : [];
    this.#terms = other ? other.#terms : 0;
    this.#contradiction = other ? other.#contradiction : undefined;
  }

  /** Number of inputs bounded, and of terms of constraints on several: what a copy costs. */
  get length(): number {
    return this.#bounds.size + this.#terms;
  }

  /** Adds a constraint; one on a single input is a bound of it. */
  add(constraint: LinearConstraint): void {
    const { terms, relation, bound, comparison } = constraint;
    if (terms.length !== 1) {
      this.#constraints.push(constraint);
      this.#terms += terms.length;
      return;
    }
    const [{ index, coefficient }] = terms;
    const { source, nameOf } = this.#context;
    const value = withPlace(source, comparison.at, () => divide(bound, coefficient));
    const end: Bound = { value, isStrict: relation === '<', comparison };
    const isUpper = sign(coefficient) > 0;
    let interval = this.#bounds.get(index) ?? UNBOUNDED;
    if (isUpper || relation === '==') interval = withUpper(interval, end);
    if (!isUpper || relation === '==') interval = withLower(interval, end);
    this.#bounds.set(index, interval);
    if (!this.#contradiction && isEmpty(interval)) {
      this.#contradiction = contradictionOf(interval, nameOf(index));
    }
  }

  /** The region; nothing may be added after. */
  region(): InputRegion {
    const { size, source } = this.#context;
    const [bounds, constraints] = [this.#bounds, this.#constraints];
    const contradiction = this.#contradiction ?? refutedBy(bounds, constraints, source);
    const region = { size, bounds, constraints, unbounded: this.#unbounded() };
    return contradiction ? { ...region, contradiction } : region;
  }

  #unbounded(): Unbounded {
    const { size, nameOf } = this.#context;
    let count = size;
    for (const { lower, upper } of this.#bounds.values()) if (lower && upper) count--;
    const first: string[] = [];
    for (let i = 0; first.length < Math.min(count, MOST_NAMES); i++) {
      const interval = this.#bounds.get(i);
      if (!interval?.lower || !interval.upper) first.push(nameOf(i));
    }
    return { count, first };
  }
}

function withUpper(interval: Interval, end: Bound): Interval {
  const { upper } = interval;
  if (upper && !isTighter(end, upper, compare(upper.value, end.value))) return interval;
  return { lower: interval.lower, upper: end };
}

function withLower(interval: Interval, end: Bound): Interval {
  const { lower } = interval;
  if (lower && !isTighter(end, lower, compare(end.value, lower.value))) return interval;
  return { lower: end, upper: interval.upper };
}

/** `order` is positive where the new end lies further in. */
function isTighter(end: Bound, before: Bound, order: number): boolean {
  return order > 0 || (order === 0 && end.isStrict && !before.isStrict);
}

function isEmpty({ lower, upper }: Interval): boolean {
  if (!lower || !upper) return false;
  const order = compare(lower.value, upper.value);
  return order > 0 || (order === 0 && (lower.isStrict || upper.isStrict));
}

/** Of an interval that is empty. */
function contradictionOf({ lower, upper }: Interval, name: string): Contradiction {
  const [least, most] = [lower!, upper!];
  const above = `${least.isStrict ? 'above' : 'at least'} ${shownValue(least.value)}`;
  const below = `${most.isStrict ? 'below' : 'at most'} ${shownValue(most.value)}`;
  return { reason: `${name} ${above} and ${below}`, comparisons: [least.comparison, most.comparison] };
}

function shownValue(value: Rational): string {
  return `${toFloat64(value, 'down')}`;
}
