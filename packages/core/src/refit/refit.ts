import { assertSize } from '../errors.js';
import type { ShiftSharing } from '../frames/policed-pass.js';
import { type Enforced, enforce } from '../maps/enforce.js';
import { forwardValues } from '../network/forward.js';
import type { Network } from '../network/network.js';
import type { AffineNode } from '../network/nodes.js';
import type { Decision } from '../numeric/changes.js';
import type { Matrix } from '../numeric/matrix.js';
import type { Lookahead } from '../proof/sparing.js';
import type { Region } from '../regions/region.js';
import type { Policy } from '../rule/policy.js';
import { type Candidate, shifted } from './candidate.js';
import { type Budget, distil } from './distil.js';
import { isNearer, type Judge, judgeOn, type Verdict } from './judge.js';
import { withMedianBias } from './output-bias.js';
import { type RefitStage, type RefitStageName, startRace } from './race.js';
import { refitPass } from './refit-pass.js';
import { firstThatFit, splitPoints } from './split-points.js';

/** What is fitted, on what, and for how long. */
export interface RefitOptions {
  /**
   * Which output is the decision that is to stay.
   * @defaultValue 'largest'
   */
  readonly decision?: Decision;
  /**
   * How sides are chosen before anything is fitted.
   * @defaultValue 'minimal'
   */
  readonly policy?: Policy;
  /** @defaultValue 'per-unit' */
  readonly sharing?: ShiftSharing;
  /**
   * Whether the weights of an affine node may change. Of those that may, dense layers and convolutions do.
   * @defaultValue all
   */
  readonly isFree?: (node: AffineNode) => boolean;
  /**
   * The function `lookahead`: bends that cannot reach the output may stay where that alone is nearest, see `EnforceOptions.lookahead`;
   * `freeze` must be given it too. Of fitted networks every unit is affine.
   * @defaultValue none
   */
  readonly lookahead?: Lookahead;
  /**
   * How long to train in the end; a number of steps gives the same network in every run.
   * @defaultValue not at all
   */
  readonly distil?: Budget;
  /** @defaultValue 1 */
  readonly seed?: number;
}

/** A network whose weights were fitted to what shifting does. */
export interface Refitted extends Candidate {
  /** Affine on every region: the fitted network with its shifts. */
  readonly enforced: Enforced;
  readonly stages: readonly RefitStage[];
  /** How many points outside the regions were fitted on. */
  readonly fitted: number;
  /** The points outside the regions that stages were compared on and nothing was fitted on, `[n, inputSize]`. */
  readonly heldOut: Matrix;
  /** Share of the points held out that lie on a plateau of the original: one output vector of many points whose best two outputs almost tie. */
  readonly plateauShare: number;
}

/** Where {@link refitSteps} is: in a stage, which share of it is done. */
export interface RefitProgress {
  readonly stage: RefitStageName;
  readonly done: number;
}

/** Weight of the ridge beside the mean variance of a layer's inputs. */
const RIDGE = 1e-4;

/** Of the narrowed fit, see `Narrowing`: measured on MNIST (784 inputs) and ACAS Xu (5), which want about the same. */
const NARROWING = 0.005;

/**
 * Does with the same operators what shifting does with far less harm: the weights too are chosen so that the network, affine on
 * every region, does elsewhere what it did before. On `points` `[n, inputSize]`, of which those outside the regions count: the
 * user's data, or points of the domain. Stage by stage,
 *
 * - `lookahead`: where asked for, the shifts without those of bends that cannot reach the output;
 * - `refit`: layer by layer the weights that best reproduce the original's pre-activations (ridge least squares), with the shifts anew;
 * - `sides`: the same with every unit on the side where its shift does less damage on the points;
 * - `narrow`: the same with weights, of the first layer too, for which units do not go as far on the regions and are shifted less;
 * - after each of these the output bias moved by the median residual;
 * - `distil`: training under the constraint against the original,
 *
 * each kept only if more decisions stay on points held out, or as many and outputs drift less. The network given is left as it is;
 * `freeze(refitted.enforced.network, regions)` makes the result exact.
 *
 * Throws `shape`, `invalid-option` (fewer than 8 points outside the regions), or what `enforce` throws.
 *
 * @example
 * const { enforced, stages } = refit(net, regions, matrixFromRows(Array.from({ length: 64 }, (_, i) => [i / 8, 4 - (i % 8)])));
 * const { network } = freeze(enforced.network, regions);
 */
