import type { AffineOperator, Network } from '@police/core';
import type { Lifts } from '@police/core/adapter';
import { partName } from '../graph/core-view.js';

/** A frozen network's parameters by name of the layer's node. */
export class FrozenParts {
  private readonly nodes: ReadonlyMap<string, Network['nodes'][number]>;

  constructor({ nodes }: Network) {
    this.nodes = new Map(nodes.map(node => [node.name, node]));
  }

  /** The operators of an affine node, if the network has it. */
  operators(name: string): AffineOperator[] | undefined {
    const last = this.nodes.get(name);
    if (last?.kind !== 'affine') return undefined;
    const before: AffineOperator[] = [];
    for (let i = 0; ; i++) {
      const part = this.nodes.get(partName(name, i));
      if (part?.kind !== 'affine') return [...before, last.operator];
      before.push(part.operator);
    }
  }

  /** What stays on an activation because no bias could hold it. */
  shift(name: string): Float64Array | undefined {
    const node = this.nodes.get(name);
    return node?.kind === 'activation' ? node.shift : undefined;
  }

  lifts(name: string): Lifts | undefined {
    const node = this.nodes.get(name);
    return node?.kind === 'max' ? node.lifts : undefined;
  }
}
