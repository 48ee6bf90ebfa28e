import { PoliceError } from '@police/core';
import { assertFinite } from '@police/core/adapter';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the layers that a file may name
import { allLayers, isKeras3, keras2Topology, keras2Weights, modelOf, nameOf } from './keras3.js';

type Json = Record<string, unknown>;

/**
 * A handler that loads what another one finds, made readable for `loadLayersModel`: a model of Keras 3 is rewritten as one of Keras 2
 * (without what it was compiled with). `nodeFiles` does so by itself.
 *
 * Loading throws `unsupported-layer`, saying what to do, for a graph model and, by name, for a layer that is not registered or means
 * something else in TensorFlow.js; `not-finite` for a weight or an option that is NaN, infinite or null.
 *
 * @example
 * const model = await loadLayersModel(readable(tf.io.http('model.json')));
 */
export const readable = (handler: tf.io.IOHandler): tf.io.IOHandler => ({
  ...(handler.save ? { save: artifacts => handler.save!(artifacts) } : {}),
  load: async () => readableArtifacts(await handler.load!()),
});

/** See {@link readable}. */
export function readableArtifacts(artifacts: tf.io.ModelArtifacts): tf.io.ModelArtifacts {
  const topology = artifacts.modelTopology as Json | undefined;
  assertLayers(topology, artifacts);
  assertWeightsFinite(artifacts);
  if (!isKeras3(topology)) {
    assertOptions(topology);
    return artifacts;
  }
  const { trainingConfig, weightSpecs, ...rest } = artifacts;
  const modelTopology = keras2Topology(topology);
  assertOptions(modelTopology);
  return {
    ...rest,
    modelTopology,
    ...(weightSpecs ? { weightSpecs: keras2Weights(topology, weightSpecs) } : {}),
  };
}

function assertLayers(
  topology: Json | undefined,
  { format }: tf.io.ModelArtifacts,
): asserts topology is Json {
  if (format === 'graph-model' || (topology && 'node' in topology)) {
    throw new PoliceError({
      code: 'unsupported-layer',
      where: 'model.json',
      expected: 'a model of layers (format layers-model)',
      actual: 'a graph model, whose layers are taken apart into operations',
      remedy: 'Convert the Keras model with --output_format=tfjs_layers_model, or to ONNX.',
    });
  }
  if (!topology || !('config' in modelOf(topology))) {
    throw new PoliceError({
      code: 'invalid-network',
      where: 'model.json',
      expected: 'a modelTopology with class_name and config',
      actual: topology ? `one with ${Object.keys(topology).slice(0, 5).join(', ') || 'nothing'}` : 'none',
      remedy: 'Pass the model.json that model.save writes.',
    });
  }
  const model = modelOf(topology);
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  for (const layer of [model, ...allLayers(model)]) {
    const kind = `${layer.class_name}`;
    if (Object.hasOwn(classNameMap, kind)) continue;
    throw new PoliceError({
      code: 'unsupported-layer',
      where: nameOf(layer),
      expected: 'a layer of TensorFlow.js',
      actual: `class ${kind}, which nobody has registered`,
      remedy:
        'Call tf.serialization.registerClass on its class before loading, or build the model of layers that TensorFlow.js has.',
    });
  }
}

/** Options that are numbers; JSON has null for NaN. */
const NUMBERS: readonly (readonly [string, string])[] = [
  ['LeakyReLU', 'alpha'],
  ['ELU', 'alpha'],
  ['BatchNormalization', 'epsilon'],
  ['BatchNormalization', 'momentum'],
];

function assertOptions(topology: Json): void {
  for (const layer of allLayers(modelOf(topology))) {
    const config = layer.config as Json;
    for (const [kind, option] of NUMBERS) {
      if (layer.class_name !== kind || config[option] === undefined) continue;
      assertFinite([(config[option] ?? Number.NaN) as number], `${nameOf(layer)} (${option})`);
    }
  }
}

/** A file is refused as a whole. */
export function assertWeightsFinite({ weightSpecs = [], weightData }: tf.io.ModelArtifacts): void {
  if (!weightData) return;
  const bytes = new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData));
  let next = 0;
  for (const { name, shape, dtype, quantization } of weightSpecs) {
    if (quantization || (dtype !== 'float32' && dtype !== 'int32')) return; // no plain numbers of four bytes
    const size = 4 * tf.util.sizeFromShape(shape);
    const found = bytes.length - next;
    if (found < size) throw short(name, size, found);
    if (dtype === 'float32')
      assertFinite(
        new Float32Array(bytes.buffer, next, size / 4),
        name,
        'The model had diverged when it was saved.',
      );
    next += size;
  }
}

function short(where: string, size: number, found: number): PoliceError {
  return new PoliceError({
    code: 'shape',
    where,
    expected: `${size} bytes of weights`,
    actual: `${found}`,
    remedy: 'The file of weights is not whole.',
  });
}
