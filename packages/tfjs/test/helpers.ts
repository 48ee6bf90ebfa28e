import {
  type AffineOperator,
  chordProbe,
  dense,
  forward,
  type Matrix,
  matrixFromRows,
  type Network,
  type NetworkNode,
  PoliceError,
  type Region,
  rowOf,
} from '@police/core';
import { forwardValues, type InputNode, inputsOf, UNRESOLVED } from '@police/core/adapter';
import {
  largestDifference,
  makeRegion,
  type RegionKind,
  randomArray,
  seededRng,
} from '@police/testing/helpers';
import { abs, hardTanh, policedLayerOf } from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect } from 'vitest';

export { backends, useBackend, watchRefusals } from './backends.js';
export { largestDifference, makeRegion, type RegionKind, seededRng };

export const layerKinds = ['leakyRelu', 'prelu', 'relu6', 'denseRelu', 'abs', 'hardTanh'] as const;
export type LayerKind = (typeof layerKinds)[number] | 'relu';

export function activationLayer(kind: LayerKind, seed = 1): tfl.layers.Layer {
  switch (kind) {
    case 'leakyRelu':
      return tfl.layers.leakyReLU({ alpha: 0.01 });
    case 'prelu':
      return tfl.layers.prelu({
        alphaInitializer: tfl.initializers.randomUniform({ minval: -0.5, maxval: 0.5, seed }),
      });
    case 'abs':
      return abs();
    case 'hardTanh':
      return hardTanh();
    case 'relu6':
      return tfl.layers.reLU({ maxValue: 6 });
    default:
      return tfl.layers.activation({ activation: 'relu' });
  }
}

/** widths[0] → … → widths.at(-1), the activation after every Dense but the last, seeded. */
export function makeModel(widths: readonly number[], kind: LayerKind, seed = 1): tfl.Sequential {
  const model = tfl.sequential();
  for (let i = 1; i < widths.length; i++) {
    const isLast = i === widths.length - 1;
    model.add(
      tfl.layers.dense({
        units: widths[i],
        ...(i === 1 ? { inputShape: [widths[0]] } : {}),
        ...(kind === 'denseRelu' && !isLast ? { activation: 'relu' } : {}),
        kernelInitializer: tfl.initializers.heNormal({ seed: seed + i }),
        biasInitializer: tfl.initializers.randomUniform({ minval: -0.5, maxval: 0.5, seed: seed + 100 + i }),
      }),
    );
    if (!isLast && kind !== 'denseRelu') model.add(activationLayer(kind, seed + 200 + i));
  }
  return model;
}

/** Numbers in [−scale, scale], seeded. */
export const randomRows = (rows: number, cols: number, seed: number, scale = 1): Matrix => ({
  rows,
  cols,
  data: Float64Array.from(randomArray(seededRng(seed), rows * cols, scale)),
});

export const toTensor = ({ rows, cols, data }: Matrix): tf.Tensor2D =>
  tf.tensor2d(Float32Array.from(data), [rows, cols]);

export function toMatrix(tensor: tf.Tensor): Matrix {
  const [rows] = tensor.shape;
  return { rows, cols: tensor.size / rows, data: Float64Array.from(tensor.dataSync()) };
}

/** The model's outputs, and nothing left behind. */
export function predict(model: tfl.LayersModel, x: Matrix): Matrix {
  const output = tf.tidy(() => model.predict(toInput(model, x)) as tf.Tensor);
  const values = toMatrix(output);
  output.dispose();
  return values;
}

/** Rows as tensors of the model's input shape. */
export const toInput = (model: tfl.LayersModel, x: Matrix): tf.Tensor =>
  tf.tidy(() => tf.reshape(toTensor(x), [x.rows, ...(model.inputs[0].shape.slice(1) as number[])]));

/** Copies of the weights, in the model's order. */
export const weightsOf = (model: tfl.LayersModel): Float32Array[] =>
  model.getWeights().map(weight => weight.dataSync().slice() as Float32Array);

/** The weights that a step changes. */
export const trainableOf = (model: tfl.LayersModel): tf.Variable[] =>
  model.trainableWeights.map(weight => weight.read() as tf.Variable);

/** Makes a step of Adam on the mean squared error of fixed data. */
export function adamStep(model: tfl.LayersModel, x: tf.Tensor, y: tf.Tensor): () => void {
  const optimizer = tf.train.adam(0.01);
  return () => {
    optimizer.minimize(
      () => tf.losses.meanSquaredError(y, model.apply(x, { training: true }) as tf.Tensor) as tf.Scalar,
      false,
      trainableOf(model),
    );
  };
}

