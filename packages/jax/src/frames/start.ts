import { lax, numpy as np } from '@jax-js/jax';
import type { Region } from '@police/core';
import { type Constant, constant, type Tensor } from '../arrays.js';
import type { LinearNode, NodeParams } from '../nodes/node.js';
import { type TensorBody, tensorBody } from '../rule/body.js';

/** One region as arrays: row 0 of its frame is a point, the others are directions. */
export interface RegionFrame {
  readonly body: TensorBody;
  /** `[d + 1, ...inputShape]`. */
  readonly rows: Constant;
  /** 1 at the origin, 0 along directions, `[d + 1]`: where biases and shifts are added. */
  readonly origins: Constant;
  /** Where the directions are `factorᵢ eᵢ`: the origin `[1, D]` and the factors `[D, 1]`. */
  readonly axes?: { readonly origin: Constant; readonly factors: Constant };
}

/** Throws `invalid-option` for a region that has no tensor form. */
export function regionFrame(region: Region, inputShape: readonly number[], index: number): RegionFrame {
  const { frame, diagonal, size } = region;
  return {
    body: tensorBody(region, `regions[${index}]`),
    rows: constant(frame.data, [frame.rows, ...inputShape]),
    origins: constant(
      Array.from({ length: frame.rows }, (_, i) => Number(i === 0)),
      [frame.rows],
    ),
    ...(diagonal
      ? {
          axes: {
            origin: constant(frame.data.subarray(0, size), [1, size]),
            factors: constant(diagonal, [size, 1]),
          },
        }
      : {}),
  };
}

/** Frame values of one region, `[d + 1, ...shape]`; at the model's input they are not there yet, as products with axes are scalings. */
export type FrameRows = Tensor | undefined;

/** Frame values through an affine layer. */
export function throughLinear(
  node: LinearNode,
  params: NodeParams,
  { rows, origins, axes }: RegionFrame,
  frame: FrameRows,
  dtype: Tensor['dtype'],
  isLocal: boolean,
): Tensor {
  const product =
    frame === undefined && axes && node.scaledAxes && node.inputShape.length === 1
      ? np.concatenate(
          [node.linear(params, axes.origin(dtype)), node.scaledAxes(params, axes.factors(dtype))],
          0,
        )
      : node.linear(params, isLocal ? lax.stopGradient(frame ?? rows(dtype)) : (frame ?? rows(dtype)));
  return node.bias ? product.add(atOrigin(node.bias(params), origins(dtype), node.shape)) : product;
}

/** What is added to a point, as it is added to frame values: `[d + 1, ...shape]`. */
export function atOrigin(value: Tensor, origins: Tensor, shape: readonly number[]): Tensor {
  return origins.reshape([-1, ...shape.map(() => 1)]).mul(value);
}
