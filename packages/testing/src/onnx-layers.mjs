/** Layers with random weights, as ONNX operators: what generated models are made of. */
import { AttributeType, DataType, encode } from '@police/onnx-proto';
import { seededRng } from './random.mjs';

const OPSET = 17;
const IR_VERSION = 8;

/** Nodes named after their outputs, and weights as He et al. 2015 draw them: of variance gain / fan-in. */
export class OnnxLayers {
  nodes = [];
  initializers = [];
  #normal;

  constructor(seed) {
    this.#normal = normals(seed);
  }

  /** The bytes of a model of the layers so far; `input` and `output` are a name each with the sizes of one sample. */
  model(name, input, output) {
    const batches = sizes => Object.entries(sizes).map(([tensor, each]) => tensorOf(tensor, ['N', ...each]));
    return encode('ModelProto', {
      irVersion: BigInt(IR_VERSION),
      producerName: '@police/testing',
      opsetImport: [{ domain: '', version: BigInt(OPSET) }],
      graph: {
        name,
        node: this.nodes,
        initializer: this.initializers,
        input: batches(input),
        output: batches(output),
      },
    });
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

/** An attribute that is a list of whole numbers. */
export const ints = (name, values) => ({ name, type: AttributeType.INTS, ints: values.map(BigInt) });

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
