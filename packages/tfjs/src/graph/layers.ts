import { PoliceError } from '@police/core';
import * as operators from '@police/core/operators';
import * as tf from '@tensorflow/tfjs-core';
import type { layers } from '@tensorflow/tfjs-layers';
import type { Lifted } from '../layers/lifted-layer.js';
import type { Shifted } from '../layers/shifted-layer.js';
import {
  readAbs,
  readActivationLayer,
  readElu,
  readHardTanh,
  readLeakyRelu,
  readPrelu,
  readRelu,
  readSoftmax,
} from './activation.js';
import type { GraphBuilder, LayerReader } from './builder.js';
import { readConv, readConvTranspose, readDepthwiseConv, readSeparableConv } from './conv-kinds.js';
import { readDense } from './dense.js';
import { readMaxPool } from './max.js';
import { readAdd, readAverage, readConcatenate, readMaximum } from './merge.js';
import { readNoise } from './noise.js';
import { readBatchNorm } from './normalization.js';
import { readAveragePool } from './pooling.js';
import {
  readCropping,
  readFlatten,
  readPermute,
  readReshape,
  readUpSampling,
  readZeroPadding,
} from './shapes.js';
import { inverseOrder, storedOrder, writeFlat } from './values.js';

type Layer = layers.Layer;

const readers: Readonly<Record<string, LayerReader>> = {
  Dense: readDense,
  Conv1D: readConv,
  Conv2D: readConv,
  Conv2DTranspose: readConvTranspose,
  DepthwiseConv2D: readDepthwiseConv,
  SeparableConv2D: readSeparableConv,
  BatchNormalization: readBatchNorm,
  Activation: readActivationLayer,
  ReLU: readRelu,
  LeakyReLU: readLeakyRelu,
  PReLU: readPrelu,
  ELU: readElu,
  Softmax: readSoftmax,
  PoliceAbs: readAbs,
  PoliceHardTanh: readHardTanh,
  PoliceShifted: readShifted,
  PoliceLifted: readLifted,
  AveragePooling1D: readAveragePool,
  AveragePooling2D: readAveragePool,
  GlobalAveragePooling1D: readAveragePool,
  GlobalAveragePooling2D: readAveragePool,
  MaxPooling1D: readMaxPool,
  MaxPooling2D: readMaxPool,
  GlobalMaxPooling1D: readMaxPool,
  GlobalMaxPooling2D: readMaxPool,
  Flatten: readFlatten,
  Reshape: readReshape,
  Permute: readPermute,
  ZeroPadding2D: readZeroPadding,
  Cropping2D: readCropping,
  UpSampling2D: readUpSampling,
  Add: readAdd,
  Average: readAverage,
  Maximum: readMaximum,
  Concatenate: readConcatenate,
  Dropout: readNoise,
  SpatialDropout1D: readNoise,
  GaussianDropout: readNoise,
  GaussianNoise: readNoise,
  AlphaDropout: readNoise,
};

/** The shift as an affine layer of its own between the two parts. */
function readShifted(layer: Layer, inputs: readonly number[], builder: GraphBuilder): number {
  const { before, after, shift } = layer as Shifted;
  const place = before ? readLayer(before, inputs, builder) : inputs[0];
  const shape = builder.shapeOf(place);
  const added = builder.add(
    {
      kind: 'affine',
      name: shiftName(after.name),
      layer: layer.name,
      shape,
      storesBias: true,
      bias: shift,
      step: () => ({ apply: (x, b) => (b ? tf.add(x, b) : x), bias: shift.read() }),
      core: {
        takes: 'any',
        operators: layout => {
          const values = shift.read().dataSync();
          return [
            operators.scale({ offset: Float64Array.from(storedOrder(shape, layout), from => values[from]) }),
          ];
        },
        write: ([{ bias }], layout) => {
          writeFlat(
            shift,
            Float32Array.from(inverseOrder(storedOrder(shape, layout)), at => bias[at]),
          );
        },
      },
    },
    place,
  );
  return readLayer(after, [added], builder);
}

/** Name of the node that adds an activation's shift. */
const shiftName = (activation: string): string => `${activation}_shift`;

function readLifted(layer: Layer, inputs: readonly number[], builder: GraphBuilder): number {
  const { inner, winner, lift } = layer as Lifted;
  const place = readLayer(inner, inputs, builder);
  builder.lift(place, { winner, lift });
  return place;
}

/** Reads a layer by its class. Throws `unsupported-layer`, naming it, for a class that is not known. */
export const readLayer: LayerReader = (layer, inputs, builder) => {
  const kind = layer.getClassName();
  if (Object.hasOwn(readers, kind)) return readers[kind](layer, inputs, builder);
  throw new PoliceError({
    code: 'unsupported-layer',
    where: layer.name,
    expected: `one of ${Object.keys(readers).join(', ')}`,
    actual: kind,
    remedy: 'Constrain the layers before it, and apply it to their output.',
  });
};
