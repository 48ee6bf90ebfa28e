import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { random } from './helpers.js';

/** A differentiable computation: its value and all of its gradients are compared between backends. */
export interface Case {
  name: string;
  run: () => tf.Tensor[];
}

/** As many products as the longest sum in a case has: 9 · 8 · 2 pixels of an image. */
export const TERMS = 144;

/** f's value at random inputs of the shapes, and the gradients of its random projection to all of them. */
function op(name: string, shapes: number[][], f: (...x: tf.Tensor[]) => tf.Tensor, offset = 0): Case {
  return {
    name,
    run: () => {
      const inputs = shapes.map((shape, i) => tf.add(random(shape, i + 1), offset));
      const y = f(...inputs);
      return [y, ...tf.grads(f)(inputs, random(y.shape, 99))];
    },
  };
}

/** A layer's value in training and the gradients to its weights and, unless it takes indices, its input. */
function layer(name: string, inputShape: number[], make: () => tfl.layers.Layer, indices?: number): Case {
  return {
    name,
    run: () => {
      const one = make();
      const x = indices
        ? tf.cast(tf.floor(tf.mul(tf.abs(random(inputShape)), indices)), 'int32')
        : random(inputShape);
      const forward = (x: tf.Tensor): tf.Tensor => one.apply(x, { training: true }) as tf.Tensor;
      one.apply(tfl.input({ shape: inputShape.slice(1), dtype: indices ? 'int32' : 'float32' }));
      const trained = one.trainableWeights.length;
      one.setWeights(one.getWeights().map((w, i) => tf.add(random(w.shape, i + 5), i < trained ? 0 : 1.5)));
      const y = forward(x);
      const projection = random(y.shape, 99);
      const loss = () => tf.sum(tf.mul(forward(x), projection)) as tf.Scalar;
      const variables = one.trainableWeights.map(w => w.read() as tf.Variable);
      const weightGrads = trained
        ? Object.values(tf.variableGrads(loss, variables).grads)
        : ([] as tf.Tensor[]);
      const inputGrad = indices ? [] : [tf.grad(forward)(x, projection)];
      const out = [y, ...weightGrads, ...inputGrad].map(t => tf.clone(t));
      for (const w of one.weights) w.dispose();
      return out;
    },
  };
}

const L = tfl.layers;
const image = [2, 9, 8, 3];
const samePad = { padding: 'same' as const };

