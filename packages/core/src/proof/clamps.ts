import { type Network, network } from '../network/network.js';
import { type ClampNode, inputsOf, type NetworkNode, withInputs } from '../network/nodes.js';
import { ifKind } from '../network/walk.js';
import type { Region } from '../regions/region.js';
import {
  type CertifyOptions,
  certifyPlain,
  type LayerMargin,
  type RegionProof,
  type Uncertified,
} from './plain-proof.js';

/** A network without clamps that equals another on a region. */
export interface Resolved {
  readonly network: Network;
  /** Which of its inputs each clamp is, by name: tells alike networks apart. */
  readonly choices: string;
  /** What was proved on the way, of the radii. */
  readonly layers: readonly LayerMargin[];
}

/**
 * The network on a region with each clamp replaced by its centre or its value, whichever is proved to equal it there, and without the
 * nodes that nothing reads any more; or the first clamp of which neither could be proved.
 */
export function resolveClamps(
  net: Network,
  region: Region,
  options: Pick<CertifyOptions, 'memory'>,
): Resolved | Uncertified {
  const stands = new Map<string, string>();
  const layers: LayerMargin[] = [];
  const read = (name: string): string => stands.get(name) ?? name;
  for (const node of net.nodes) {
    const clamp = ifKind<ClampNode>({ clamp: each => each }, node);
    if (!clamp) continue;
    const [, centre, radius] = clamp.inputs;
    const proof = certifyPlain(upTo(net, read(radius), stands), [region], options);
    if (!proof.certified) return proof;
    if (!isZeroOn(proof.regions[0])) return unresolved(clamp.name, proof.regions[0]);
    layers.push(...proof.layers);
    stands.set(clamp.name, read(centre));
  }
  return {
    network: upTo(net, read(net.nodes.at(-1)!.name), stands),
    choices: JSON.stringify([...stands]),
    layers,
  };
}

/** Whether all outputs are proved to be 0 on the region, in a float32 runtime too. */
export function isZeroOn({ outputFrame: { values, error }, inferenceError }: RegionProof): boolean {
  return [values.data, error, inferenceError].every(numbers => numbers.every(x => x === 0));
}

/** What a node is computed from, and it last; nodes read what stands for others. */
export function upTo(net: Network, output: string, stands: ReadonlyMap<string, string> = new Map()): Network {
  const needed = new Set([output]);
  const kept: NetworkNode[] = [];
  for (const node of [...net.nodes].reverse()) {
    if (node.kind !== 'input' && !needed.has(node.name)) continue;
    const reading = withInputs(node, name => stands.get(name) ?? name);
    for (const name of inputsOf(reading)) needed.add(name);
    kept.push(reading);
  }
  return network(kept.reverse());
}

/** A clamp whose radius is not 0 all over the region: by how much it is not, in a float32 runtime. */
function unresolved(layer: string, { outputReach, inferenceError }: RegionProof): Uncertified {
  const radius = outputReach.map((reach, j) => reach + inferenceError[j]);
  const largest = radius.reduce((max, r) => Math.max(max, r), 0);
  return { certified: false, layer, unit: radius.indexOf(largest), margin: -largest, region: 0 };
}
