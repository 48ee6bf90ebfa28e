import { type Network, network } from '@police/core';

/** The network without the nodes that its output does not depend on. */
export function withoutUnused(net: Network): Network {
  const used = new Set([net.nodes.at(-1)!.name]);
  for (const node of [...net.nodes].reverse()) {
    if (node.kind !== 'input' && used.has(node.name)) used.add(node.input);
  }
  return network(net.nodes.filter(({ name }) => used.has(name)));
}
