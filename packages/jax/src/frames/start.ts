import { lax } from '@jax-js/jax';
import { type Matrix, matrix, type Region } from '@police/core';
import { type Constant, constant, type Tensor } from '../arrays.js';
import type { LinearNode, NodeParams } from '../nodes/node.js';
import { type TensorBody, tensorBody } from '../rule/body.js';

/** One region as arrays: points, or a point and directions, as its body reads them. */
export interface RegionFrame {
  readonly body: TensorBody;
  /** d + 1, without the directions of 0 that may follow. */
  readonly count: number;
  /** As the body reads them, `[d + 1, ...inputShape]`, or more with directions of 0. */
  readonly rows: Constant;
  /** As points, likewise. */
  readonly points: Constant;
  /** What is added to a point, as it is added to frame values `[d + 1, ...]` of so many dimensions a row. */
  added(value: Tensor, rank: number): Tensor;
  /** Where the directions are `factorᵢ eᵢ`, and many: the origin `[D, 1]` and the factors `[rows, 1]`, 0 but for the axes. */
  readonly axes?: { readonly origin: Constant; readonly factors: Constant };
}

/** Products with fewer axes cost less than the kernels that would save them. */
const MANY_AXES = 32;

/** Products over so many rows, or a multiple, run up to twice as fast in jax-js as over one more (wasm, 784 axes). */
const ALIGNED_ROWS = 8;

/**
 * `scalesAxes` is whether layers take {@link RegionFrame.axes}, and rows that are none. Throws `invalid-option` for a region that has no
 * tensor form.
 */
export function regionFrame(
  region: Region,
  inputShape: readonly number[],
  index: number,
  scalesAxes: boolean,
): RegionFrame {
  const { frame, diagonal, size } = region;
  const axes = scalesAxes && size > MANY_AXES && inputShape.length === 1 ? diagonal : undefined;
  const rows = axes ? Math.ceil(frame.rows / ALIGNED_ROWS) * ALIGNED_ROWS : frame.rows;
  const body = tensorBody(region, `regions[${index}]`, rows);
  const origins = new Float64Array(rows);
  origins[0] = 1;
  const columns = new Map<number, Constant>();
  const originsOf = (rank: number): Constant => {
    const present = columns.get(rank) ?? constant(origins, [rows, ...new Array<number>(rank).fill(1)]);
    columns.set(rank, present);
    return present;
  };
  const points = constant(pointsOf(frame).data, [frame.rows, ...inputShape]);
  return {
    body,
    count: frame.rows,
    points,
    rows: body.isOfPoints ? points : constant(padded(frame.data, rows * size), [rows, ...inputShape]),
    added: (value, rank) => (body.isOfPoints ? value : originsOf(rank)(value.dtype).mul(value)),
    ...(axes
      ? {
          axes: {
            origin: constant(frame.data.subarray(0, size), [size, 1]),
            factors: constant(padded([0, ...axes], rows), [rows, 1]),
          },
        }
      : {}),
  };
}

/** Numbers with zeros after them. */
function padded(values: ArrayLike<number>, size: number): Float64Array {
  const all = new Float64Array(size);
  all.set(values);
  return all;
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
    const { origin, scaled } = node.scaledAxes(params, axes.origin(dtype), axes.factors(dtype));
    const atPoint = node.bias ? origin.add(node.bias(params)) : origin;
    return scaled.add(frame.added(atPoint, node.shape.length));
  }
  const product = node.linear(params, fixedIf(isLocal, rows ?? frame.rows(dtype)));
  return node.bias ? product.add(frame.added(node.bias(params), node.shape.length)) : product;
}

const fixedIf = (isFixed: boolean, x: Tensor): Tensor => (isFixed ? lax.stopGradient(x) : x);
