import { certify, enforce, type Network, PoliceError, type Region } from '@police/core';
import { regionsHash } from '@police/core/adapter';
import { REGIONS_HASH_KEY, REGIONS_KEY } from './options.js';

/**
 * Metadata that records the regions, in order.
 *
 * Throws `not-frozen`, naming the activation, if a unit bends inside one of them (in float64, over the whole region;
 * never so for the regions that the network was frozen for), or `shape`.
 */
export function regionsMetadata(net: Network, regions: readonly Region[]): Record<string, string> {
  if (net.nodes.some(({ kind }) => kind === 'clamp')) assertHeld(net, regions);
  else assertStraight(net, regions);
  return { [REGIONS_KEY]: JSON.stringify(regions), [REGIONS_HASH_KEY]: regionsHash(regions) };
}

function assertStraight(net: Network, regions: readonly Region[]): void {
  const bent = enforce(net, regions).report.layers.find(({ shifted }) => shifted > 0);
  // Units may bend whose bends are proved not to reach the output.
  if (!bent || certify(net, regions).certified) return;
  throw new PoliceError({
    code: 'not-frozen',
    where: bent.name,
    expected: EXPECTED,
    actual: `${bent.shifted} of ${bent.units} units that bend inside one`,
    remedy: 'Call freeze(network, regions) first, with the same regions.',
  });
}

/** Of a patched network, which a proof resolves. */
function assertHeld(net: Network, regions: readonly Region[]): void {
  const proof = certify(net, regions);
  if (proof.certified) return;
  throw new PoliceError({
    code: 'not-frozen',
    where: proof.layer,
    expected: EXPECTED,
    actual: `a patch that is not its map on region ${proof.region}`,
    remedy: 'Call patch(network, regions) first, with the same regions.',
  });
}

const EXPECTED = 'a network affine on the regions to be recorded';
