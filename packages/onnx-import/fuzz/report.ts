import type { Outcome } from './compare.js';

/** How often progress is told. */
const EVERY = 500;

/** Counts outcomes and their reasons, and tells of progress. */
export class Report {
  readonly #outcomes: Record<Outcome['kind'] | 'none', number> = {
    same: 0,
    different: 0,
    refused: 0,
    'not run': 0,
    none: 0,
  };
  readonly #reasons = { refused: new Map<string, number>(), 'not run': new Map<string, number>() };
  readonly #total: number;
  readonly #began = Date.now();

  constructor(total: number) {
    this.#total = total;
  }

  get different(): number {
    return this.#outcomes.different;
  }

  /** `none`: no case came of the seed. */
  count(outcome: Outcome | undefined): void {
    this.#outcomes[outcome?.kind ?? 'none']++;
    if (outcome?.kind === 'refused' || outcome?.kind === 'not run') {
      const counts = this.#reasons[outcome.kind];
      // Messages that differ in names and numbers only count as one.
      const key = outcome.why.replace(/'[^']*'/g, "'…'").replace(/-?\d+(\.\d+)?(e[+-]?\d+)?/g, 'N');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const done = Object.values(this.#outcomes).reduce((sum, n) => sum + n, 0);
    if (done % EVERY === 0) {
      const seconds = ((Date.now() - this.#began) / 1000).toFixed(0);
      console.error(`${done} of ${this.#total} (${seconds} s): ${this}`);
    }
  }

  /** The reasons that were given most, on the console. */
  printReasons(): void {
    for (const [title, counts] of Object.entries(this.#reasons)) {
      const most = [...counts].sort(([, a], [, b]) => b - a).slice(0, 15);
      for (const [why, count] of most) console.log(`${title} ${count}×: ${why.slice(0, 220)}`);
    }
  }

  toString(): string {
    return Object.entries(this.#outcomes)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(', ');
  }
}
