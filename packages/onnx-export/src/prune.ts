import { type Network, network } from '@police/core';
import { inputsOf } from '@police/core/adapter';

/** The network without the nodes that its output does not depend on. */
export function withoutUnused(net: Network): Network {
  const used = new Set([net.nodes.at(-1)!.name]);
  for (const node of [...net.nodes].reverse()) {
    if (used.has(node.name)) for (const name of inputsOf(node)) used.add(name);
  }
  return network(net.nodes.filter(({ name }) => used.has(name)));
}
