import { setImmediate } from 'node:timers/promises';
import {
  type Decision,
  lookahead,
  type Matrix,
  PoliceError,
  type Policy,
  type RefitStage,
  type Refitted,
  type Region,
  refitSteps,
  type ShiftSharing,
} from '@police/core';
import type { ImportedModel } from '@police/onnx-import';
import { randomPoints } from './domain.js';
import { shortNumber, table } from './table.js';
import type { Talk } from './terminal.js';

/** What `enforce` is told of fitting weights. */
export interface RefitOptions {
  /** Whether weights are fitted besides. */
  readonly refit?: boolean;
  /** Seconds of training in the end. */
  readonly distil?: number;
}

/** How sides are chosen and shared, which output decides, and whether bends that reach nothing may stay. */
interface FitRule {
  readonly policy: Policy;
  readonly decision: Decision;
  readonly sharing: ShiftSharing;
  readonly lookahead?: boolean;
}

/** What fitting the weights did, stage by stage, on points that nothing was fitted on. */
export interface RefitReport {
  readonly stages: readonly RefitStage[];
  /** Points fitted on, and held out. */
  readonly fitted: number;
  readonly heldOut: number;
  /** Share of the points held out where one output vector of many points hardly decides, see `RefitStage.offPlateaus`. */
  readonly plateauShare: number;
  /** Whether training was ended by hand, and so counts with the best that it had. */
  readonly interrupted: boolean;
}

/** Points of a domain that weights are fitted on, the held out ones among them. */
const DOMAIN_POINTS = 20_000;

/**
 * Throws `invalid-option` for `--distil` without `--refit`, and for `--refit` without points to fit on: what the model is used for is not to
 * be guessed.
 */
export function assertRefitOptions({
  refit,
  distil,
  data,
  domain,
}: RefitOptions & { readonly data?: string; readonly domain?: string }): void {
  if (distil !== undefined && !refit) {
    throw new PoliceError({
      code: 'invalid-option',
      where: '--distil',
      expected: '--refit, after which it trains',
      actual: 'none',
    });
  }
  if (!refit || data !== undefined || domain !== undefined) return;
  throw new PoliceError({
    code: 'invalid-option',
    where: '--refit',
    expected:
      'points on which the model is to stay as it is: --data samples.npy, or --domain with the box of its inputs',
    actual: 'neither',
  });
}

/**
 * Fits the model's weights, as far as the file stores them. An interrupt ends the training, not the command: the best so far goes on to be
 * proved and written. Before training it ends the command, which has written nothing.
 */
export async function refitted(
  { network, source: { sites } }: ImportedModel,
  regions: readonly Region[],
  {
    samples,
    domain,
  }: { readonly samples: Matrix | undefined; readonly domain: readonly Region[] | undefined },
  { distil, ...rule }: RefitOptions & FitRule,
  talk: Talk,
): Promise<{ readonly fit: Refitted; readonly report: RefitReport }> {
  const steps = refitSteps(network, regions, samples ?? randomPoints(domain ?? regions, DOMAIN_POINTS), {
    policy: rule.policy,
    decision: rule.decision,
    sharing: rule.sharing,
    ...(rule.lookahead ? { lookahead } : {}),
    isFree: ({ name }) => sites.weights.has(name),
    ...(distil === undefined ? {} : { distil: { seconds: distil } }),
  });
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    talk.warn('interrupted: training ends here, the best so far is proved and written; once more ends all');
  };
  let stage = '';
  let progress = (_done: number, _total: number): void => {};
  try {
    for (;;) {
      const next = steps.next(interrupted);
      if (next.done) {
        const { stages, fitted, heldOut, plateauShare } = next.value;
        return {
          fit: next.value,
          report: { stages, fitted, heldOut: heldOut.rows, plateauShare, interrupted },
        };
      }
      const now = next.value;
      if (now.stage !== stage) {
        stage = now.stage;
        progress = talk.stage(stage, '%');
        if (stage === 'distil') process.once('SIGINT', interrupt);
      }
      progress(Math.floor(100 * now.done), 100);
      // A signal is heard between two steps.
      await setImmediate();
    }
  } finally {
    process.off('SIGINT', interrupt);
  }
}

export function refitLines({ stages, fitted, heldOut, plateauShare, interrupted }: RefitReport): string[] {
  const percent = (share: number) => `${(100 * share).toFixed(2)}%`;
  return [
    `Weights fitted on ${fitted} points; of ${heldOut} others, after each stage:`,
    ...table(
      ['stage', 'kept', 'same decision', 'off plateaus', 'mean drift', 'largest', 's'],
      stages.map(each => [
        each.stage,
        each.kept ? 'yes' : 'no',
        percent(each.decisionAgreement),
        percent(each.offPlateaus),
        shortNumber(each.meanDrift),
        shortNumber(each.largestDrift),
        each.seconds.toFixed(1),
      ]),
    ),
    ...(plateauShare > 0
      ? [
          `Plateaus, where one output vector of many points hardly decides, hold ${percent(plateauShare)} of them.`,
        ]
      : []),
    ...(interrupted ? ['Training was interrupted: it counts with the best that it had.'] : []),
    '',
  ];
}
