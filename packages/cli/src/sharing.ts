import {
  type Drift,
  type DriftOptions,
  type Enforced,
  type EnforceOptions,
  enforce,
  forward,
  type Matrix,
  matrix,
  type Network,
  type Region,
  type ShiftSharing,
} from '@police/core';
import { multiplyAdds, outputDrift } from '@police/core/adapter';
import { pointsWorth } from './harm.js';
import { repeatable } from './replay-points.js';

/** What `--sharing` may say: `auto` lets the prices decide. */
export type SharingChoice = ShiftSharing | 'auto';

/** What each way of sharing shifts after convolutions costs. */
export interface SharingPrice extends Drift {
  readonly shifted: number;
  readonly totalShift: number;
}

/** How shifts are shared, and, where that was decided, at what prices. */
export interface ChosenSharing {
  readonly chosen: ShiftSharing;
  readonly prices?: Readonly<Record<ShiftSharing, SharingPrice>>;
}

/** A shift for each unit adds an operator to the file: to be worth it, it must halve the drift, or keep one decision in a hundred more. */
const WORTHWHILE = { drift: 2, decisions: 0.01 };

/** Points of each region that stand for samples, where there are none; of a slow model fewer. */
const MOST_POINTS = 16;

/**
 * Enforces with shifts shared as said, or, for `auto`, as it costs least: per channel, which folds into the biases that are there, unless that moves outputs, on
 * the samples or on points of the regions, far more than one shift for each unit does.
 */
export function enforcedSharing(
  network: Network,
  regions: readonly Region[],
  said: SharingChoice,
  samples: Matrix | undefined,
  options: Omit<EnforceOptions, 'sharing'> & DriftOptions,
): { enforced: Enforced; sharing: ChosenSharing } {
  const by = (sharing: ShiftSharing, frames: Enforced['frames'] = []) =>
    enforce(network, regions, { ...options, sharing, frames });
  const hasShared = network.nodes.some(node => node.kind === 'affine' && node.operator.biasGroups);
  if (said !== 'auto' || !hasShared || regions.length === 0) {
    const chosen = said === 'auto' ? 'per-unit' : said;
    return { enforced: by(chosen), sharing: { chosen } };
  }
  // The network runs as it is, and with shifts of either kind.
  const probes = samples ?? pointsOf(regions, pointsWorth(3 * multiplyAdds(network), MOST_POINTS));
  const before = forward(network, probes);
  const perUnit = by('per-unit');
  const found = { 'per-unit': perUnit, 'per-channel': by('per-channel', perUnit.frames) };
  const priceOf = ({ network: after, report: { shifted, totalShift } }: Enforced): SharingPrice => ({
    shifted,
    totalShift,
    ...outputDrift(before, forward(after, probes), options),
  });
  const prices = { 'per-unit': priceOf(found['per-unit']), 'per-channel': priceOf(found['per-channel']) };
  const chosen = chosenBy(prices);
  return { enforced: found[chosen], sharing: { chosen, prices } };
}

export function chosenBy(prices: Readonly<Record<ShiftSharing, SharingPrice>>): ShiftSharing {
  const [unit, channel] = [prices['per-unit'], prices['per-channel']];
  const keepsDecisions = channel.decisionAgreement >= unit.decisionAgreement - WORTHWHILE.decisions;
  return keepsDecisions && channel.meanDrift <= WORTHWHILE.drift * unit.meanDrift
    ? 'per-channel'
    : 'per-unit';
}

function pointsOf(regions: readonly Region[], each: number): Matrix {
  const points = matrix(each * regions.length, regions[0].size);
  regions.forEach((region, r) => {
    const rng = repeatable(r + 1);
    for (let i = 0; i < each; i++) points.data.set(region.sample(rng), (r * each + i) * points.cols);
  });
  return points;
}

/** What was chosen, and both prices, in words. */
export function sharingLines({ chosen, prices }: ChosenSharing): string[] {
  if (!prices) return [];
  const price = ({ meanDrift, decisionAgreement }: SharingPrice) =>
    `mean drift ${meanDrift.toPrecision(3)}, ${(100 * decisionAgreement).toFixed(1)}% of decisions kept`;
  const [other, why] =
    chosen === 'per-channel'
      ? (['per-unit', 'folded into the biases that are there'] as const)
      : (['per-channel', 'which adds operators'] as const);
  return [`Shifts ${chosen}, ${why}: ${price(prices[chosen])}; ${other}: ${price(prices[other])}.`];
}
