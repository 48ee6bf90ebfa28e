import * as operators from '@police/core/operators';
import * as tf from '@tensorflow/tfjs-core';
import type { layers } from '@tensorflow/tfjs-layers';
import type { GraphBuilder, LayerReader } from './builder.js';
import { type CoreAffine, type Layout, type Shape, sizeOf } from './node.js';
import { interpolated, repeated } from './resize.js';
import { fieldsOf, inverseOrder, storedShape } from './values.js';

type Layer = layers.Layer;
type DataFormat = 'channelsFirst' | 'channelsLast';

/** Adds a layer without weights. */
function addWeightless(
  builder: GraphBuilder,
  { name }: Layer,
  input: number,
  shape: Shape,
  apply: (x: tf.Tensor) => tf.Tensor,
  core: CoreAffine,
): number {
  return builder.add(
    { kind: 'affine', name, layer: name, shape, storesBias: false, step: () => ({ apply }), core },
    input,
  );
}

const outShapeOf = (layer: Layer, inShape: Shape): number[] =>
  (layer.computeOutputShape([null, ...inShape]) as number[]).slice(1);

export function readReshape(layer: Layer, [input]: readonly number[], builder: GraphBuilder): number {
  const inShape = builder.shapeOf(input);
  const shape = outShapeOf(layer, inShape);
  return addWeightless(builder, layer, input, shape, x => tf.reshape(x, [x.shape[0], ...shape]), {
    takes: 'natural',
    operators: () => [operators.reshape(inShape, shape)],
  });
}

export function readFlatten(layer: Layer, [input]: readonly number[], builder: GraphBuilder): number {
  const inShape = builder.shapeOf(input);
  const isFirst = fieldsOf<{ dataFormat?: DataFormat }>(layer).dataFormat === 'channelsFirst';
  const rank = inShape.length;
  const permutation =
    isFirst && rank > 1 ? [...Array.from({ length: rank - 1 }, (_, i) => i + 1), 0] : undefined;
  return addWeightless(
    builder,
    layer,
    input,
    [sizeOf(inShape)],
    x => tf.reshape(permutation ? tf.transpose(x, withBatch(permutation)) : x, [x.shape[0], -1]),
    {
      takes: 'natural',
      operators: () => [
        permutation
          ? operators.transpose(inShape, permutation)
          : operators.reshape(inShape, [sizeOf(inShape)]),
      ],
    },
  );
}

export function readPermute(layer: Layer, [input]: readonly number[], builder: GraphBuilder): number {
  const inShape = builder.shapeOf(input);
  const permutation = fieldsOf<{ dims: readonly number[] }>(layer).dims.map(axis => axis - 1);
  return addWeightless(
    builder,
    layer,
    input,
    permutation.map(axis => inShape[axis]),
    x => tf.transpose(x, withBatch(permutation)),
    { takes: 'natural', operators: () => [operators.transpose(inShape, permutation)] },
  );
}

const withBatch = (permutation: readonly number[]): number[] => [0, ...permutation.map(axis => axis + 1)];

type Borders = readonly (readonly [number, number])[];

/** Padding with zeros, or, of negative width, cropping, `[before, after]` on each spatial axis. */
function readBorders(bordersOf: (layer: Layer) => Borders): LayerReader {
  return (layer, [input], builder) => {
    const inShape = builder.shapeOf(input);
    const shape = outShapeOf(layer, inShape);
    const none: readonly [number, number] = [0, 0];
    const isFirst = fieldsOf<{ dataFormat: DataFormat }>(layer).dataFormat === 'channelsFirst';
    const borders = isFirst ? [none, ...bordersOf(layer)] : [...bordersOf(layer), none];
    const isCrop = borders.some(([before, after]) => before < 0 || after < 0);
    return addWeightless(
      builder,
      layer,
      input,
      shape,
      x =>
        isCrop
          ? tf.slice(x, [0, ...borders.map(([before]) => -before)], [x.shape[0], ...shape])
          : tf.pad(x, [[0, 0], ...borders.map(([before, after]): [number, number] => [before, after])]),
      {
        takes: 'any',
        operators: layout => {
          const stored = storedBorders(borders, layout);
          const pads = [...stored.map(([before]) => before), ...stored.map(([, after]) => after)];
          return [operators.pad(storedShape(inShape, layout), pads)];
        },
      },
    );
  };
}

function storedBorders(borders: Borders, layout: Layout): Borders {
  const axes = storedShape(
    borders.map((_, i) => i),
    layout,
  );
  return axes.map(axis => borders[axis]);
}

export const readZeroPadding: LayerReader = readBorders(
  layer => fieldsOf<{ padding: Borders }>(layer).padding,
);

export const readCropping: LayerReader = readBorders(layer =>
  fieldsOf<{ cropping: Borders }>(layer).cropping.map(([before, after]): [number, number] => [
    -before,
    -after,
  ]),
);

interface UpSamplingFields {
  /** How often every pixel comes, down and across. */
  readonly size: readonly number[];
  readonly interpolation: 'nearest' | 'bilinear';
  readonly dataFormat: DataFormat;
}

export function readUpSampling(layer: Layer, [input]: readonly number[], builder: GraphBuilder): number {
  const { interpolation, dataFormat, size } = fieldsOf<UpSamplingFields>(layer);
  const inShape = builder.shapeOf(input);
  const shape = outShapeOf(layer, inShape);
  const layout: Layout = dataFormat === 'channelsFirst' ? 'natural' : 'channelsFirst';
  const stored = storedShape(inShape, layout);
  const outStored = storedShape(shape, layout);
  const [, height, width] = outStored;
  const resize = (x: tf.Tensor) => (interpolation === 'nearest' ? repeated(x, size) : interpolated(x, size));
  const lastAxes = [0, 2, 3, 1];
  return addWeightless(
    builder,
    layer,
    input,
    shape,
    x =>
      layout === 'natural'
        ? tf.transpose(resize(tf.transpose(x, lastAxes)), [...inverseOrder(Int32Array.from(lastAxes))])
        : resize(x),
    {
      takes: layout,
      operators: () => [
        interpolation === 'nearest'
          ? operators.resizeNearest(stored, {
              outShape: outStored,
              coordinates: 'asymmetric',
              rounding: 'floor',
            })
          : operators.resizeLinear({ shape: stored, outSize: [height, width], coordinates: 'asymmetric' }),
      ],
    },
  );
}
