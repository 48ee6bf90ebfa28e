import { maxPoolWindows, type Windows } from '@police/core';
import { windowsOf } from '@police/core/adapter';
import * as tf from '@tensorflow/tfjs-core';
import type { layers } from '@tensorflow/tfjs-layers';
import type { GraphBuilder } from './builder.js';
import { type MaxNode, type Shape, sizeOf } from './node.js';
import { type Pool, poolOf } from './pool-geometry.js';
import { inverseOrder, storedOrder } from './values.js';

type Unplaced = Omit<MaxNode, 'inputs'>;

/** The maximum of `count` inputs of one shape that lie one after the other. */
export function maxOverInputs(name: string, count: number, shape: Shape): Unplaced {
  const size = sizeOf(shape);
  const lists = Array.from({ length: size }, (_, unit) =>
    Array.from({ length: count }, (__, i) => i * size + unit),
  );
  return {
    kind: 'max',
    name,
    layer: name,
    shape,
    windows: windowsOf(lists),
    apply: x => tf.split(x, count, 1).reduce((a, b) => tf.maximum(a, b)),
  };
}

/** MaxPooling1D and 2D, and the global ones. */
export function readMaxPool(layer: layers.Layer, [input]: readonly number[], builder: GraphBuilder): number {
  const pool = poolOf(layer, builder.shapeOf(input));
  const { name } = layer;
  return builder.add(
    { kind: 'max', name, layer: name, shape: pool.outShape, windows: poolWindows(pool), apply: pool.max },
    input,
  );
}

/** Core's windows for channels in front, renumbered for the layout that the layer has. */
function poolWindows({ planes, kernel, strides, padding, layout, inShape, outShape }: Pool): Windows {
  const { windows } = maxPoolWindows({ shape: planes, kernel, strides, padding });
  const inOrder = storedOrder(inShape, layout);
  const outPlace = inverseOrder(storedOrder(outShape, outShape.length > 1 ? layout : 'natural'));
  return windowsOf(
    Array.from(outPlace, w =>
      Array.from(windows.members.subarray(windows.offsets[w], windows.offsets[w + 1]), m => inOrder[m]),
    ),
  );
}
