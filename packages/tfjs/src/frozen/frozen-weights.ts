import * as operators from '@police/core/operators';
import type * as tfl from '@tensorflow/tfjs-layers';
import { lifted, maxOrder } from '../graph/core-layout.js';
import type { Graph, GraphNode, Layout } from '../graph/node.js';
import { writeFlat } from '../graph/values.js';
import type { FrozenParts } from './frozen-parts.js';

/** `layouts` and `before` tell of the constrained model's nodes, by name. */
export function writeWeights(
  { nodes }: Graph,
  parts: FrozenParts,
  layouts: ReadonlyMap<string, Layout>,
  before: ReadonlyMap<string, GraphNode>,
): void {
  for (const node of nodes) {
    const layout = layouts.get(node.name);
    if (node.kind === 'affine' && layout) {
      node.core.write?.(parts.operators(node.name)!, layout);
    } else if (node.kind === 'activation') {
      const shift = parts.shift(node.name);
      const adder = nodes[node.inputs[0]];
      // The added layer is known to the new model only.
      if (shift && adder.kind === 'affine') adder.core.write!([operators.scale({ offset: shift })], layout!);
      const old = before.get(node.name);
      if (old?.kind === 'activation') copyWeights(old.variables, node.variables);
    } else if (node.kind === 'max' && node.lifts) {
      const order = maxOrder(nodes[node.inputs[0]].shape, node.shape, layout!);
      const { winner, lift } = lifted(parts.lifts(node.name)!, order);
      writeFlat(
        node.lifts.winner,
        winner.map(entry => entry + 1),
      );
      writeFlat(node.lifts.lift, lift);
    }
  }
}

/** Slopes of float32 that freezing left as they were. */
function copyWeights(from: readonly tfl.LayerVariable[], to: readonly tfl.LayerVariable[]): void {
  from.forEach((variable, i) => {
    writeFlat(to[i], variable.read().dataSync());
  });
}
