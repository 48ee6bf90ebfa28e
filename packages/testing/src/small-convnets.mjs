/** Classifiers of pictures 3 × 32 × 32 like those that provers are compared by (VNN-COMP), with random weights, as ONNX files. */
import { ints, OnnxLayers } from './onnx-layers.mjs';

const halves = [ints('kernel_shape', [2, 2]), ints('strides', [2, 2])];

/** `resnet_2b`: two residual blocks, 6,244 units with ReLU, 36 thousand weights. */
export function smallResnet(seed = 1) {
  const graph = new OnnxLayers(seed);
  const relu = x => graph.activated('Relu', x);
  const wide = { kernel: 3 };
  const stem = relu(graph.conv('stem', 'image', 3, 8, { ...wide, stride: 2 }));
  const first = graph.conv('block1.conv1', stem, 8, 16, { ...wide, stride: 2 });
  const beside = graph.conv('block1.shortcut', stem, 8, 16, { stride: 2 });
  const sum = graph.node('Add', 'block1', [graph.conv('block1.conv2', relu(first), 16, 16, wide), beside]);
  const between = relu(sum);
  const second = graph.conv(
    'block2.conv2',
    relu(graph.conv('block2.conv1', between, 16, 16, wide)),
    16,
    16,
    wide,
  );
  const last = relu(graph.node('Add', 'block2', [second, between]));
  return headed(graph, 'resnet', graph.node('AveragePool', 'pool', [last], halves), 16 * 4 * 4);
}

/** `Convnet_maxpool`: two convolutions with a max-pool after each, 24,676 units with ReLU, 211 thousand weights. */
export function maxPoolNet(seed = 1) {
  const graph = new OnnxLayers(seed);
  const stage = (i, x, from, to) => {
    const bent = graph.activated('Relu', graph.conv(`conv${i}`, x, from, to, { kernel: 3 }));
    return graph.node('MaxPool', `pool${i}`, [bent], halves);
  };
  return headed(graph, 'maxpool', stage(2, stage(1, 'image', 3, 16), 16, 32), 32 * 8 * 8);
}

/** Ends in a hidden layer of 100 units and ten classes. */
function headed(graph, name, x, size) {
  const flat = graph.node('Flatten', 'flatten', [x]);
  const hidden = graph.activated('Relu', graph.dense('hidden', flat, size, 100));
  graph.dense('scores', hidden, 100, 10, 1);
  return graph.model(name, { image: [3, 32, 32] }, { scores: [10] });
}