/** The constrained model's own raw weights as a plain model: in mode `shift`, without the shifts. */
export const innerOf = (policed: tfl.LayersModel): tfl.LayersModel => policedLayerOf(policed).inner;

/** Unit roundoff of float32: one rounding changes a value by at most this factor. */
export const FLOAT32_ROUNDOFF = 2 ** -24;

/** Roundings of one unit beyond its products: the bias, the shift, the activation's slope and offset. */
const ROUNDINGS_PER_UNIT = 4;

/** Standard deviations of accumulated rounding that a test allows. */
const DEVIATIONS = 4;

/** Their root mean square is right to a quarter or so. */
const SIGN_SAMPLES = 8;

/**
 * How far a float32 run of the constrained network lies from exact arithmetic at the points `[n, inSize]`, roundings
 * taken as independent (Higham and Mary 2019): √n · u · (|W||v| + |b| + |c|) per layer, carried on in quadrature, times
 * `DEVIATIONS`. A shift is found from frame values in error themselves, so each nonlinearity doubles the error.
 */
export function float32Bound(net: Network, points: Matrix): number {
  const sizes = new Map<string, Float64Array>(); // [units], of the values
  const errors = new Map<string, Float64Array>();
  for (const [name, values] of forwardValues(net, points)) sizes.set(name, largestColumns(values));
  for (const node of net.nodes) {
    const size = sizes.get(node.name)!;
    errors.set(
      node.name,
      node.kind === 'input' ? size.map(x => x * FLOAT32_ROUNDOFF) : errorOfNode(node, sizes, errors),
    );
  }
  return DEVIATIONS * largest(errors.get(net.nodes.at(-1)!.name)!);
}

function errorOfNode(
  node: Exclude<NetworkNode, InputNode>,
  sizes: ReadonlyMap<string, Float64Array>,
  errors: ReadonlyMap<string, Float64Array>,
): Float64Array {
  const inputs = inputsOf(node).map(name => ({ size: sizes.get(name)!, error: errors.get(name)! }));
  const [{ size, error }] = inputs;
  const roundoff = Math.sqrt(ROUNDINGS_PER_UNIT) * FLOAT32_ROUNDOFF;
  switch (node.kind) {
    case 'affine': {
      const { magnitude, bias, terms } = node.operator;
      const summed = magnitude(rowMatrix(size)).data.map((x, j) => x + Math.abs(bias[j]));
      const perTerm = Math.sqrt(terms + ROUNDINGS_PER_UNIT) * FLOAT32_ROUNDOFF;
      return carried(node.operator, error).map((e, j) => e + perTerm * summed[j]);
    }
    case 'activation':
      return error.map((e, j) => 2 * (e + roundoff * (size[j] + Math.abs(node.shift?.[j] ?? 0))));
    case 'max': {
      const { offsets, members } = node.windows;
      return Float64Array.from({ length: offsets.length - 1 }, (_, w) =>
        Array.from(members.subarray(offsets[w], offsets[w + 1])).reduce(
          (most, i) => Math.max(most, 2 * (error[i] + roundoff * (size[i] + (node.lifts?.lift[w] ?? 0)))),
          0,
        ),
      );
    }
    case 'sum':
      return error.map((_, j) =>
        inputs.reduce(
          (sum, input, i) =>
            sum + Math.abs(node.coefficients?.[i] ?? 1) * (input.error[j] + roundoff * input.size[j]),
          0,
        ),
      );
    case 'concat':
      return Float64Array.from(inputs.flatMap(input => Array.from(input.error)));
    case 'clamp':
      return error.map((_, j) =>
        inputs.reduce((sum, input) => sum + input.error[j] + roundoff * input.size[j], 0),
      );
    case 'opaque':
      return UNRESOLVED.opaque(node);
  }
}

/** Errors `[inSize]` of independent signs, through the operator: √(Σ w² e²), exactly for a matrix, else as many samples tell it. */
function carried(operator: AffineOperator, error: Float64Array): Float64Array {
  if (operator.kind === 'dense') {
    const { weight } = operator;
    const squares = dense({ ...weight, data: weight.data.map(w => w * w) });
    return squares.linear(rowMatrix(error.map(e => e * e))).data.map(Math.sqrt);
  }
  const rng = seededRng(1);
  const data = Float64Array.from({ length: SIGN_SAMPLES * error.length }, (_, i) =>
    rng() < 0.5 ? error[i % error.length] : -error[i % error.length],
  );
  const samples = operator.linear({ rows: SIGN_SAMPLES, cols: error.length, data });
  const squares = new Float64Array(operator.outSize);
  samples.data.forEach((value, i) => {
    squares[i % operator.outSize] += value * value;
  });
  return squares.map(sum => Math.sqrt(sum / SIGN_SAMPLES));
}

