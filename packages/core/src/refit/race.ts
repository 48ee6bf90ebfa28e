import type { Candidate } from './candidate.js';
import { isNearer, type Judge, type Verdict } from './judge.js';

/** What was done: `shift` alone, weights fitted with its sides, sides chosen by damage and weights fitted, a bias moved, training. */
export type RefitStageName = 'shift' | 'refit' | 'refit, bias' | 'sides' | 'sides, bias' | 'distil';

/** One stage, and how near the original it came on the points held out. */
export interface RefitStage extends Verdict {
  readonly stage: RefitStageName;
  /** Whether it was nearer than all before, and so what is kept. */
  readonly kept: boolean;
  readonly seconds: number;
}

/** Stages as they come in, and the nearest network so far. */
export interface Race {
  /** Adds a stage that took so many seconds. */
  enter(stage: RefitStageName, candidate: Candidate, seconds: number): void;
  /** The nearest so far; there is one after the first stage. */
  readonly best: Candidate;
  readonly stages: readonly RefitStage[];
}

export function startRace(judge: Judge): Race {
  const stages: RefitStage[] = [];
  let best: (Candidate & { readonly verdict: Verdict }) | undefined;
  return {
    enter(stage, candidate, seconds) {
      const verdict = judge.verdictOn(candidate);
      const kept = !best || isNearer(verdict, best.verdict);
      if (kept) best = { ...candidate, verdict };
      stages.push({ stage, kept, ...verdict, seconds });
    },
    get best() {
      return best!;
    },
    stages,
  };
}
