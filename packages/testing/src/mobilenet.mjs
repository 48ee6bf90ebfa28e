/**
 * Image classifiers like MobileNetV3 (Howard et al. 2019) with random weights, as ONNX files: inverted residual blocks of 1×1 expansion,
 * depthwise convolution and 1×1 projection, ReLU6 in early blocks, hard swish in later ones, global average pooling, dense layers.
 * Batch norms are folded, as exporters do. Left out is squeeze-and-excite, a product of two tensors and affine nowhere.
 */
import { OnnxLayers } from './onnx-layers.mjs';

/** Of `repeats` blocks the first has the stride, and the others a residual sum. */
const block = (kernel, expanded, out, activation, stride, repeats = 1) =>
  Array.from({ length: repeats }, (_, i) => ({
    kernel,
    expanded,
    out,
    activation,
    stride: i === 0 ? stride : 1,
  }));

/** MobileNetV3-Large: its last stage is six blocks instead of three, which makes up for the weights of squeeze-and-excite. */
export const LARGE = {
  size: 224,
  stem: 16,
  blocks: [
    ...block(3, 16, 16, 'Relu6', 1),
    ...block(3, 64, 24, 'Relu6', 2),
    ...block(3, 72, 24, 'Relu6', 1),
    ...block(5, 120, 40, 'Relu6', 2, 3),
    ...block(3, 240, 80, 'HardSwish', 2),
    ...block(3, 200, 80, 'HardSwish', 1),
    ...block(3, 184, 80, 'HardSwish', 1, 2),
    ...block(3, 480, 112, 'HardSwish', 1),
    ...block(3, 672, 112, 'HardSwish', 1),
    ...block(5, 960, 160, 'HardSwish', 2, 6),
  ],
  last: 960,
  hidden: 1280,
  classes: 1000,
};

/** Each kind of block, for pictures of 16 × 16. */
export const SMALL = {
  size: 16,
  stem: 4,
  blocks: [
    ...block(3, 8, 4, 'Relu6', 1),
    ...block(5, 12, 6, 'Relu6', 2),
    ...block(5, 12, 6, 'HardSwish', 1),
    ...block(3, 12, 8, 'HardSwish', 2),
  ],
  last: 16,
  hidden: 12,
  classes: 4,
};

/** The bytes of a classifier of `[N, 3, size, size]` to `[N, classes]`; the same for the same layout and seed. */
export function mobilenet({ size, stem, blocks, last, hidden, classes }, seed = 1) {
  const graph = new OnnxLayers(seed);
  let x = graph.activated('HardSwish', graph.conv('stem', 'image', 3, stem, { kernel: 3, stride: 2 }));
  let channels = stem;
  for (const [i, { kernel, expanded, out, activation, stride }] of blocks.entries()) {
    const name = `block${i + 1}`;
    const before = x;
    if (expanded !== channels)
      x = graph.activated(activation, graph.conv(`${name}.expand`, x, channels, expanded));
    const depthwise = { kernel, stride, groups: expanded };
    x = graph.activated(activation, graph.conv(`${name}.depthwise`, x, expanded, expanded, depthwise));
    x = graph.conv(`${name}.project`, x, expanded, out, { gain: 1 });
    if (stride === 1 && out === channels) x = graph.node('Add', `${name}.sum`, [x, before]);
    channels = out;
  }
  x = graph.activated('HardSwish', graph.conv('last', x, channels, last));
  x = graph.node('GlobalAveragePool', 'pool', [x]);
  x = graph.node('Flatten', 'flatten', [x]);
  x = graph.activated('HardSwish', graph.dense('hidden', x, last, hidden));
  graph.dense('scores', x, hidden, classes, 1);
  return graph.model('mobilenet', { image: [3, size, size] }, { scores: [classes] });
}
