import { PoliceError } from '../../errors.js';
import { type Network, network } from '../../network/network.js';
import type { ClampNode, NetworkNode } from '../../network/nodes.js';
import type { Region } from '../../regions/region.js';
import type { AffinePieces } from '../../rule/pieces.js';
import { resolveClamps, upTo } from '../clamps.js';
import { type Certified, certifyPlain } from '../plain-proof.js';

/** A network without clamps, and what its nonlinearities are proved to be on a region. */
export interface PlainNetwork {
  readonly network: Network;
  readonly pieces: AffinePieces;
  /** The region's number among those that `pieces` is about. */
  readonly region: number;
}

/**
 * What a proof is about, by region: the network, or where it has clamps the one without them, whose outputs are the network's and then the
 * radii of its clamps, all of which are 0 there. Throws `unsupported-layer` for a clamp that is its value and not its centre, and where a unit
 * may bend.
 */
export function plainNetworks(
  net: Network,
  regions: readonly Region[],
  { pieces, regions: proofs }: Certified,
): PlainNetwork[] {
  const bent = proofs.find(({ unread }) => unread)?.unread?.[0].name;
  if (bent !== undefined) throw bends(bent);
  return regions.map((region, r) =>
    pieces ? { network: net, pieces, region: r } : withoutClamps(net, region),
  );
}

function withoutClamps(net: Network, region: Region): PlainNetwork {
  const resolved = resolveClamps(net, region, {});
  if ('certified' in resolved) throw new Error(`${resolved.layer} was certified, and is not any more`);
  const { stands } = resolved;
  const standing = (name: string) => stands.get(name) ?? name;
  const clamps = net.nodes.filter(
    (node): node is ClampNode => node.kind === 'clamp' && stands.has(node.name),
  );
  const radii = clamps.map(({ name, inputs: [, centre, radius] }) => {
    if (stands.get(name) !== standing(centre)) throw notItsCentre(name);
    return standing(radius);
  });
  const all: NetworkNode = {
    kind: 'concat',
    name: 'the outputs, then the radii of clamps',
    inputs: [standing(net.nodes.at(-1)!.name), ...radii],
  };
  const plain = upTo(network([...net.nodes, all]), all.name, stands);
  const proof = certifyPlain(plain, [region]);
  if (!proof.certified) throw new Error(`${proof.layer} was certified, and is not any more`);
  return { network: plain, pieces: proof.pieces!, region: 0 };
}

function bends(where: string): PoliceError {
  return new PoliceError({
    code: 'unsupported-layer',
    where,
    expected: 'units that are all affine on the region, for a proof in linear arithmetic',
    actual: 'some that may bend, of which bounds prove that nothing reaches the output',
    remedy: 'Enforce without lookahead, which moves these units too.',
  });
}

function notItsCentre(where: string): PoliceError {
  return new PoliceError({
    code: 'unsupported-layer',
    where,
    expected: 'a patch that is its map on the region, for a proof in linear arithmetic',
    actual: 'one that is proved to leave this region alone by bounds, not by affine pieces',
    remedy: 'Prove the patch before this one was added, on its region; then this one on its own.',
  });
}
