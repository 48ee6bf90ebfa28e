import type { Candidate } from './candidate.js';
import { isNearer, type Judge, type Verdict } from './judge.js';

/** What was done: `shift` alone, the same by `lookahead`, weights fitted with its sides, sides chosen by damage and weights fitted, weights fitted that shift less, a bias moved, training. */
export type RefitStageName =
  | 'shift'
  | 'lookahead'
  | 'refit'
  | 'refit, bias'
  | 'sides'
  | 'sides, bias'
  | 'narrow'
  | 'narrow, bias'
  | 'distil';

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
  /** The nearest of those all of whose units are affine, which training can begin with. */
  readonly bestWhole: Candidate;
  readonly stages: readonly RefitStage[];
}

interface Judged {
  readonly candidate: Candidate;
  readonly verdict: Verdict;
}

export function startRace(judge: Judge): Race {
  const stages: RefitStage[] = [];
  let best: Judged | undefined;
  let bestWhole: Judged | undefined;
  const nearer = (now: Judged, before: Judged | undefined) =>
    !before || isNearer(now.verdict, before.verdict) ? now : before;
  return {
    enter(stage, candidate, seconds) {
      const verdict = judge.verdictOn(candidate);
      const judged = { candidate, verdict };
      best = nearer(judged, best);
      if (!candidate.lookahead) bestWhole = nearer(judged, bestWhole);
      const kept = best === judged;
      stages.push({ stage, kept, ...verdict, seconds });
    },
    get best() {
      return best!.candidate;
    },
    get bestWhole() {
      return bestWhole!.candidate;
    },
    stages,
  };
}
