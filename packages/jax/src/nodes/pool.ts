import { lax, numpy as np } from '@jax-js/jax';
import { maxPoolWindows, operators, type Windows } from '@police/core';
import { byRows, constantIndices, leadOf, sizeOf, type Tensor } from '../arrays.js';
import type { ConvGeometry } from './conv.js';
import type { LinearNode, MaxNode } from './node.js';

/** Windows wholly inside `[C, H, W]`. */
export type PoolGeometry = Pick<ConvGeometry, 'shape' | 'kernel' | 'strides'>;

/** The mean of each window. */
export function averagePoolNode(
  name: string,
  input: string,
  inputShape: readonly number[],
  { shape, kernel, strides }: PoolGeometry,
  isFlat = false,
): LinearNode {
  const plane = outPlane({ shape, kernel, strides });
  const outputShape = isFlat ? [shape[0] * sizeOf(plane)] : [shape[0], ...plane];
  return {
    kind: 'linear',
    name,
    inputs: [input],
    inputShape,
    shape: outputShape,
    parameters: [],
    linear: (_, x) =>
      byRows(x, inputShape, shape, outputShape, rows =>
        lax.reduceWindow(rows, np.mean, [1, 1, ...kernel], [1, 1, ...strides]),
      ),
    operator: () => operators.averagePool({ shape, kernel, strides }),
  };
}

/** The largest entry of each window. */
export function maxPoolNode(
  name: string,
  input: string,
  inputShape: readonly number[],
  { shape, kernel, strides }: PoolGeometry,
): MaxNode {
  const { windows, outShape } = maxPoolWindows({ shape, kernel, strides });
  return {
    kind: 'max',
    name,
    inputs: [input],
    inputShape,
    shape: [...outShape],
    parameters: [],
    windows,
    ...membersOf(windows),
    maximum: x =>
      byRows(x, inputShape, shape, outShape, rows =>
        lax.reduceWindow(rows, np.max, [1, 1, ...kernel], [1, 1, ...strides]),
      ),
  };
}

/** Likewise of any windows of flat rows. */
export function maxNode(
  name: string,
  input: string,
  inputSize: number,
  windows: Windows,
  lifts?: MaxNode['lifts'],
): MaxNode {
  const { members, windowSize } = membersOf(windows);
  const indices = constantIndices(members, [members.length]);
  return {
    kind: 'max',
    name,
    inputs: [input],
    inputShape: [inputSize],
    shape: [members.length / windowSize],
    parameters: [],
    windows,
    members,
    windowSize,
    ...(lifts ? { lifts } : {}),
    maximum: x => np.max(windowsOf(x, indices(), windowSize), -1),
  };
}

/** The windows' entries as windows of one size. */
function membersOf({ offsets, members }: Windows): Pick<MaxNode, 'members' | 'windowSize'> {
  const starts = offsets.subarray(0, -1);
  const windowSize = starts.reduce((most, start, w) => Math.max(most, offsets[w + 1] - start), 0);
  const all = Array.from(starts, (start, w) =>
    Array.from({ length: windowSize }, (_, i) => members[start + i < offsets[w + 1] ? start + i : start]),
  );
  return { members: Int32Array.from(all.flat()), windowSize };
}

/** Flat rows `[..., D]` as their windows' entries `[..., windows, size]`. */
export function windowsOf(x: Tensor, members: Tensor, windowSize: number): Tensor {
  const lead = x.shape.slice(0, -1);
  return np.take(x, members, lead.length).reshape([...lead, -1, windowSize]);
}

const outPlane = ({ shape, kernel, strides }: PoolGeometry): number[] =>
  kernel.map((size, axis) => Math.floor((shape[axis + 1] - size) / strides[axis]) + 1);

/** The maximum of rows where some entries are lifted: `max(maxᵢ xᵢ, x_winner + lift)`, winner and lift `[windows]`; lift 0 for none. */
export function liftedMaximum(node: MaxNode, x: Tensor, winner: Tensor, lift: Tensor): Tensor {
  const { inputShape, shape } = node;
  const lead = leadOf(x, inputShape);
  const flat = x.ref.reshape([...lead, sizeOf(inputShape)]);
  const lifted = np.take(flat, winner, lead.length).add(lift);
  return np.maximum(node.maximum(x), lifted.reshape([...lead, ...shape]));
}

/** Lifts of a frozen network as {@link liftedMaximum} takes them: in place of none, the first entry of a window lifted by 0. */
export function constantLifts({
  members,
  windowSize,
  lifts,
}: MaxNode): { winner: Int32Array; lift: Float64Array } | undefined {
  if (!lifts) return undefined;
  return {
    winner: lifts.winner.map((entry, w) => (entry < 0 ? members[w * windowSize] : entry)),
    lift: lifts.lift.map((value, w) => (lifts.winner[w] < 0 ? 0 : value)),
  };
}
