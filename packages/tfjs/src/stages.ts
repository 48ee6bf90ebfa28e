import {
  type Activation,
  activationByName,
  assertFinite,
  assertSize,
  leakyRelu,
  PoliceError,
  prelu,
} from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayerVariable, layers, Sequential } from '@tensorflow/tfjs-layers';

type Layer = layers.Layer;

/** A nonlinearity of the framework, described for core. */
export interface StageActivation {
  readonly name: string;
  /** The framework's own function. */
  apply(x: tf.Tensor2D): tf.Tensor2D;
  /** Core's description, with the weights it has now. */
  describe(): Activation;
  /** Slope `[units]` of the piece each unit lies on, differentiable in the activation's weights. */
  slopes(pieces: Int32Array): tf.Tensor1D;
  readonly weights: readonly LayerVariable[];
}

/** A Dense layer and the nonlinearity after it, if any. */
export interface Stage {
  readonly name: string;
  /** `[in, out]`. */
  readonly kernel: LayerVariable;
  /** `[out]`; absent only where nothing needs shifting. */
  readonly bias?: LayerVariable;
  readonly activation?: StageActivation;
}

/**
 * Reads a Sequential of Dense layers, each with at most one piecewise-affine activation, as an option or as a layer
 * of its own. Throws `unsupported-layer` or `unsupported-activation`, naming the layer.
 */
export function readStages(model: Sequential): Stage[] {
  const stages: Stage[] = [];
  for (const layer of model.layers) {
    const kind = layer.getClassName();
    if (kind === 'InputLayer') continue;
    if (kind === 'Dense') {
      stages.push(readDense(layer));
      continue;
    }
    const activation = readActivation(layer, kind);
    if (!activation) continue; // linear: nothing happens
    const before = stages.pop();
    if (!before || before.activation) {
      throw new PoliceError({
        code: 'unsupported-layer',
        where: layer.name,
        expected: 'an activation right after a Dense layer',
        actual: before?.activation ? 'a second activation after it' : `a ${kind} with no layer before it`,
        remedy: 'Put a Dense layer between, or drop one of the activations.',
      });
    }
    stages.push(withActivation(before, activation));
  }
  if (stages.length === 0) {
    throw new PoliceError({
      code: 'unsupported-layer',
      where: model.name,
      expected: 'at least one Dense layer',
      actual: `${model.layers.length} layers without one`,
    });
  }
  // A Dense layer applies to the last axis of any input, but a region has one point to a row.
  assertSize(model.inputs[0].shape.length, 2, model.name, 'an input shape with axes');
  assertDistinctNames(model);
  return stages;
}

/** Layers are told apart by name in the network, in its certificate and in errors. */
function assertDistinctNames({ layers }: Sequential): void {
  const names = layers.map(layer => layer.name);
  const double = names.find((name, i) => names.indexOf(name) < i);
  if (double === undefined) return;
  throw new PoliceError({
    code: 'invalid-network',
    where: double,
    expected: 'a name used by one layer',
    actual: 'a second layer of that name',
    remedy: 'Give the layers names of their own.',
  });
}

/** Throws `not-finite` if any weight of the stages is NaN or infinite, naming the layer. */
export function assertStagesFinite(stages: readonly Stage[]): void {
  for (const { name, kernel, bias, activation } of stages) {
    for (const variable of [kernel, bias, ...(activation?.weights ?? [])]) {
      if (variable) assertFinite(variable.read().dataSync(), `${name} (${variable.name})`);
    }
  }
}

function readDense(layer: Layer): Stage {
  const { kernel, bias } = layer as Layer & { kernel: LayerVariable | null; bias: LayerVariable | null };
  if (!kernel) {
    throw new PoliceError({
      code: 'unsupported-layer',
      where: layer.name,
      expected: 'a built layer',
      actual: 'one without weights',
      remedy: 'Give the first layer an inputShape, so that the model is built.',
    });
  }
  const stage: Stage = { name: layer.name, kernel, ...(bias ? { bias } : {}) };
  const { activation } = layer.getConfig();
  const found = namedActivation(`${activation}`, `${layer.name}_activation`, layer.name);
  return found ? withActivation(stage, found) : stage;
}

function withActivation(stage: Stage, activation: StageActivation): Stage {
  if (!stage.bias) {
    throw new PoliceError({
      code: 'unsupported-layer',
      where: stage.name,
      expected: 'a Dense layer with a bias before an activation',
      actual: 'useBias: false',
      remedy: 'The bias holds the shift after freezing: set useBias: true.',
    });
  }
  return { ...stage, activation };
}

function readActivation(layer: Layer, kind: string): StageActivation | undefined {
  const config = layer.getConfig();
  switch (kind) {
    case 'Activation':
      return namedActivation(`${config.activation}`, layer.name, layer.name);
    case 'ReLU':
      return namedActivation(reluName(layer.name, config.maxValue), layer.name, layer.name);
    case 'LeakyReLU':
      return fixedActivation(layer.name, leakyRelu(Number(config.alpha)), x =>
        tf.leakyRelu(x, Number(config.alpha)),
      );
    case 'PReLU':
      return preluActivation(layer);
    case 'PoliceAbs':
      return fixedActivation(layer.name, activationByName('abs'), x => tf.abs(x));
    case 'PoliceHardTanh':
      return fixedActivation(layer.name, activationByName('hardTanh'), x => tf.clipByValue(x, -1, 1));
    default:
      throw new PoliceError({
        code: 'unsupported-layer',
        where: layer.name,
        expected: 'Dense, Activation, ReLU, LeakyReLU, PReLU, or Abs and HardTanh of this package',
        actual: kind,
        remedy: 'Constrain the layers before it, and apply it to their output.',
      });
  }
}

function reluName(where: string, maxValue: unknown): string {
  if (maxValue === undefined || maxValue === null) return 'relu';
  if (maxValue === 6) return 'relu6';
  throw new PoliceError({
    code: 'unsupported-activation',
    where,
    expected: 'ReLU without maxValue or with 6',
    actual: `maxValue ${maxValue}`,
  });
}

function namedActivation(name: string, ownName: string, where: string): StageActivation | undefined {
  if (name === 'linear') return undefined;
  const apply = { relu: tf.relu, relu6: tf.relu6 }[name];
  // Core refuses every other name with its reason.
  const description = activationByName(apply ? name : `tfjs ${name}`, undefined, where);
  return fixedActivation(ownName, description, x => apply!(x) as tf.Tensor2D);
}

function fixedActivation(
  name: string,
  description: Activation,
  apply: (x: tf.Tensor2D) => tf.Tensor2D,
): StageActivation {
  const slopes = description.pieces.map(({ slope }) => slope as number);
  return {
    name,
    apply,
    describe: () => description,
    slopes: pieces => tf.tensor1d(Float32Array.from(pieces, index => slopes[index])),
    weights: [],
  };
}

function preluActivation(layer: Layer): StageActivation {
  const { alpha } = layer as Layer & { alpha: LayerVariable };
  const units = alpha.shape[0];
  return {
    name: layer.name,
    apply: x => tf.prelu(x, alpha.read()) as tf.Tensor2D,
    describe: () => prelu(alpha.read().dataSync()),
    slopes: pieces => {
      const positive = tf.tensor1d(Float32Array.from(pieces));
      const negative = tf.sub(1, positive);
      return tf.add(positive, tf.mul(negative, tf.reshape(alpha.read(), [units as number]))) as tf.Tensor1D;
    },
    weights: [alpha],
  };
}
