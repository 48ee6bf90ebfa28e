import type { Network } from '../network/network.js';
import type { Region } from '../regions/region.js';
import type { Spared } from '../rule/spared.js';
import { canBeFlat, endsFlat, flatsOn, sparedBy } from './lookahead.js';
import { type Certified, type CertifyOptions, certifyPlain, type Uncertified } from './plain-proof.js';

/**
 * {@link certifyPlain}, and where a unit bends the same of the units whose bends can reach the output. A failure is then the first of
 * these.
 */
export function certifyAhead(
  net: Network,
  regions: readonly Region[],
  options: CertifyOptions = {},
): Certified | Uncertified {
  const proof = certifyPlain(net, regions, options);
  if (proof.certified || !canBeFlat(net)) return proof;
  const spared = regions.map(region => provenSpared(net, region, options.memory));
  if (spared.every(each => each === undefined)) return proof;
  return certifyPlain(
    net,
    regions,
    options,
    spared.map(each => each ?? NOTHING),
  );
}

const NOTHING: Spared = new Map();

/** The units that a region spares of a network as it is, if some may bend in vain. */
function provenSpared(net: Network, region: Region, memory?: number): Spared | undefined {
  const flats = flatsOn(net, region, memory);
  const spared = flats && sparedBy(net, flats);
  return spared && endsFlat(net, spared) ? spared : undefined;
}
