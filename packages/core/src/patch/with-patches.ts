import { type Network, network } from '../network/network.js';
import type { NetworkNode } from '../network/nodes.js';
import { dense } from '../network/operators/dense.js';
import { matrix } from '../numeric/matrix.js';
import type { CentreLayers } from './fit.js';
import { graftedGap } from './gap.js';

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
  const centres = new Map<CentreLayers, string>();
  patches.forEach((parts, r) => {
    let prefix = patches.length === 1 ? 'patch' : `patch${r}`;
    while ([...taken].some(name => name.startsWith(`${prefix}.`))) prefix = `${prefix}_`;
    const value = nodes.at(-1)!.name;
    // Regions of one map share its nodes: then where they meet, what is held and what it is held to are one.
    const centre = centres.get(parts.layers);
    nodes.push(...patchNodes(parts, prefix, input.name, value, centre));
    if (centre === undefined) centres.set(parts.layers, `${prefix}.centre`);
  });
  return network(nodes);
}

function patchNodes(
  { gap, layers, steepness }: PatchParts,
  prefix: string,
  input: string,
  value: string,
  shared?: string,
): NetworkNode[] {
  const named = (name: string) => `${prefix}.${name}`;
  const hinges = graftedGap(gap, prefix, input);
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
    ...(shared === undefined ? centre : []),
    { kind: 'clamp', name: named('held'), inputs: [value, shared ?? named('centre'), named('radius')] },
  ];
}
