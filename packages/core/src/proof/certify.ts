import type { Network } from '../network/network.js';
import type { Region } from '../regions/region.js';
import { certifyAhead } from './certify-ahead.js';
import { resolveClamps } from './clamps.js';
import type { Certified, CertifyOptions, LayerMargin, RegionProof, Uncertified } from './plain-proof.js';

/**
 * Proves, or fails to prove, that the network, its parameters taken as exact real numbers, is affine on every region: no range
 * of a pre-activation, widened by a bound on all rounding in computing it, reaches a kink, and on every region one
 * entry of each maximum wins for certain. Nothing is sampled. The network is taken as it is: `freeze` first. A unit may bend if every path
 * from it ends in one that sound bounds prove flat: relu(relu(x) − 5) is constant on [−1, 1], though its inner unit bends there. A failure
 * refutes nothing.
 *
 * A clamp is its centre where its radius is proved to be 0, whatever its value may be, and its value where the radius is proved
 * to be at least as large as the distance of both: what is then proved is the network with these in its place.
 *
 * Throws `shape`, `not-finite` or `too-large` (a frame beyond `memory`).
 *
 * @example
 * const proof = certify(freeze(net, regions).network, regions);
 * if (proof.certified) proof.regions[0].map; // { A, b }
 */
export function certify(
  net: Network,
  regions: readonly Region[],
  options: CertifyOptions = {},
): Certified | Uncertified {
  if (!net.nodes.some(({ kind }) => kind === 'clamp')) return certifyAhead(net, regions, options);
  const margins = new Map<string, number>();
  const note = (layers: readonly LayerMargin[]) => {
    for (const { name, smallestMargin } of layers)
      margins.set(name, Math.min(smallestMargin, margins.get(name) ?? Number.POSITIVE_INFINITY));
  };
  const groups = new Map<string, Group>();
  for (const [r, region] of regions.entries()) {
    const resolved = resolveClamps(net, region, options);
    if ('certified' in resolved) return { ...resolved, region: r };
    note(resolved.layers);
    const group = groups.get(resolved.choices) ?? { network: resolved.network, members: [] };
    group.members.push(r);
    groups.set(resolved.choices, group);
  }
  const proofs: RegionProof[] = [];
  for (const { network, members } of groups.values()) {
    const proof = certifyAhead(
      network,
      members.map(r => regions[r]),
      options,
    );
    if (!proof.certified) return { ...proof, region: members[proof.region] };
    note(proof.layers);
    members.forEach((r, i) => {
      proofs[r] = proof.regions[i];
    });
  }
  return {
    certified: true,
    layers: Array.from(margins, ([name, smallestMargin]) => ({ name, smallestMargin })),
    regions: proofs,
  };
}

/** Regions on which the network is the same one without clamps, which is proved once for all of them. */
interface Group {
  readonly network: Network;
  readonly members: number[];
}
