import { enforce, type Network, PoliceError, type Region } from '@police/core';
import { regionsHash } from '@police/core/adapter';
import { REGIONS_HASH_KEY, REGIONS_KEY } from './options.js';

/**
 * Metadata that records the regions, in order.
 *
 * Throws `not-frozen`, naming the activation, if a unit bends inside one of them (in float64, over the whole region;
 * never so for the regions that the network was frozen for), or `shape`.
 */
export function regionsMetadata(net: Network, regions: readonly Region[]): Record<string, string> {
  const bent = enforce(net, regions).report.layers.find(({ shifted }) => shifted > 0);
  if (bent) {
    throw new PoliceError({
      code: 'not-frozen',
      where: bent.name,
      expected: 'a network affine on the regions to be recorded',
      actual: `${bent.shifted} of ${bent.units} units that bend inside one`,
      remedy: 'Call freeze(network, regions) first, with the same regions.',
    });
  }
  return { [REGIONS_KEY]: JSON.stringify(regions), [REGIONS_HASH_KEY]: regionsHash(regions) };
}
