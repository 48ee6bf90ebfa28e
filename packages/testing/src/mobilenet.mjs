/**
 * Image classifiers like MobileNetV3 (Howard et al. 2019) with random weights, as ONNX files: inverted residual blocks of 1×1 expansion,
 * depthwise convolution and 1×1 projection, ReLU6 in early blocks, hard swish in later ones, global average pooling, dense layers.
 * Batch norms are folded, as exporters do. Left out is squeeze-and-excite, a product of two tensors and affine nowhere.
 */
import { AttributeType, DataType, encode } from '@police/onnx-proto';
import { seededRng } from './random.mjs';

const OPSET = 17;
const IR_VERSION = 8;

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
  const graph = new Graph(normals(seed));
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
  return encode('ModelProto', {
    irVersion: BigInt(IR_VERSION),
    producerName: '@police/testing',
    opsetImport: [{ domain: '', version: BigInt(OPSET) }],
    graph: {
      name: 'mobilenet',
      node: graph.nodes,
      initializer: graph.initializers,
      input: [tensorOf('image', ['N', 3, size, size])],
      output: [tensorOf('scores', ['N', classes])],
    },
  });
}

/** Nodes named after their outputs, and weights as He et al. 2015 draw them: of variance gain / fan-in. */
class Graph {
  nodes = [];
  initializers = [];
  #normal;

  constructor(normal) {
    this.#normal = normal;
  }

  conv(name, input, from, to, { kernel = 1, stride = 1, groups = 1, gain = 2 } = {}) {
    const edge = (kernel - 1) / 2;
    const inputs = [input, ...this.#parameters(name, [to, from / groups, kernel, kernel], gain)];
    return this.node('Conv', name, inputs, [
      ints('strides', [stride, stride]),
      ints('pads', [edge, edge, edge, edge]),
      { name: 'group', type: AttributeType.INT, i: BigInt(groups) },
    ]);
  }

  dense(name, input, from, to, gain = 2) {
    const inputs = [input, ...this.#parameters(name, [to, from], gain)];
    return this.node('Gemm', name, inputs, [{ name: 'transB', type: AttributeType.INT, i: 1n }]);
  }

  activated(kind, input) {
    if (kind !== 'Relu6') return this.node(kind, `${input}.${kind}`, [input]);
    const bounds = [0, 6].map(bound => this.#constant(`${input}.${bound}`, [], Float32Array.of(bound)));
    return this.node('Clip', `${input}.Clip`, [input, ...bounds]);
  }

  node(opType, name, input, attribute = []) {
    this.nodes.push({ opType, name, input, output: [name], attribute });
    return name;
  }

  /** Weights `[out, …]`, and small biases. */
  #parameters(name, dims, gain) {
    const [out, ...each] = dims;
    const fanIn = each.reduce((product, n) => product * n, 1);
    const values = (count, deviation) =>
      Float32Array.from({ length: count }, () => deviation * this.#normal());
    return [
      this.#constant(`${name}.weight`, dims, values(out * fanIn, Math.sqrt(gain / fanIn))),
      this.#constant(`${name}.bias`, [out], values(out, 0.1)),
    ];
  }

  #constant(name, dims, values) {
    const rawData = new Uint8Array(values.buffer);
    this.initializers.push({ name, dims: dims.map(BigInt), dataType: DataType.FLOAT, rawData });
    return name;
  }
}

const ints = (name, values) => ({ name, type: AttributeType.INTS, ints: values.map(BigInt) });

function tensorOf(name, sizes) {
  const dim = sizes.map(size => ({
    value:
      typeof size === 'string'
        ? { case: 'dimParam', value: size }
        : { case: 'dimValue', value: BigInt(size) },
  }));
  return {
    name,
    type: { value: { case: 'tensorType', value: { elemType: DataType.FLOAT, shape: { dim } } } },
  };
}

/** Normally distributed numbers (Box and Muller 1958). */
function normals(seed) {
  const rng = seededRng(seed);
  return () => Math.sqrt(-2 * Math.log1p(-rng())) * Math.cos(2 * Math.PI * rng());
}
