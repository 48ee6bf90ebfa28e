import * as operators from '@police/core/operators';
import type { layers } from '@tensorflow/tfjs-layers';
import type { GraphBuilder } from './builder.js';
import { poolOf } from './pool-geometry.js';

/** AveragePooling1D and 2D, and the global ones. Padding does not count. */
export function readAveragePool(
  layer: layers.Layer,
  [input]: readonly number[],
  builder: GraphBuilder,
): number {
  const pool = poolOf(layer, builder.shapeOf(input));
  const { planes, kernel, strides, padding, outShape, layout } = pool;
  const { name } = layer;
  return builder.add(
    {
      kind: 'affine',
      name,
      layer: name,
      shape: outShape,
      storesBias: false,
      step: () => ({ apply: pool.average }),
      core: {
        takes: layout,
        gives: outShape.length > 1 ? layout : 'natural',
        operators: () => [operators.averagePool({ shape: planes, kernel, strides, padding })],
      },
    },
    input,
  );
}
