import { isBelow, minus, one, over, plus, type Q, times, zero } from './fractions.js';

/** Σ coefficients · x ≤ bound, or < where strict. */
export interface Inequality {
  readonly coefficients: readonly Q[];
  readonly bound: Q;
  readonly isStrict: boolean;
}

/**
 * Whether real numbers x satisfy all inequalities: the simplex method in exact rationals with Bland's rule, slow and obvious. x = z − s
 * for z, s ≥ 0; the strict ones are to hold with room ε, which is made as large as it gets, up to 1.
 */
export function isFeasible(size: number, inequalities: readonly Inequality[]): boolean {
  const EPSILON = size + 1;
  const rows = inequalities.map(({ coefficients, bound, isStrict }) => {
    const shared = minus(coefficients.reduce(plus, zero));
    return [bound, ...coefficients, shared, isStrict ? one : zero].map((x, i) => (i === 0 ? x : minus(x)));
  });
  const limit = [one, ...new Array<Q>(size + 1).fill(zero), minus(one)];
  const table = new Dictionary([...rows, limit]);
  return table.start() && zero.n < table.maximize(EPSILON + 1).n;
}

/** Rows x_basic = b + Σ a · x_nonbasic, all variables ≥ 0. Column 0 holds b. */
class Dictionary {
  readonly #rows: Q[][];
  /** Variables by number: the first are those of the problem, from 1 on, then one for each row; 0 is the helper. */
  readonly #basic: number[];
  readonly #nonbasic: number[];

  constructor(rows: readonly (readonly Q[])[]) {
    const columns = rows[0].length - 1;
    this.#rows = rows.map(row => [...row]);
    this.#nonbasic = Array.from({ length: columns }, (_, i) => i + 1);
    this.#basic = rows.map((_, i) => columns + 1 + i);
  }

  /** Makes every b non-negative, with a helper that is let in everywhere and then made 0; false where it cannot be. */
  start(): boolean {
    if (this.#rows.every(([b]) => b.n >= 0n)) return true;
    this.#nonbasic.push(0);
    for (const row of this.#rows) row.push(one);
    const worst = this.#rows.reduce((least, [b], i) => (isBelow(b, this.#rows[least][0]) ? i : least), 0);
    this.#pivot(worst, this.#nonbasic.length - 1);
    if (this.#climb([0, -1]).n < 0n) return false;
    const at = this.#basic.indexOf(0);
    if (at >= 0) {
      const other = this.#nonbasic.findIndex((_, k) => this.#rows[at][k + 1].n !== 0n);
      if (other >= 0) this.#pivot(at, other);
      else {
        // The helper is 0 whatever else is.
        this.#rows.splice(at, 1);
        this.#basic.splice(at, 1);
        return true;
      }
    }
    const column = this.#nonbasic.indexOf(0);
    this.#nonbasic.splice(column, 1);
    for (const row of this.#rows) row.splice(column + 1, 1);
    return true;
  }

  /** The largest value of a variable. */
  maximize(variable: number): Q {
    return this.#climb([variable, 1]);
  }

  #climb([variable, sign]: readonly [number, 1 | -1]): Q {
    const signed = (x: Q) => (sign === 1 ? x : minus(x));
    for (;;) {
      const at = this.#basic.indexOf(variable);
      const objective =
        at >= 0
          ? this.#rows[at].map(signed)
          : [zero, ...this.#nonbasic.map(v => (v === variable ? signed(one) : zero))];
      const entering = this.#lowest(this.#nonbasic, k => objective[k + 1].n > 0n);
      if (entering < 0) return objective[0];
      const leaving = this.#leaving(entering);
      if (leaving < 0) throw new Error('unbounded');
      this.#pivot(leaving, entering);
    }
  }

  /** Bland's rule: of several, the variable of the lowest number. */
  #lowest(variables: readonly number[], is: (i: number) => boolean): number {
    return variables.reduce((best, v, i) => (is(i) && (best < 0 || v < variables[best]) ? i : best), -1);
  }

  #leaving(entering: number): number {
    const ratios = this.#rows.map(row =>
      row[entering + 1].n < 0n ? over(row[0], minus(row[entering + 1])) : undefined,
    );
    const least = ratios.reduce<Q | undefined>(
      (min, x) => (x && (!min || isBelow(x, min)) ? x : min),
      undefined,
    );
    return this.#lowest(this.#basic, i => {
      const ratio = ratios[i];
      return ratio !== undefined && least !== undefined && !isBelow(least, ratio);
    });
  }

  #pivot(leaving: number, entering: number): void {
    const row = this.#rows[leaving];
    const by = row[entering + 1];
    const solved = row.map((x, k) => (k === entering + 1 ? over(one, by) : minus(over(x, by))));
    this.#rows.forEach((other, i) => {
      if (i === leaving) return;
      const factor = other[entering + 1];
      this.#rows[i] = other.map((x, k) =>
        k === entering + 1 ? times(factor, solved[k]) : plus(x, times(factor, solved[k])),
      );
    });
    this.#rows[leaving] = solved;
    [this.#basic[leaving], this.#nonbasic[entering]] = [this.#nonbasic[entering], this.#basic[leaving]];
  }
}
