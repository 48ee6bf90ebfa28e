import { float32, type Network } from '@police/core';
import { roundNetwork } from '../../core/src/proof/rounding.js';

/** The network with every parameter rounded, nothing else changed: no shift chosen or folded, as `freeze` would. */
export function inFloat32(net: Network): Network {
  return roundNetwork(net, float32);
}
