import { numpy as np } from '@jax-js/jax';
import { PoliceError } from '@police/core';
import * as operators from '@police/core/operators';
import { leadOf, scalar, type Tensor } from '../arrays.js';
import type { ClampNode, ConcatNode, LinearNode, SumNode } from './node.js';

/** The same entries seen in another shape. */
export const reshapeNode = (
  name: string,
  input: string,
  inputShape: readonly number[],
  shape: readonly number[],
): LinearNode => ({
  kind: 'linear',
  name,
  inputs: [input],
  inputShape,
  shape,
  parameters: [],
  linear: (_, x) => x.reshape([...leadOf(x, inputShape), ...shape]),
});

/** `factor · x + offset`, entry by entry, the numbers of each group or of each entry. */
export function scaleNode(
  name: string,
  input: string,
  { inSize, factor, offset, groups }: operators.Scale,
): LinearNode {
  const positions = groups && positionsOf(name, groups, (factor ?? offset)!.length);
  const spread = (values: Tensor) =>
    positions
      ? np.broadcastTo(values.ref.reshape([-1, 1]), [inSize / positions, positions]).reshape([inSize])
      : values.ref;
  const shapeOf = (values: Float64Array) => [values.length];
  return {
    kind: 'linear',
    name,
    inputs: [input],
    inputShape: [inSize],
    shape: [inSize],
    parameters: [
      ...(factor ? [{ name: 'w', shape: shapeOf(factor), fill: 1 }] : []),
      ...(offset ? [{ name: 'b', shape: shapeOf(offset) }] : []),
    ],
    linear: ({ w }, x) => (factor ? x.mul(spread(w)) : x),
    ...(offset ? { bias: ({ b }) => spread(b) } : {}),
    operator: ({ w, b }) =>
      operators.scale({
        ...(w ? { factor: w } : {}),
        ...(b ? { offset: b } : {}),
        ...(groups ? { groups } : {}),
      }),
    ...(offset && positions ? { positions } : {}),
  };
}

/** Entries of each group. Throws `unsupported-layer` where they are not one after the other. */
function positionsOf(where: string, groups: Int32Array, count: number): number {
  const positions = groups.length / count;
  if (groups.every((group, j) => group === Math.floor(j / positions))) return positions;
  throw new PoliceError({
    code: 'unsupported-layer',
    where,
    expected: 'offsets shared by whole channels',
    actual: 'offsets shared by entries here and there',
    remedy: 'Give every entry its own offset.',
  });
}

/** Σ coefficientᵢ · xᵢ, all coefficients 1 by default. */
export const sumNode = (
  name: string,
  inputs: readonly string[],
  shape: readonly number[],
  coefficients?: readonly number[],
): SumNode => ({
  kind: 'sum',
  name,
  inputs,
  inputShape: shape,
  shape,
  parameters: [],
  ...(coefficients ? { coefficients } : {}),
});

/** Flat rows, one after the other. */
export const concatNode = (
  name: string,
  inputs: readonly string[],
  sizes: readonly number[],
): ConcatNode => ({
  kind: 'concat',
  name,
  inputs,
  inputShape: [sizes[0]],
  shape: [sizes.reduce((sum, size) => sum + size, 0)],
  parameters: [],
});

/** A value held between centre − radius and centre + radius. */
export const clampNode = (
  name: string,
  [value, centre, radius]: readonly string[],
  shape: readonly number[],
): ClampNode => ({
  kind: 'clamp',
  name,
  inputs: [value, centre, radius],
  inputShape: shape,
  shape,
  parameters: [],
});

/** The weighted sum of values of one shape. */
export function sumOf(values: readonly Tensor[], coefficients?: readonly number[]): Tensor {
  return values
    .map((value, i) => {
      const factor = coefficients?.[i] ?? 1;
      return factor === 1 ? value : value.mul(scalar(factor, value.dtype));
    })
    .reduce((a, b) => a.add(b));
}
