import { lax, numpy as np } from '@jax-js/jax';
import { type Matrix, matrix, type Region } from '@police/core';
import { type Constant, constant, type Tensor } from '../arrays.js';
import type { LinearNode, NodeParams } from '../nodes/node.js';
import { type TensorBody, tensorBody } from '../rule/body.js';

/** One region as arrays: points, or a point and directions, as its body reads them. */
export interface RegionFrame {
  readonly body: TensorBody;
  /** d + 1. */
  readonly count: number;
  /** As the body reads them, `[d + 1, ...inputShape]`. */
  readonly rows: Constant;
  /** As points, likewise. */
  readonly points: Constant;
  /** What is added to a point, as it is added to frame values `[d + 1, ...]` of so many dimensions a row. */
  added(value: Tensor, rank: number): Tensor;
  /** Where the directions are `factorᵢ eᵢ`, and many: the origin `[1, D]` and the factors `[D, 1]`. */
  readonly axes?: { readonly origin: Constant; readonly factors: Constant };
}

/** Products with fewer axes cost less than the kernels that would save them. */
const MANY_AXES = 32;

/** Throws `invalid-option` for a region that has no tensor form. */
export function regionFrame(region: Region, inputShape: readonly number[], index: number): RegionFrame {
  const { frame, diagonal, size } = region;
  const body = tensorBody(region, `regions[${index}]`);
  const origins = new Float64Array(frame.rows);
  origins[0] = 1;
  const columns = new Map<number, Constant>();
  const originsOf = (rank: number): Constant => {
    const present = columns.get(rank) ?? constant(origins, [frame.rows, ...new Array<number>(rank).fill(1)]);
    columns.set(rank, present);
    return present;
  };
  const shape = [frame.rows, ...inputShape];
  const points = constant(pointsOf(frame).data, shape);
  return {
    body,
    count: frame.rows,
    points,
    rows: body.isOfPoints ? points : constant(frame.data, shape),
    added: (value, rank) => (body.isOfPoints ? value : originsOf(rank)(value.dtype).mul(value)),
    ...(diagonal && size > MANY_AXES && inputShape.length === 1
      ? {
          axes: {
            origin: constant(frame.data.subarray(0, size), [1, size]),
            factors: constant(diagonal, [size, 1]),
          },
        }
      : {}),
  };
}

/** The points at the ends of a frame's directions. */
function pointsOf({ rows, cols, data }: Matrix): Matrix {
  return matrix(
    rows,
    cols,
    data.map((x, i) => (i < cols ? x : x + data[i % cols])),
  );
}

/** Frame values of one region, `[d + 1, ...shape]`; at the model's input they are not there yet, as products with axes are scalings. */
export type FrameRows = Tensor | undefined;

/** Frame values through an affine layer. */
export function throughLinear(
  node: LinearNode,
  params: NodeParams,
  frame: RegionFrame,
  rows: FrameRows,
  dtype: Tensor['dtype'],
  isLocal: boolean,
): Tensor {
  const { axes } = frame;
  if (rows === undefined && axes && node.scaledAxes) {
    const origin = node.linear(params, axes.origin(dtype));
    const atPoint = node.bias ? origin.add(node.bias(params)) : origin;
    const scaled = node.scaledAxes(params, axes.factors(dtype));
    // Padded, not put together: what is padded fuses.
    return np
      .pad(scaled, [
        [1, 0],
        [0, 0],
      ])
      .add(frame.added(atPoint, node.shape.length));
  }
  const product = node.linear(params, fixedIf(isLocal, rows ?? frame.rows(dtype)));
  return node.bias ? product.add(frame.added(node.bias(params), node.shape.length)) : product;
}

const fixedIf = (isFixed: boolean, x: Tensor): Tensor => (isFixed ? lax.stopGradient(x) : x);
