import type { Demand } from '../demands/demand-type.js';
import type { DemandProof } from '../demands/enclosed-map.js';
import { DemandHolder } from '../demands/held-map.js';
import { scaleOf, withLeastSlack } from '../demands/stored-map.js';
import { assertSize, PoliceError } from '../errors.js';
import type { AffineMap } from '../frames/affine-map.js';
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
  /**
   * The map to which the held one is the nearest; only by correction.
   * @defaultValue the network's own
   */
  readonly near?: AffineMap;
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
  { by = 'correction', precision = float32, near }: HoldDemandOptions = {},
): DemandedNetwork {
  if (by === 'last-layer') {
    if (near) throw nearByLastLayer();
    return holdDemands(net, [region], [demand], { precision });
  }
  const holder = new DemandHolder(demand, region, net.outputSize);
  const present = near ?? enforce(net, [region]).report.maps[0];
  const { found, residual } = withLeastSlack(scaleOf(holder, present), slack => {
    const wanted: PrescribedMap = holder.hold(present, slack).map;
    const network = roundNetwork(prescribeByCorrection(net, region, wanted), precision);
    return { found: network, proof: provenDemand(network, region, demand) };
  });
  return { network: found, residual };
}

/**
 * {@link holdDemand} on several regions at once, one demand each, undefined where a map is to stay as it is: by the least change of the last
 * layer's weights that gives all of them, where its hidden units are independent enough. On a flat region only what the map does along it can
 * be given, so that a demand on A may not be provable there.
 */
export function holdDemands(
  net: Network,
  regions: readonly Region[],
  demands: readonly (Demand | undefined)[],
  { precision = float32 }: Pick<HoldDemandOptions, 'precision'> = {},
): DemandedNetwork {
  assertSize(demands.length, regions.length, 'holdDemands', 'demands, one for each region,');
  const holders = demands.map((demand, r) => demand && new DemandHolder(demand, regions[r], net.outputSize));
  const present = enforce(net, regions).report.maps;
  const scale = Math.max(...holders.map((holder, r) => (holder ? scaleOf(holder, present[r]) : 0)));
  const { found, residual } = withLeastSlack(scale, slack => {
    const wanted = holders.map((holder, r) => holder?.hold(present[r], slack).map ?? present[r]);
    const network = roundNetwork(prescribeByLastLayer(net, regions, wanted), precision);
    return { found: network, proof: allProved(network, regions, demands) };
  });
  return { network: found, residual };
}

const nearByLastLayer = (): PoliceError =>
  new PoliceError({
    code: 'invalid-option',
    where: 'near',
    expected: "by 'correction'",
    actual: "by 'last-layer'",
    remedy: 'Leave it out: the last layer is changed as little as the demand asks.',
  });

function allProved(
  net: Network,
  regions: readonly Region[],
  demands: readonly (Demand | undefined)[],
): DemandProof {
  let residual = 0;
  for (const [r, demand] of demands.entries()) {
    if (!demand) continue;
    const proof = provenDemand(net, regions[r], demand);
    if (!proof.holds) return { ...proof, where: `region ${r} ${proof.where}` };
    residual = Math.max(residual, proof.residual);
  }
  return { holds: true, residual };
}
