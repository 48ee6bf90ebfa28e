import { type Network, network } from '../network/network.js';
import { type ClampNode, inputsOf, type NetworkNode, withInputs } from '../network/nodes.js';
import type { Region } from '../regions/region.js';
import { certifyAhead } from './certify-ahead.js';
import { type Interval, intervalsOn, largestOf } from './intervals.js';
import type { CertifyOptions, LayerMargin, RegionProof, Uncertified } from './plain-proof.js';
import { relaxedRange } from './relaxed-value.js';

/** A network without clamps that equals another on a region. */
export interface Resolved {
  readonly network: Network;
  /** The node that each clamp is, its centre or its value, by name. */
  readonly stands: ReadonlyMap<string, string>;
  /** The same as text: tells alike networks apart. */
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
  const nodes = new Map(net.nodes.map(node => [node.name, node]));
  const stands = new Map<string, string>();
  const layers: LayerMargin[] = [];
  const settled = new Set<string>();
  /** Settles every clamp that a node is computed from, itself included; of a clamp that is its centre, not those of its value. */
  const settle = (name: string): Uncertified | undefined => {
    if (settled.has(name)) return undefined;
    settled.add(name);
    const node = nodes.get(name)!;
    if (node.kind === 'clamp') return settleClamp(node);
    return settleAll(inputsOf(node));
  };
  const settleAll = (names: readonly string[]): Uncertified | undefined => {
    for (const name of names) {
      const failure = settle(name);
      if (failure) return failure;
    }
    return undefined;
  };
  const settleClamp = ({ name, inputs: [value, centre, radius] }: ClampNode): Uncertified | undefined => {
    const failure = settleAll([centre, radius]);
    if (failure) return failure;
    const standing = (of: string) => stands.get(of) ?? of;
    const proof = certifyAhead(upTo(net, standing(radius), stands), [region], options);
    if (proof.certified && isZeroOn(proof.regions[0])) {
      layers.push(...proof.layers);
      stands.set(name, standing(centre));
      return undefined;
    }
    const inValue = settle(value);
    if (inValue) return inValue;
    if (isFarEnough(net, region, stands, standing(value), standing(centre), standing(radius))) {
      stands.set(name, standing(value));
      return undefined;
    }
    return proof.certified ? unresolved(name, proof.regions[0]) : proof;
  };
  const output = net.nodes.at(-1)!.name;
  const failure = settle(output);
  if (failure) return failure;
  return {
    network: upTo(net, stands.get(output) ?? output, stands),
    stands,
    choices: JSON.stringify([...stands]),
    layers,
  };
}

/**
 * Whether |value − centre| ≤ radius all over the region, by so much that a float32 runtime finds it too. By intervals, the difference by
 * its frame where both are affine.
 */
function isFarEnough(
  net: Network,
  region: Region,
  stands: ReadonlyMap<string, string>,
  value: string,
  centre: string,
  radius: string,
): boolean {
  const least = intervalsOn(upTo(net, radius, stands), region)(radius);
  if (!least.lo.every(r => r >= 0)) return false;
  if (value === centre) return true;
  const difference: NetworkNode = {
    kind: 'sum',
    name: 'difference of value and centre',
    inputs: [value, centre],
    coefficients: [1, -1],
  };
  const found = boundsOf(upTo(network([...net.nodes, difference]), difference.name, stands), region);
  return largestOf(found).every((far, j) => {
    // The runtime adds the radius to the centre, which rounds once more.
    const runtime = least.runtime[j] + 2 * found.runtime[j];
    return far + runtime <= least.lo[j];
  });
}

/** Of the outputs: by their frames where they are affine, else by intervals. */
function boundsOf(net: Network, region: Region): Interval {
  const isRead = !net.nodes.some(({ kind }) => kind === 'opaque');
  const proof = isRead ? certifyAhead(net, [region]) : undefined;
  if (!proof?.certified) return intervalsOn(net, region)(net.nodes.at(-1)!.name);
  const [{ outputFrame, inferenceError }] = proof.regions;
  return { ...relaxedRange(region, outputFrame), runtime: inferenceError };
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
