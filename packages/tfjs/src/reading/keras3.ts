import { PoliceError } from '@police/core';
import type * as tf from '@tensorflow/tfjs-core';

type Json = Record<string, unknown>;

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a topology was written by Keras 3, which names and nests things otherwise than TensorFlow.js reads them. */
export function isKeras3(topology: Json): boolean {
  if (`${topology.keras_version ?? ''}`.startsWith('3')) return true;
  const config = modelOf(topology).config;
  return isRecord(config) && (isRecord(config.dtype) || layersOf(config).some(isKeras3Layer));
}

const isKeras3Layer = ({ config }: Json): boolean =>
  isRecord(config) && ('batch_shape' in config || isRecord(config.dtype));

/** A topology of Keras 3 as Keras 2 would write it. Throws `unsupported-layer`, naming the layer, for what TensorFlow.js would read otherwise. */
export const keras2Topology = (topology: Json): Json => ({ model_config: convertedModel(modelOf(topology)) });

/** The names of weights as TensorFlow.js has them: the layer's and the weight's own. */
export function keras2Weights(
  topology: Json,
  specs: readonly tf.io.WeightsManifestEntry[],
): tf.io.WeightsManifestEntry[] {
  const depthwise = new Set(
    allLayers(modelOf(topology)).flatMap(layer =>
      layer.class_name === 'DepthwiseConv2D' ? [nameOf(layer)] : [],
    ),
  );
  return specs
    .filter(({ name }) => !/(^|\/)seed_generator_state$/.test(name))
    .map(spec => {
      const [layer, own] = spec.name.split('/').slice(-2);
      const weight = depthwise.has(layer) && own === 'kernel' ? 'depthwise_kernel' : own;
      return own === undefined ? spec : { ...spec, name: `${layer}/${weight}` };
    });
}

/** A topology is a model, or has it beside other things. */
export const modelOf = (topology: Json): Json =>
  isRecord(topology.model_config) ? topology.model_config : topology;

export const layersOf = (config: unknown): Json[] =>
  Array.isArray(config)
    ? config.filter(isRecord)
    : isRecord(config) && Array.isArray(config.layers)
      ? config.layers.filter(isRecord)
      : [];

/** Of a model and of those in it. */
export const allLayers = (model: Json): Json[] =>
  layersOf(model.config).flatMap(layer => [layer, ...allLayers(layer)]);

export const nameOf = ({ name, config }: Json): string =>
  `${(isRecord(config) ? config.name : undefined) ?? name ?? '?'}`;

function convertedModel(model: Json): Json {
  const { layers, input_layers, output_layers, name } = model.config as Json;
  return {
    class_name: model.class_name,
    config: {
      name,
      layers: (layers as Json[]).map(convertedLayer),
      ...(input_layers ? { input_layers: endpoints(input_layers) } : {}),
      ...(output_layers ? { output_layers: endpoints(output_layers) } : {}),
    },
  };
}

/** `["name", 0, 0]` or several of them, as several. */
const endpoints = (given: unknown): unknown =>
  Array.isArray(given) && typeof given[0] === 'string' ? [given] : given;

function convertedLayer(layer: Json): Json {
  const { class_name, config, inbound_nodes } = layer;
  const place = {
    ...(layer.name === undefined ? {} : { name: layer.name }),
    ...(Array.isArray(inbound_nodes) ? { inbound_nodes: inbound_nodes.map(convertedNode) } : {}),
  };
  if (isRecord(config) && Array.isArray(config.layers)) return { ...convertedModel(layer), ...place };
  const { batch_shape, dtype, ...rest } = config as Json;
  const common = {
    ...rest,
    dtype: dtypeOf(dtype, layer),
    ...(batch_shape === undefined ? {} : { batch_input_shape: batch_shape }),
  };
  return { ...convertedKind(`${class_name}`, common, layer), ...place };
}

function dtypeOf(dtype: unknown, layer: Json): string {
  const config = isRecord(dtype) ? dtype.config : undefined;
  const name = `${(isRecord(config) ? config.name : dtype) ?? 'float32'}`;
  if (name === 'float32') return name;
  throw refused(layer, 'dtype float32', name);
}

/** Options that Keras 3 calls otherwise, or that TensorFlow.js would pass over. */
function convertedKind(class_name: string, config: Json, layer: Json): Json {
  if ((config.groups ?? 1) !== 1) throw refused(layer, 'groups 1', `groups ${config.groups}`);
  if (config.keepdims) throw refused(layer, 'keepdims false', 'keepdims true');
  if (config.activation === 'silu') return { class_name, config: { ...config, activation: 'swish' } };
  const { negative_slope, threshold, ...rest } = config;
  if (class_name === 'LeakyReLU')
    return { class_name, config: { ...rest, alpha: negative_slope ?? config.alpha } };
  if (class_name !== 'ReLU') return { class_name, config };
  if (threshold) throw refused(layer, 'threshold 0', `threshold ${threshold}`);
  if (!negative_slope) return { class_name, config: rest };
  const { max_value, ...leaky } = rest;
  if (max_value !== null && max_value !== undefined) {
    throw refused(layer, 'negative_slope 0 beside a max_value', `negative_slope ${negative_slope}`);
  }
  return { class_name: 'LeakyReLU', config: { ...leaky, alpha: negative_slope } };
}

/** Keras 3 writes a call with its arguments, tensors among them; Keras 2 a list of where each input comes from. */
function convertedNode(node: unknown): unknown {
  if (!isRecord(node)) return node;
  const tensors: unknown[] = [];
  const collect = (value: unknown): void => {
    if (Array.isArray(value)) for (const each of value) collect(each);
    else if (isRecord(value) && value.class_name === '__keras_tensor__') {
      const [name, index, tensor] = (value.config as { keras_history: unknown[] }).keras_history;
      tensors.push([name, index, tensor, {}]);
    }
  };
  collect(node.args);
  return tensors;
}

function refused(layer: Json, expected: string, actual: string): PoliceError {
  return new PoliceError({
    code: 'unsupported-layer',
    where: nameOf(layer),
    expected: `a ${layer.class_name} of Keras 3 with ${expected}`,
    actual,
    remedy: 'TensorFlow.js has no such layer: build the model without it, or export it to ONNX.',
  });
}
