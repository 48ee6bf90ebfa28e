import { type Network, network } from '../network/network.js';
import { type NetworkNode, withInputs } from '../network/nodes.js';
import { dense } from '../network/operators/dense.js';
import { matrix } from '../numeric/matrix.js';
import type { CentreLayers } from './fit.js';

/** What a patch is made of. */
export interface PatchParts {
  /** d: `[n, D] → [n, 1]`. */
  readonly gap: Network;
  /** a. */
  readonly layers: CentreLayers;
  /** K `[out]`. */
  readonly steepness: Float64Array;
}

/** The network with patches after its output, one after the other. */
export function withPatches(base: Network, patches: readonly PatchParts[]): Network {
  const taken = new Set(base.nodes.map(({ name }) => name));
  const [input] = base.nodes;
  const nodes: NetworkNode[] = [...base.nodes];
  patches.forEach((parts, r) => {
    let prefix = patches.length === 1 ? 'patch' : `patch${r}`;
    while ([...taken].some(name => name.startsWith(`${prefix}.`))) prefix = `${prefix}_`;
    const value = nodes.at(-1)!.name;
    nodes.push(...patchNodes(parts, prefix, input.name, value));
  });
  return network(nodes);
}

function patchNodes(
  { gap, layers, steepness }: PatchParts,
  prefix: string,
  input: string,
  value: string,
): NetworkNode[] {
  const named = (name: string) => `${prefix}.${name}`;
  const own = gap.nodes[0].name;
  const hinges = gap.nodes.slice(1).map(node => ({
    ...withInputs(node, name => (name === own ? input : named(name))),
    name: named(node.name),
  }));
  const centre = layers.map(
    (operator, i): NetworkNode => ({
      kind: 'affine',
      name: named(i === layers.length - 1 ? 'centre' : `centre${i}`),
      input: i === 0 ? input : named(`centre${i - 1}`),
      operator,
    }),
  );
  const radius = dense(matrix(steepness.length, 1, steepness.slice()));
  return [
    ...hinges,
    { kind: 'affine', name: named('radius'), input: named(gap.nodes.at(-1)!.name), operator: radius },
    ...centre,
    { kind: 'clamp', name: named('held'), inputs: [value, named('centre'), named('radius')] },
  ];
}
