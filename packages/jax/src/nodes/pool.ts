import { numpy as np } from '@jax-js/jax';
import { maxPoolWindows, type Windows } from '@police/core';
import * as operators from '@police/core/operators';
import { leadOf, sizeOf, type Tensor } from '../arrays.js';
import type { LinearNode, MaxNode } from './node.js';
import { membersOf, outPlane, type PoolGeometry, pickedWindows, slidingWindows } from './windows.js';

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
  const intoWindows = slidingWindows(inputShape, { shape, kernel, strides });
  return {
    kind: 'linear',
    name,
    inputs: [input],
    inputShape,
    shape: outputShape,
    parameters: [],
    linear: (_, x) => {
      const lead = leadOf(x, inputShape);
      return np.mean(intoWindows(x), -1).reshape([...lead, ...outputShape]);
    },
    operator: () => operators.averagePool({ shape, kernel, strides }),
  };
}

/** The largest entry of each window. */
export function maxPoolNode(
  name: string,
  input: string,
  inputShape: readonly number[],
  geometry: PoolGeometry,
): MaxNode {
  const { windows, outShape } = maxPoolWindows(geometry);
  return {
    kind: 'max',
    name,
    inputs: [input],
    inputShape,
    shape: [...outShape],
    parameters: [],
    windows,
    ...membersOf(windows),
    intoWindows: slidingWindows(inputShape, geometry),
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
  const members = membersOf(windows);
  return {
    kind: 'max',
    name,
    inputs: [input],
    inputShape: [inputSize],
    shape: [windows.offsets.length - 1],
    parameters: [],
    windows,
    ...members,
    intoWindows: pickedWindows(inputSize, members),
    ...(lifts ? { lifts } : {}),
  };
}

/**
 * The largest entries of rows, each lifted by `lift` `[windows, size]`, if given: as one entry of a window is lifted at most, and never
 * down, `max(maxᵢ xᵢ, x_winner + lift)`.
 */
export function maximum({ inputShape, shape, intoWindows }: MaxNode, x: Tensor, lift?: Tensor): Tensor {
  const lead = leadOf(x, inputShape);
  const entries = intoWindows(x);
  return np.max(lift ? entries.add(lift) : entries, -1).reshape([...lead, ...shape]);
}

/** Lifts of a frozen network as {@link maximum} takes them. */
export function constantLift({ members, windowSize, lifts }: MaxNode): Float64Array | undefined {
  return (
    lifts &&
    Float64Array.from(members, (entry, k) => {
      const w = Math.floor(k / windowSize);
      return entry === lifts.winner[w] ? lifts.lift[w] : 0;
    })
  );
}
