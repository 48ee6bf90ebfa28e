import { certify, type Network, PoliceError, type Region } from '@police/core';
import { regionsHash } from '@police/core/adapter';
import { REGIONS_HASH_KEY, REGIONS_KEY } from './options.js';

/**
 * Metadata that records the regions, in order.
 *
 * Throws `not-frozen`, naming the activation, if it is not proved that no unit bends inside one of them (of the
 * regions that the network was frozen for it is), or `shape`.
 */
export function regionsMetadata(net: Network, regions: readonly Region[]): Record<string, string> {
  assertAffine(net, regions);
  return { [REGIONS_KEY]: JSON.stringify(regions), [REGIONS_HASH_KEY]: regionsHash(regions) };
}

function assertAffine(net: Network, regions: readonly Region[]): void {
  const proof = certify(net, regions);
  if (proof.certified) return;
  const isPatched = net.nodes.some(({ kind }) => kind === 'clamp');
  throw new PoliceError({
    code: 'not-frozen',
    where: proof.layer,
    expected: 'a network affine on the regions to be recorded',
    actual: isPatched
      ? `a patch that is not its map on region ${proof.region}`
      : `unit ${proof.unit}, which may bend on region ${proof.region}`,
    remedy: `Call ${isPatched ? 'patch' : 'freeze'}(network, regions) first, with the same regions.`,
  });
}