/**
 * How far a float32 gradient over a batch of `rows` lies from exact arithmetic, relative to its own largest entry
 * `size`: every sum of the forward and of the backward pass, over data and frames, rounds once per term.
 */
export function gradientBound(net: Network, rows: number, regions: readonly Region[], size: number): number {
  let terms = rows + regions.reduce((sum, { frame }) => sum + frame.rows, 0);
  for (const node of net.nodes) {
    if (node.kind === 'affine') terms += 2 * (node.operator.inSize + node.operator.outSize);
  }
  return DEVIATIONS * Math.sqrt(terms) * FLOAT32_ROUNDOFF * size;
}

/** Largest residual of chords of the regions, relative to what rounding explains. */
export function bend(
  model: tfl.LayersModel,
  net: Network,
  regions: readonly Region[],
  seed: number,
  chords = 20,
): number {
  const probes = regions.map(region => chordProbe(region, chords, seededRng(seed)));
  const points = stackRows(probes.map(probe => probe.points));
  const outputs = predict(model, points);
  let start = 0;
  const residuals = probes.map(({ points: { rows }, residual }) => {
    const data = outputs.data.subarray(start * outputs.cols, (start + rows) * outputs.cols);
    start += rows;
    return residual({ rows, cols: outputs.cols, data });
  });
  return Math.max(...residuals) / (2 * float32Bound(net, points));
}

/** Largest difference between the framework's and core's outputs, relative to what rounding explains. */
export const disagreement = (model: tfl.LayersModel, net: Network, x: Matrix): number =>
  largestDifference(predict(model, x).data, forward(net, x).data) / float32Bound(net, x);

export const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((max, x) => Math.max(max, Math.abs(x)), 0);

/** Rows that reach over the regions: random points and extreme ones. */
export const pointsOn = (regions: readonly Region[], seed: number): Matrix =>
  stackRows(regions.map(region => chordProbe(region, 32, seededRng(seed)).points));

export const stackRows = (blocks: readonly Matrix[]): Matrix =>
  matrixFromRows(blocks.flatMap(block => Array.from({ length: block.rows }, (_, i) => rowOf(block, i))));

const rowMatrix = (data: Float64Array): Matrix => ({ rows: 1, cols: data.length, data });

function largestColumns({ rows, cols, data }: Matrix): Float64Array {
  const found = new Float64Array(cols);
  for (let i = 0; i < rows * cols; i++) found[i % cols] = Math.max(found[i % cols], Math.abs(data[i]));
  return found;
}

/** The gradient of a loss equals central differences of every third weight, up to a share of its largest entry. */
export function expectFiniteDifferences(
  loss: () => tf.Scalar,
  variables: readonly tf.Variable[],
  step: number,
  share: number,
): void {
  const { grads } = tf.variableGrads(loss, [...variables]);
  const gradients = variables.map(({ name }) => Float64Array.from(grads[name].dataSync()));
  const scale = largest(gradients.flatMap(g => Array.from(g)));
  variables.forEach((variable, v) => {
    const before = Float32Array.from(variable.dataSync());
    for (let i = 0; i < before.length; i += 3) {
      const at = (shift: number) => {
        const moved = before.slice();
        moved[i] += shift;
        tf.tidy(() => variable.assign(tf.tensor(moved, variable.shape)));
        return loss().dataSync()[0];
      };
      const slope = (at(step) - at(-step)) / (2 * step);
      expect(Math.abs(slope - gradients[v][i]), `${variable.name}, entry ${i}`).toBeLessThan(share * scale);
    }
    tf.tidy(() => variable.assign(tf.tensor(before, variable.shape)));
  });
}

/** The PoliceError that an action throws or rejects with. */
export async function errorOf(action: () => unknown): Promise<PoliceError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof PoliceError) return error;
    throw error;
  }
  throw new Error('no error was thrown');
}

/** Through everything that a file would hold. */
export async function saved(model: tfl.LayersModel): Promise<tf.io.ModelArtifacts> {
  let artifacts: tf.io.ModelArtifacts = {};
  await model.save(
    tf.io.withSaveHandler(async given => {
      artifacts = given;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  const { modelTopology, weightSpecs, weightData } = artifacts;
  return {
    modelTopology: JSON.parse(JSON.stringify(modelTopology)),
    weightSpecs: JSON.parse(JSON.stringify(weightSpecs)),
    weightData: (weightData as ArrayBuffer).slice(0),
  };
}

export const reloaded = async (model: tfl.LayersModel): Promise<tfl.LayersModel> =>
  tfl.loadLayersModel(tf.io.fromMemory(await saved(model)));
