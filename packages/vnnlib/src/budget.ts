import { VnnLibError } from './errors.js';

/** What may be copied before a query counts as a bomb. */
export class Budget {
  readonly #most: number;
  #spent = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Throws `too-large` once more was spent than allowed. */
  spend(copies: number): void {
    this.#spent += copies;
    // Written so that NaN is refused too.
    if (this.#spent <= this.#most) return;
    throw new VnnLibError({
      code: 'too-large',
      where: 'split',
      expected: `at most ${this.#most} bounds and terms in all disjuncts together`,
      actual: `${this.#spent} in some of them`,
      remedy: 'Raise maxSize, or split the query.',
    });
  }
}
