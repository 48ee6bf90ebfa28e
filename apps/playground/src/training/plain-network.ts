import { forward, type Matrix, type Network } from '@police/core';
import type { PlainLayer, PlainPatch } from '../picture/snapshot.js';
import type { PresentPatch } from './learner.js';

/** The dense layers of a chain, the shifts of their units in the biases. Throws for a network that is no such chain. */
export function plainLayers({ nodes }: Network): PlainLayer[] {
  const layers: { weight: Float32Array; bias: Float32Array }[] = [];
  for (const node of nodes) {
    if (node.kind === 'affine' && node.operator.kind === 'dense') {
      const { weight, bias } = node.operator;
      layers.push({ weight: Float32Array.from(weight.data), bias: Float32Array.from(bias) });
    } else if (node.kind === 'activation') {
      const { bias } = layers.at(-1)!;
      node.shift?.forEach((c, j) => {
        bias[j] += c;
      });
    } else if (node.kind !== 'input') throw new Error(`${node.name}: no dense layer.`);
  }
  return layers;
}

/** Patches at the points of a picture. Gaps are computed once for the same region. */
export class PlainPatches {
  private gaps: readonly { readonly of: object; readonly values: Float32Array }[] = [];

  constructor(private readonly points: Matrix) {}

  of(patches: readonly PresentPatch[]): PlainPatch[] {
    this.gaps = patches.map(
      ({ gap }, i) =>
        (this.gaps[i]?.of === gap && this.gaps[i]) || {
          of: gap,
          values: Float32Array.from(forward(gap.network, this.points).data),
        },
    );
    return patches.map(({ a, b, steepness }, i) => ({ a, b, steepness, gap: this.gaps[i].values }));
  }
}
