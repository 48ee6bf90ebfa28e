/** Cases of the audit that upstream's wasm backend refuses, for want of a kernel. */
export const stockRefuses = [
  'conv1d',
  'conv1d same strides 2',
  'conv2d',
  'conv2d relu',
  'conv2d same strides 2',
  'conv2d channelsFirst',
  'conv2dTranspose',
  'conv2dTranspose same',
  'depthwiseConv2d',
  'depthwiseConv2d same strides 2',
  'separableConv2d',
  'embedding',
  'tf.gather of rows',
  'tf.gather of columns',
  'tf.unsortedSegmentSum',
];

/** Cases that it gets wrong. */
export const stockWrong = [
  'conv3d',
  'maxPooling1d',
  'maxPooling2d',
  'maxPooling2d same overlapping',
  'tf.maxPool of negatives',
  'tf.maxPool3d of negatives',
];

/** Cases that tfjs refuses on every backend, cpu's among them: no gradient, or one of the wrong shape. */
export const coreRefuses = [
  'conv3dTranspose',
  'thresholdedReLU',
  'tf.prod',
  'tf.einsum',
  'tf.depthToSpace',
  'tf.squaredDifference broadcast',
  'tf.maximum broadcast',
  'upSampling2d bilinear, not square',
];

/** Cases that cpu gets wrong, and stock wasm right: `cpuAndStockWrong` both. Judged by the law of the adjoint. */
export const cpuWrong = ['upSampling2d nearest', 'tf.resizeNearestNeighbor'];
export const cpuAndStockWrong = ['averagePooling2d same overlapping'];
