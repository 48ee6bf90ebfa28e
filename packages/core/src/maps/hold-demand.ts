import type { Demand } from '../demands/demand-type.js';
import { DemandHolder } from '../demands/held-map.js';
import { scaleOf, withLeastSlack } from '../demands/stored-map.js';
import type { Network } from '../network/network.js';
import { float32, type Precision } from '../numeric/precision.js';
import { provenDemand } from '../proof/enclosed-piece.js';
import { roundNetwork } from '../proof/rounding.js';
import type { Region } from '../regions/region.js';
import { enforce } from './enforce.js';
import { type PrescribedMap, prescribeByCorrection, prescribeByLastLayer } from './prescribe.js';

/** How a network is made to meet a demand. */
export interface HoldDemandOptions {
  /**
   * `correction`: an affine function of the input, added to the outputs, always possible; `last-layer`: the least change of the last layer's
   * weights, which leaves the network's operators as they are and needs a last hidden layer that is wide enough.
   * @defaultValue 'correction'
   */
  readonly by?: 'correction' | 'last-layer';
  /**
   * The format that what is changed is stored in; that of `freeze`.
   * @defaultValue float32
   */
  readonly precision?: Precision;
}

/** A network of which a demand is proved. */
export interface DemandedNetwork {
  readonly network: Network;
  /** Bound on how far the demand's equations are missed once stored; inequalities hold without any. */
  readonly residual: number;
}

/**
 * Makes the map of a *frozen* network on one region the nearest one that meets a demand, and proves it in outward-rounded arithmetic: what is
 * rounded in storing is allowed for. The network stays frozen on the region: behind the last nonlinearity nothing bends.
 *
 * Throws `infeasible-target` (no map meets the demand, or none could be proved to once rounded), `not-frozen`, `shape`, `invalid-option`, or
 * what `prescribeByCorrection` and `prescribeByLastLayer` throw.
 *
 * @example
 * const frozen = freeze(net, regions).network;
 * holdDemand(frozen, regions[0], demands.rowLipschitz([1])).network;
 */
export function holdDemand(
  net: Network,
  region: Region,
  demand: Demand,
  { by = 'correction', precision = float32 }: HoldDemandOptions = {},
): DemandedNetwork {
  const holder = new DemandHolder(demand, region, net.outputSize);
  const [present] = enforce(net, [region]).report.maps;
  const { found, residual } = withLeastSlack(scaleOf(holder, present), slack => {
    const wanted: PrescribedMap = holder.hold(present, slack).map;
    const moved =
      by === 'correction'
        ? prescribeByCorrection(net, region, wanted)
        : prescribeByLastLayer(net, [region], [wanted]);
    const network = roundNetwork(moved, precision);
    return { found: network, proof: provenDemand(network, region, demand) };
  });
  return { network: found, residual };
}