const layerCases: Case[] = [
  layer('dense', [5, 7], () => L.dense({ units: 6 })),
  ...(['relu', 'elu', 'sigmoid', 'softmax', 'tanh', 'selu', 'softplus', 'relu6'] as const).map(activation =>
    layer(`dense ${activation}`, [5, 7], () => L.dense({ units: 6, activation })),
  ),
  layer('dense of rank 3', [5, 4, 7], () => L.dense({ units: 6 })),
  layer('conv1d', [2, 11, 3], () => L.conv1d({ filters: 4, kernelSize: 3 })),
  layer('conv1d same strides 2', [2, 11, 3], () =>
    L.conv1d({ filters: 4, kernelSize: 3, strides: 2, ...samePad }),
  ),
  layer('conv2d', image, () => L.conv2d({ filters: 4, kernelSize: 3 })),
  layer('conv2d relu', image, () => L.conv2d({ filters: 4, kernelSize: 3, activation: 'relu' })),
  layer('conv2d same strides 2', image, () =>
    L.conv2d({ filters: 4, kernelSize: [3, 2], strides: 2, ...samePad }),
  ),
  layer('conv2d channelsFirst', [2, 3, 9, 8], () =>
    L.conv2d({ filters: 4, kernelSize: 3, dataFormat: 'channelsFirst' }),
  ),
  layer('conv2dTranspose', image, () => L.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2 })),
  layer('conv2dTranspose same', image, () => L.conv2dTranspose({ filters: 4, kernelSize: 3, ...samePad })),
  layer('conv3d', [2, 5, 4, 6, 2], () => L.conv3d({ filters: 3, kernelSize: 2 })),
  layer('conv3dTranspose', [2, 5, 4, 6, 2], () => L.conv3dTranspose({ filters: 3, kernelSize: 2 })),
  layer('depthwiseConv2d', image, () => L.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2 })),
  layer('depthwiseConv2d same strides 2', image, () =>
    L.depthwiseConv2d({ kernelSize: 3, strides: 2, ...samePad }),
  ),
  layer('separableConv2d', image, () => L.separableConv2d({ filters: 4, kernelSize: 3, depthMultiplier: 2 })),
  layer('batchNormalization', image, () => L.batchNormalization()),
  layer('batchNormalization of rank 2', [5, 7], () => L.batchNormalization()),
  layer('layerNormalization', [5, 7], () => L.layerNormalization()),
  layer('maxPooling1d', [2, 9, 3], () => L.maxPooling1d({ poolSize: 2 })),
  layer('maxPooling2d', image, () => L.maxPooling2d({ poolSize: 2 })),
  layer('maxPooling2d same overlapping', image, () =>
    L.maxPooling2d({ poolSize: 3, strides: 2, ...samePad }),
  ),
  layer('maxPooling3d', [2, 4, 4, 6, 2], () => L.maxPooling3d({ poolSize: 2 })),
  layer('averagePooling1d', [2, 9, 3], () => L.averagePooling1d({ poolSize: 2 })),
  layer('averagePooling2d', image, () => L.averagePooling2d({ poolSize: 2 })),
  layer('averagePooling2d same overlapping', image, () =>
    L.averagePooling2d({ poolSize: 3, strides: 2, ...samePad }),
  ),
  layer('averagePooling3d', [2, 4, 4, 6, 2], () => L.averagePooling3d({ poolSize: 2 })),
  layer('globalMaxPooling1d', [2, 9, 3], () => L.globalMaxPooling1d()),
  layer('globalMaxPooling2d', image, () => L.globalMaxPooling2d({})),
  layer('globalAveragePooling1d', [2, 9, 3], () => L.globalAveragePooling1d()),
  layer('globalAveragePooling2d', image, () => L.globalAveragePooling2d({})),
  layer('upSampling2d nearest', image, () => L.upSampling2d({ interpolation: 'nearest' })),
  layer('upSampling2d bilinear', [2, 8, 8, 3], () => L.upSampling2d({ interpolation: 'bilinear' })),
  layer('upSampling2d bilinear, not square', image, () => L.upSampling2d({ interpolation: 'bilinear' })),
  layer('zeroPadding2d', image, () => L.zeroPadding2d({ padding: [1, 2] })),
  layer('cropping2D', image, () =>
    L.cropping2D({
      cropping: [
        [1, 2],
        [0, 1],
      ],
    }),
  ),
  layer('embedding', [4, 6], () => L.embedding({ inputDim: 7, outputDim: 5 }), 7),
  layer('flatten', image, () => L.flatten()),
  layer('permute', image, () => L.permute({ dims: [3, 1, 2] })),
  layer('repeatVector', [5, 7], () => L.repeatVector({ n: 3 })),
  layer('prelu', image, () => L.prelu()),
  layer('leakyReLU', image, () => L.leakyReLU({ alpha: 0.1 })),
  layer('elu', image, () => L.elu()),
  layer('thresholdedReLU', image, () => L.thresholdedReLU({ theta: 0.2 })),
  layer('reLU max', image, () => L.reLU({ maxValue: 0.5 })),
  layer('softmax', [5, 7], () => L.softmax()),
  layer('simpleRNN', [2, 5, 3], () => L.simpleRNN({ units: 4, recurrentInitializer: 'glorotUniform' })),
  layer('lstm', [2, 5, 3], () => L.lstm({ units: 4, recurrentInitializer: 'glorotUniform' })),
  layer('gru', [2, 5, 3], () => L.gru({ units: 4, recurrentInitializer: 'glorotUniform' })),
];

