import { withPlace } from './arithmetic.js';
import { VnnLibError } from './errors.js';
import type { LinearConstraint } from './linear.js';
import { elementName } from './names.js';
import { type InputTensor, type Query, sizeOf } from './query.js';
import { refutedBy } from './refute.js';
import { BoundsBuilder, type InputRegion, type Unbounded } from './region.js';
import type { Source } from './source.js';

/** The regions of a query, each made once. */
export class Regions {
  readonly #made = new Map<string, InputRegion>();
  readonly #numbers = new Map<LinearConstraint, number>();
  readonly #common: readonly LinearConstraint[];
  readonly #source: Source;
  readonly #size: number;
  readonly #nameOf: (input: number) => string;
  readonly #maxSize: number;
  #entries = 0;

  constructor(query: Query, input: InputTensor, common: readonly LinearConstraint[], maxSize: number) {
    this.#common = common;
    this.#source = query.source;
    this.#size = sizeOf(input);
    this.#nameOf = index => elementName(query.version, input, index);
    this.#maxSize = maxSize;
  }

  /** The region of the common constraints and these. */
  of(own: readonly LinearConstraint[]): InputRegion {
    const key = own.map(constraint => this.#number(constraint)).join();
    const known = this.#made.get(key);
    if (known) return known;
    this.#entries += this.#common.length + own.length;
    if (this.#made.size > 0 && this.#entries > this.#maxSize) {
      throw new VnnLibError({
        code: 'too-large',
        where: 'split',
        expected: `at most ${this.#maxSize} comparisons of inputs in all regions`,
        actual: `${this.#entries} in the first ${this.#made.size + 1} regions`,
        remedy: 'Raise maxSize, or split the query.',
      });
    }
    const region = this.#make([...this.#common, ...own]);
    this.#made.set(key, region);
    return region;
  }

  #number(constraint: LinearConstraint): number {
    const known = this.#numbers.get(constraint);
    if (known !== undefined) return known;
    this.#numbers.set(constraint, this.#numbers.size);
    return this.#numbers.size - 1;
  }

  #make(all: readonly LinearConstraint[]): InputRegion {
    const builder = new BoundsBuilder(this.#nameOf);
    const constraints: LinearConstraint[] = [];
    for (const constraint of all) {
      if (constraint.terms.length === 1) {
        withPlace(this.#source, constraint.comparison.at, () => builder.add(constraint));
      } else constraints.push(constraint);
    }
    const { bounds } = builder;
    const contradiction = builder.contradiction ?? refutedBy(bounds, constraints, this.#source);
    const unbounded = this.#unbounded(bounds);
    const region = { size: this.#size, bounds, constraints, unbounded };
    return contradiction ? { ...region, contradiction } : region;
  }

  #unbounded(bounds: InputRegion['bounds']): Unbounded {
    let count = this.#size;
    for (const { lower, upper } of bounds.values()) if (lower && upper) count--;
    const first: string[] = [];
    for (let i = 0; first.length < Math.min(count, MOST_NAMES); i++) {
      const interval = bounds.get(i);
      if (!interval?.lower || !interval.upper) first.push(this.#nameOf(i));
    }
    return { count, first };
  }
}

/** Names of unbounded inputs listed. */
const MOST_NAMES = 10;
