import type { Budget } from './budget.js';
import type { LinearConstraint } from './linear.js';
import { elementName } from './names.js';
import { type InputTensor, type Query, sizeOf } from './query.js';
import type { InputRegion } from './region.js';
import { RegionBuilder, type RegionContext } from './region-builder.js';

/** The regions of a query, each made once. */
export class Regions {
  readonly #context: RegionContext;
  readonly #common: RegionBuilder;
  readonly #budget: Budget;
  readonly #made = new Map<string, InputRegion>();
  readonly #numbers = new Map<LinearConstraint, number>();

  constructor({ source, version }: Query, input: InputTensor, budget: Budget) {
    const nameOf = (index: number) => elementName(version, input, index);
    this.#context = { source, size: sizeOf(input), nameOf };
    this.#common = new RegionBuilder(this.#context);
    this.#budget = budget;
  }

  /** Adds a constraint that holds in all regions; before any is made. */
  add(constraint: LinearConstraint): void {
    this.#common.add(constraint);
  }

  /** The region of the common constraints and these. */
  of(own: readonly LinearConstraint[]): InputRegion {
    const key = own.map(constraint => this.#number(constraint)).join();
    const known = this.#made.get(key);
    if (known) return known;
    const region = own.length === 0 ? this.#common.region() : this.#make(own);
    this.#made.set(key, region);
    return region;
  }

  #make(own: readonly LinearConstraint[]): InputRegion {
    this.#budget.spend(this.#common.length + own.length);
    const builder = new RegionBuilder(this.#context, this.#common);
    for (const constraint of own) builder.add(constraint);
    return builder.region();
  }

  #number(constraint: LinearConstraint): number {
    const known = this.#numbers.get(constraint);
    if (known !== undefined) return known;
    this.#numbers.set(constraint, this.#numbers.size);
    return this.#numbers.size - 1;
  }
}