const rows = [5, 7];
type Unary = (x: tf.Tensor) => tf.Tensor;
const unary: [string, Unary][] = [
  ['abs', tf.abs],
  ['exp', tf.exp],
  ['tanh', tf.tanh],
  ['sigmoid', tf.sigmoid],
  ['softplus', tf.softplus],
  ['elu', tf.elu],
  ['selu', tf.selu],
  ['relu', tf.relu],
  ['relu6', x => tf.relu6(tf.mul(x, 8))],
  ['leakyRelu', x => tf.leakyRelu(x, 0.1)],
  ['square', tf.square],
  ['erf', tf.erf],
  ['softmax', x => tf.softmax(x as tf.Tensor2D)],
  ['logSoftmax', x => tf.logSoftmax(x as tf.Tensor2D)],
  ['logSumExp', x => tf.logSumExp(x, 1)],
  ['clipByValue', x => tf.clipByValue(x, -0.3, 0.4)],
  ['transpose', x => tf.transpose(x)],
  ['max', x => tf.max(x, 0)],
  ['min', x => tf.min(x, 1)],
  ['sum over rows', x => tf.sum(x, 0)],
  ['mean over rows', x => tf.mean(x, 0)],
  ['prod', x => tf.prod(x, 1)],
  ['cumsum', x => tf.cumsum(x, 1)],
  ['tile', x => tf.tile(x, [2, 3])],
  ['reverse', x => tf.reverse(x, 1)],
  ['slice', x => tf.slice(x, [1, 2], [3, 4])],
  ['pad', x => tf.pad(x, [[1, 2] as [number, number], [0, 3] as [number, number]])],
  [
    'mirrorPad',
    x => tf.mirrorPad(x as tf.Tensor2D, [[1, 2] as [number, number], [0, 3] as [number, number]], 'reflect'),
  ],
  ['split', x => tf.split(x, [3, 4], 1)[1]],
  ['unstack', x => tf.unstack(x)[2]],
  ['gather of rows', x => tf.gather(x, tf.tensor1d([1, 4, 1], 'int32'))],
  ['gather of columns', x => tf.gather(x, tf.tensor1d([1, 4, 1], 'int32'), 1)],
  ['mod', x => tf.mod(x, 0.3)],
  ['expand and squeeze', x => tf.squeeze(tf.expandDims(x, 1))],
  ['norm', x => tf.norm(x)],
  ['moments', x => tf.moments(x, 0).variance],
];
const positive: [string, Unary][] = [
  ['log', tf.log],
  ['log1p', tf.log1p],
  ['sqrt', tf.sqrt],
  ['rsqrt', tf.rsqrt],
  ['reciprocal', tf.reciprocal],
  ['pow', x => tf.pow(x, 1.7)],
];
type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;
const binary: [string, Binary][] = [
  ['add', tf.add],
  ['sub', tf.sub],
  ['mul', tf.mul],
  ['div', tf.div],
  ['squaredDifference', tf.squaredDifference],
  ['maximum', tf.maximum],
  ['minimum', tf.minimum],
  ['prelu', tf.prelu],
  ['where', (a, b) => tf.where(tf.tensor2d([1, 0, 0, 1, 0], [5, 1], 'bool'), a, b)],
  ['concat', (a, b) => tf.concat([a, b], 0)],
  ['stack', (a, b) => tf.stack([a, b], 1)],
];
const opCases: Case[] = [
  ...unary.map(([name, f]) => op(`tf.${name}`, [rows], f)),
  ...positive.map(([name, f]) => op(`tf.${name}`, [rows], f, 1.5)),
  op(
    'tf.einsum',
    [
      [2, 3, 4],
      [4, 5],
    ],
    (a, b) => tf.einsum('bij,jk->bik', a, b),
  ),
  op(
    'tf.matMul of batches',
    [
      [3, 4, 5],
      [3, 5, 2],
    ],
    (a, b) => tf.matMul(a, b),
  ),
  op(
    'tf.matMul of transposes',
    [
      [5, 4],
      [2, 5],
    ],
    (a, b) => tf.matMul(a, b, true, true),
  ),
  op('tf.resizeNearestNeighbor', [image], x => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [5, 11])),
  op('tf.resizeBilinear', [[2, 8, 8, 3]], x => tf.image.resizeBilinear(x as tf.Tensor4D, [5, 11])),
  op('tf.resizeBilinear align', [[2, 8, 8, 3]], x =>
    tf.image.resizeBilinear(x as tf.Tensor4D, [5, 11], true),
  ),
  op('tf.localResponseNormalization', [image], x => tf.localResponseNormalization(x as tf.Tensor4D)),
  op('tf.depthToSpace', [[2, 3, 3, 4]], x => tf.depthToSpace(x as tf.Tensor4D, 2)),
  op('tf.spaceToBatchND', [[1, 4, 4, 1]], x =>
    tf.spaceToBatchND(
      x,
      [2, 2],
      [
        [0, 0],
        [0, 0],
      ],
    ),
  ),
  op('tf.batchToSpaceND', [[4, 2, 2, 1]], x =>
    tf.batchToSpaceND(
      x,
      [2, 2],
      [
        [0, 0],
        [0, 0],
      ],
    ),
  ),
  op('tf.dilation2d', [image, [3, 3, 3]], (x, w) =>
    tf.dilation2d(x as tf.Tensor4D, w as tf.Tensor3D, 1, 'valid'),
  ),
  op('tf.maxPool of negatives', [image], x => tf.maxPool(x as tf.Tensor4D, 2, 2, 'same'), -3),
  op('tf.maxPool3d of negatives', [[2, 4, 4, 6, 2]], x => tf.maxPool3d(x as tf.Tensor5D, 2, 2, 'same'), -3),
  op('tf.unsortedSegmentSum', [rows], x =>
    tf.unsortedSegmentSum(x, tf.tensor1d([1, 0, 2, 1, 0], 'int32'), 3),
  ),
  ...binary.map(([name, f]) => op(`tf.${name}`, [rows, rows], f)),
  ...binary.slice(0, 6).map(([name, f]) => op(`tf.${name} broadcast`, [rows, [7]], f, 2.5)),
];
export const cases: Case[] = [...layerCases, ...opCases];
