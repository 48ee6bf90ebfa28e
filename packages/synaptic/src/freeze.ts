import {
  type FreezeOptions,
  type FrozenLayer,
  freeze as freezeNetwork,
  type Network,
  PoliceError,
} from '@police/core';
import type synaptic from 'synaptic';
import { plainNetwork } from './build.js';
import { toNetwork } from './constrain.js';
import { flatOf } from './core-network.js';
import { meaningsOf } from './flat-network.js';
import { PolicedNetwork } from './policed-network.js';

export interface FrozenModel {
  /** A plain synaptic network of the same layers, its weights exactly affine on the regions. */
  readonly model: synaptic.Network;
  /** The same weights as a core network, for export and verification. */
  readonly network: Network;
  readonly layers: readonly FrozenLayer[];
}

/**
 * Folds the shifts into the biases and rounds so that the plain network's weights, taken as real numbers, are affine on
 * every region exactly, or with `epsilon` up to what `certify` proves (core's `freeze`). `precision` is float64, what the library computes in; `float32` for export
 * as ONNX. The constrained network is left as it is and can train on.
 *
 * Throws `unsupported-layer` for any other network, `not-finite` or `no-free-shift`.
 */
export function freeze(
  policed: synaptic.Network,
  { precision = 'float64' }: FreezeOptions = {},
): FrozenModel {
  if (!(policed instanceof PolicedNetwork)) {
    throw new PoliceError({
      code: 'unsupported-layer',
      where: 'freeze',
      expected: 'a network made by constrain()',
      actual: 'another one',
      remedy: 'constrain(network, { regions }) first.',
    });
  }
  const frozen = freezeNetwork(toNetwork(policed), policed.settings.regions, { precision });
  return { model: plainNetwork(flatOf(frozen.network, meaningsOf(policed.flat))), ...frozen };
}