export function refit(
  net: Network,
  regions: readonly Region[],
  points: Matrix,
  options: RefitOptions = {},
): Refitted {
  const steps = refitSteps(net, regions, points, options);
  for (;;) {
    const next = steps.next();
    if (next.done) return next.value;
  }
}

/**
 * {@link refit} step by step, for callers that have other things to do: yields often, and `next(true)` ends the training, which then counts
 * with the best that it had.
 */
export function* refitSteps(
  net: Network,
  regions: readonly Region[],
  points: Matrix,
  {
    decision = 'largest',
    policy = 'minimal',
    sharing = 'per-unit',
    isFree = () => true,
    lookahead,
    distil: budget,
    seed = 1,
  }: RefitOptions = {},
): Generator<RefitProgress, Refitted, boolean | undefined> {
  assertSize(points.cols, net.inputSize, 'refit', 'points');
  const { fitted, heldOut } = splitPoints(points, regions, seed);
  const judge = judgeOn(net, regions, heldOut, decision, sharing);
  const race = startRace(judge);
  const few = firstThatFit(net, fitted);
  const was = forwardValues(net, few);
  const targets = was.get(net.nodes.at(-1)!.name)!;
  const fit = (sides?: Candidate['sides'], narrowing = 0) =>
    refitPass(net, regions, few, { was, isFree, sides, ridge: RIDGE, narrowing, seed, sharing });

  function* run(
    stage: RefitStageName,
    make: () => Candidate | undefined,
  ): Generator<RefitProgress, Candidate | undefined, boolean | undefined> {
    yield { stage, done: 0 };
    const start = Date.now();
    const candidate = make();
    if (candidate) race.enter(stage, candidate, (Date.now() - start) / 1000);
    yield { stage, done: 1 };
    return candidate;
  }

  const start = yield* run('shift', () => ({
    network: net,
    sides: enforce(net, regions, { policy, sharing }).sides,
  }));
  if (lookahead) {
    yield* run('lookahead', () => {
      const { sides } = enforce(net, regions, { policy, sharing, lookahead });
      return { network: net, sides, lookahead };
    });
  }
  for (const [stage, make] of [
    ['refit', () => fit(start!.sides)],
    ['sides', () => fit()],
    ['narrow', () => fit(undefined, NARROWING)],
  ] as const) {
    const made = yield* run(stage, make);
    yield* run(`${stage}, bias`, () => withMedianBias(made!, regions, few, targets, { isFree, sharing }));
  }
  if (budget) {
    const training = { original: net, budget, decision, sharing, isFree, seed };
    const start = Date.now();
    const trained = yield* bestOf(distil(race.bestWhole, regions, fitted, training), judge);
    if (trained) race.enter('distil', trained, (Date.now() - start) / 1000);
  }
  return {
    ...race.best,
    enforced: shifted(race.best, regions, sharing),
    stages: race.stages,
    fitted: fitted.rows,
    heldOut,
    plateauShare: judge.plateauShare,
  };
}

/** The nearest of the networks that training passes. */
function* bestOf(
  training: ReturnType<typeof distil>,
  judge: Judge,
): Generator<RefitProgress, Candidate | undefined, boolean | undefined> {
  let best: { readonly candidate: Candidate; readonly verdict: Verdict } | undefined;
  let isStopped: boolean | undefined;
  for (;;) {
    const next = training.next(isStopped);
    if (next.done) return best?.candidate;
    const { candidate, done } = next.value;
    if (candidate) {
      const verdict = judge.verdictOn(candidate);
      if (!best || isNearer(verdict, best.verdict)) best = { candidate, verdict };
    }
    isStopped = yield { stage: 'distil', done };
  }
}
