import { float32, type Network } from '@police/core';
import { roundNetwork } from '@police/core/adapter';

/** The network with every parameter rounded, nothing else changed: no shift chosen or folded, as `freeze` would. */
export function inFloat32(net: Network): Network {
  return roundNetwork(net, float32);
}
