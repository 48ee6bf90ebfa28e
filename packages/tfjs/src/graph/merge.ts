import { PoliceError } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import type { layers } from '@tensorflow/tfjs-layers';
import type { GraphBuilder, LayerReader } from './builder.js';
import { maxOverInputs } from './max.js';
import { fieldsOf } from './values.js';

type Layer = layers.Layer;

export const readAdd: LayerReader = readSum(
  inputs => inputs.map(() => 1),
  inputs => inputs.reduce((a, b) => tf.add(a, b)),
);

export const readAverage: LayerReader = readSum(
  inputs => inputs.map(() => 1 / inputs.length),
  inputs =>
    tf.mul(
      inputs.reduce((a, b) => tf.add(a, b)),
      1 / inputs.length,
    ),
);

function readSum(
  coefficientsOf: (inputs: readonly number[]) => number[],
  apply: (inputs: readonly tf.Tensor[]) => tf.Tensor,
): LayerReader {
  return (layer, inputs, builder) => {
    assertSameShape(layer, inputs, builder);
    const { name } = layer;
    const shape = builder.shapeOf(inputs[0]);
    return builder.add(
      { kind: 'sum', name, layer: name, shape, coefficients: coefficientsOf(inputs), apply },
      ...inputs,
    );
  };
}

export function readConcatenate(layer: Layer, inputs: readonly number[], builder: GraphBuilder): number {
  const shapes = inputs.map(input => builder.shapeOf(input));
  const axisWithBatch = fieldsOf<{ axis: number }>(layer).axis;
  const axis = axisWithBatch < 0 ? axisWithBatch + shapes[0].length : axisWithBatch - 1;
  if (axis < 0) {
    throw new PoliceError({
      code: 'unsupported-layer',
      where: layer.name,
      expected: 'a concatenation along an axis of the features',
      actual: 'one along the batch',
    });
  }
  const shape = [...shapes[0]];
  shape[axis] = shapes.reduce((sum, other) => sum + other[axis], 0);
  return builder.add({ kind: 'concat', name: layer.name, layer: layer.name, shape, axis }, ...inputs);
}

/** The inputs stacked along a new first axis, and the maximum over it. */
export function readMaximum(layer: Layer, inputs: readonly number[], builder: GraphBuilder): number {
  assertSameShape(layer, inputs, builder);
  const { name } = layer;
  const shape = builder.shapeOf(inputs[0]);
  const stacked = builder.add(
    {
      kind: 'concat',
      name: `${name}_inputs`,
      layer: name,
      shape: [inputs.length * shape[0], ...shape.slice(1)],
      axis: 0,
    },
    ...inputs,
  );
  return builder.add(maxOverInputs(name, inputs.length, shape), stacked);
}

function assertSameShape(layer: Layer, inputs: readonly number[], builder: GraphBuilder): void {
  const shapes = inputs.map(input => builder.shapeOf(input).join(' × '));
  if (shapes.every(shape => shape === shapes[0])) return;
  throw new PoliceError({
    code: 'unsupported-layer',
    where: layer.name,
    expected: 'inputs of one shape',
    actual: shapes.join(' and '),
    remedy: 'Bring them to one shape first: broadcasting is not supported.',
  });
}
