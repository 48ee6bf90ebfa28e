import {
  certify,
  type Enforced,
  enforce,
  type FrozenModel,
  freeze as freezeNetwork,
  type Network,
  PoliceError,
  type Region,
  type Sides,
} from '@police/core';
import { type Format, numbersOf, type Tensor } from '../arrays.js';
import type { State } from '../frames/adjustment.js';
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

/** A plain model of an enforced network, its weights as stored affine on the regions exactly, and certified as read back. */
export function freezeModel(
  { network: policed, report }: Enforced,
  regions: readonly Region[],
  dtype: Tensor['dtype'],
  inputShape: readonly number[],
): FrozenModel<Trained> {
  const format = dtype as Format;
  const { network } = freezeNetwork(policed, regions, { precision: format });
  const model = fromNetwork(network, { dtype: format, inputShape });
  const proof = certify(toNetwork(model.model, model.params), regions);
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
    get maps() {
      return proof.regions.map(({ map }) => map);
    },
    report,
  };
}
