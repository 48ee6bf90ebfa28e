import { lax, numpy as np } from '@jax-js/jax';
import * as operators from '@police/core/operators';
import { byRows, sizeOf } from '../arrays.js';
import type { LinearNode } from './node.js';
import type { PoolGeometry } from './windows.js';

/** The geometry of a 2-D convolution. */
export interface ConvGeometry extends PoolGeometry {
  /** Rows above, columns left, rows below, columns right. */
  readonly padding: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
  readonly groups: number;
}

/** A cross-correlation of `[C, H, W]`, w `[channels, C / groups, kH, kW]`, one b for each channel. */
export function convNode(
  name: string,
  input: string,
  inputShape: readonly number[],
  channels: number,
  geometry: ConvGeometry,
  hasBias = true,
  isFlat = false,
): LinearNode {
  const { shape, kernel, strides, padding, dilations, groups } = geometry;
  const weightShape = [channels, shape[0] / groups, ...kernel];
  const operatorOf = (weight: Float64Array, bias?: Float64Array) =>
    operators.conv({
      inShape: shape,
      weight,
      weightShape,
      ...(bias ? { bias } : {}),
      strides,
      padding,
      dilations,
      groups,
    });
  const { outShape } = operatorOf(new Float64Array(sizeOf(weightShape)));
  const pads: [number, number][] = [
    [padding[0], padding[2]],
    [padding[1], padding[3]],
  ];
  const outputShape = isFlat ? [sizeOf(outShape)] : [...outShape];
  return {
    kind: 'linear',
    name,
    inputs: [input],
    inputShape,
    shape: outputShape,
    parameters: [
      { name: 'w', shape: weightShape, deviation: Math.sqrt(2 / sizeOf(weightShape.slice(1))) },
      ...(hasBias ? [{ name: 'b', shape: [channels] }] : []),
    ],
    linear: ({ w }, x) =>
      byRows(x, inputShape, shape, outputShape, rows =>
        lax.convGeneralDilated(rows, w.ref, [...strides], pads, {
          rhsDilation: [...dilations],
          featureGroupCount: groups,
        }),
      ),
    ...(hasBias
      ? {
          bias: ({ b }) =>
            np.broadcastTo(b.ref.reshape([channels, 1, 1]), [...outShape]).reshape(outputShape),
        }
      : {}),
    operator: ({ w, b }) => operatorOf(w, b),
    positions: outShape[1] * outShape[2],
  };
}
