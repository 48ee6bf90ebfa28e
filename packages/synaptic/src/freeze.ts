import { type FreezeOptions, type FrozenModel, freeze as freezeNetwork, PoliceError } from '@police/core';
import type synaptic from 'synaptic';
import { plainNetwork } from './build.js';
import { enforced } from './constrain.js';
import { flatOf } from './core-network.js';
import { meaningsOf } from './flat-network.js';
import { PolicedNetwork } from './policed-network.js';

/**
 * Folds the shifts into the biases and rounds so that the plain network's weights, taken as real numbers, are affine on
 * every region exactly, or with `epsilon` up to what `certify` proves (core's `freeze`). `precision` is float64, what the library computes in; `float32` for export
 * as ONNX. The constrained network is left as it is and can train on.
 *
 * Throws `unsupported-layer` for any other network, `not-finite` or `no-free-shift`.
 */
export function freeze(
  policed: synaptic.Network,
  { precision = 'float64' }: Pick<FreezeOptions, 'precision'> = {},
): FrozenModel<synaptic.Network> {
  if (!(policed instanceof PolicedNetwork)) {
    throw new PoliceError({
      code: 'unsupported-layer',
      where: 'freeze',
      expected: 'a network made by constrain()',
      actual: 'another one',
      remedy: 'constrain(network, { regions }) first.',
    });
  }
  const { regions } = policed.settings;
  const { network: shifted, report } = enforced(policed);
  const frozen = freezeNetwork(shifted, regions, { precision });
  const { network } = frozen;
  return {
    model: plainNetwork(flatOf(network, meaningsOf(policed.flat))),
    network,
    get maps() {
      return frozen.maps;
    },
    report,
  };
}
