import { PoliceError } from '@police/core';
import { sumNode } from '../nodes/shape.js';
import type { Layer, LayerOptions } from './layer.js';

/**
 * The sum of branches that read the same rows, each a list of layers; an empty list is the identity, so `sum([[], [dense(8), relu(), dense(8)]])`
 * is a residual block. Throws `shape` where branches end in different shapes.
 */
export function sum(branches: readonly (readonly Layer[])[], { name }: LayerOptions = {}): Layer {
  const layer: Layer = {
    kind: 'sum',
    name,
    build: place => {
      const { from, shape } = place;
      const ends = branches.map(branch => {
        place.from = from;
        place.shape = shape;
        for (const each of branch) each.build(place);
        return { name: place.from, shape: place.shape };
      });
      const own = place.nameOf(layer);
      assertAlike(own, ends);
      place.add(
        sumNode(
          own,
          ends.map(end => end.name),
          ends[0].shape,
        ),
      );
    },
  };
  return layer;
}

/** `x + f(x)`. */
export const residual = (layers: readonly Layer[], options?: LayerOptions): Layer =>
  sum([[], layers], options);

function assertAlike(where: string, ends: readonly { readonly shape: readonly number[] }[]): void {
  const shapes = ends.map(({ shape }) => `[${shape.join(', ')}]`);
  if (shapes.length > 0 && shapes.every(shape => shape === shapes[0])) return;
  throw new PoliceError({
    code: 'shape',
    where,
    expected: 'branches that end in one shape',
    actual: shapes.join(' and ') || 'no branches',
    remedy: 'Put a dense layer or a convolution into the branch of another shape.',
  });
}
