import {
  certify,
  type Enforced,
  enforce,
  type FrozenModel,
  freeze as freezeNetwork,
  type Network,
  PoliceError,
  type Precision,
  type Region,
  type Sides,
  type Target,
} from '@police/core';
import { provenTargets } from '@police/core/adapter';
import { type Format, numbersOf } from '../arrays.js';
import type { State } from '../frames/adjustment.js';
import { precisionOf } from '../maps/held-maps.js';
import type { Settings } from '../options.js';
import { fromNetwork, type Trained } from './from-network.js';
import { toNetwork } from './to-network.js';

/** A core network enforced with the sides of this state. */
export const enforced = (net: Network, state: State, settings: Settings): Enforced =>
  enforce(net, settings.regions, {
    policy: settings.policy,
    sharing: settings.sharing,
    sides: sidesOf(state),
  });

const sidesOf = (state: State): Sides =>
  Object.fromEntries(Object.entries(state).map(([name, sides]) => [name, numbersOf(sides)]));

interface FreezeSettings {
  readonly regions: readonly Region[];
  readonly dtype: Format;
  readonly inputShape: readonly number[];
  readonly targets?: readonly (Target | undefined)[] | undefined;
  /** What the targets make of the frozen network. */
  readonly targeted?: (net: Network, precision: Precision) => Network;
}

/** A plain model of an enforced network, its weights as stored affine on the regions exactly, and certified as read back. */
export function freezeModel(
  { network: policed, report }: Enforced,
  { regions, dtype, inputShape, targets, targeted = net => net }: FreezeSettings,
): FrozenModel<Trained> {
  const frozen = freezeNetwork(policed, regions, { precision: dtype }).network;
  const network = targeted(frozen, precisionOf(dtype));
  const model = fromNetwork(network, { dtype, inputShape });
  const asRead = toNetwork(model.model, model.params);
  const proof = certify(asRead, regions);
  if (!proof.certified) {
    throw new PoliceError({
      code: 'not-frozen',
      where: proof.layer,
      expected: 'a frozen model that is affine on the regions, as read back',
      actual: `unit ${proof.unit} ${-proof.margin} over its kink on region ${proof.region}`,
      remedy: 'Freeze the core network of toNetwork.',
    });
  }
  return {
    model,
    network,
    ...provenTargets(asRead, regions, targets),
    get maps() {
      return proof.regions.map(({ map }) => map);
    },
    report,
  };
}
