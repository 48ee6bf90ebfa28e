import type { AffineMap } from '../frames/affine-map.js';
import type { Network } from '../network/network.js';
import { certify } from '../proof/certify.js';
import type { FrozenLayer } from '../proof/clearing.js';
import { type FreezeOptions, freeze } from '../proof/freeze.js';
import { assertCertified, type Certified } from '../proof/plain-proof.js';
import type { Region } from '../regions/region.js';
import { type EnforceOptions, enforce } from './enforce.js';
import type { EnforceReport } from './report.js';

/** Those of {@link enforce}, and the format to freeze to. */
export interface PoliceOptions extends EnforceOptions, Pick<FreezeOptions, 'precision'> {}

/** A network that keeps the promise, and why. */
export interface Policed {
  /** Plain, its parameters representable in the format, affine on every region exactly. */
  readonly network: Network;
  /** The affine map it is on each region, in the order of the regions; made when first asked for. */
  readonly maps: readonly AffineMap[];
  /** What the constraint did. */
  readonly report: EnforceReport;
  /** What freezing did. */
  readonly layers: readonly FrozenLayer[];
  readonly proof: Certified;
}

/**
 * Enforces, freezes and certifies in one call: {@link enforce}, {@link freeze} and {@link certify} on the same regions. The
 * network given is left as it is. `progress` is called in each of the three.
 *
 * Throws what they throw, and `not-frozen` should the proof fail.
 *
 * @example
 * const { network, maps } = police(net, [box([-1, -1], [1, 1])]);
 * maps[0]; // { A, b }: the network is y = A x + b on the box
 */
export function police(net: Network, regions: readonly Region[], options: PoliceOptions = {}): Policed {
  const { precision, ...enforcing } = options;
  const { memory, progress, lookahead } = options;
  const shared = { ...(memory === undefined ? {} : { memory }), ...(progress ? { progress } : {}) };
  const { network: shifted, report, frames } = enforce(net, regions, enforcing);
  const frozen = freeze(shifted, regions, {
    ...shared,
    frames,
    ...(precision ? { precision } : {}),
    ...(lookahead ? { lookahead } : {}),
  });
  const proof = certify(frozen.network, regions, shared);
  assertCertified(proof);
  return {
    network: frozen.network,
    get maps() {
      return frozen.maps;
    },
    report,
    layers: frozen.layers,
    proof,
  };
}
