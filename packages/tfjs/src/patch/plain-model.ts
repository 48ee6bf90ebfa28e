import { matrix } from '@police/core';
import type * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { withoutConstraints } from '../frozen/frozen-config.js';
import { activationName } from '../graph/activation.js';
import { leavesOf } from '../graph/read.js';
import { type LayerConfig, layerFromConfig } from '../layers/layer-config.js';
import { type Head, hasWeights } from './final-function.js';
import { denseLayer, gapLayers } from './gap-layers.js';
import type { PatchLayer } from './patch-layer.js';
import type { RegionPatch } from './region-patch.js';

type Tensor = tfl.SymbolicTensor;
type Config = tf.serialization.ConfigDict;

/** The patched model as it is now, of layers that every TensorFlow.js has beside its own, in weights of its own. */
export function plainModel({ inner, split: { head }, shapes, patches }: PatchLayer): tfl.LayersModel {
  const input = tfl.input({ shape: [...shapes.input] });
  let y = copyOf(inner, head).apply(input) as Tensor;
  if (patches.length > 0) {
    const rows = flattened(input, 'patch_inputs');
    const first = flattened(y, 'patch_values');
    const taken = new Set(leavesOf(inner).map(({ name }) => name));
    y = patches.reduce((value, patch, r) => {
      let prefix = patches.length === 1 ? 'patch' : `patch_${r}`;
      while ([...taken].some(name => name.startsWith(`${prefix}_`))) prefix = `${prefix}_outer`;
      return patchLayers(patch, rows, value, prefix);
    }, first);
    if (shapes.output.length > 1)
      y = tfl.layers.reshape({ name: 'patch_outputs', targetShape: [...shapes.output] }).apply(y) as Tensor;
  }
  return tfl.model({ inputs: input, outputs: head ? (headLayer(head).apply(y) as Tensor) : y });
}

export function flattened(x: Tensor, name: string): Tensor {
  return x.shape.length === 2 ? x : (tfl.layers.flatten({ name }).apply(x) as Tensor);
}

/** `max(min(value, a + K d), a + (−K) d)`. */
function patchLayers(patch: RegionPatch, rows: Tensor, value: Tensor, prefix: string): Tensor {
  const named = (name: string) => `${prefix}_${name.replace(/\W/g, '_')}`;
  const gap = gapLayers(patch.gap, rows, name => named(`gap_${name}`));
  const { A, b } = patch.stored();
  const centre = denseLayer(A, b, rows, named('centre'));
  const K = patch.presentSteepness();
  const radius = (sign: number, name: string) =>
    denseLayer(
      matrix(
        K.length,
        1,
        K.map(k => sign * k),
      ),
      undefined,
      gap,
      named(name),
    );
  const add = (to: Tensor, name: string) =>
    tfl.layers.add({ name: named(name) }).apply([centre, to]) as Tensor;
  const upper = add(radius(1, 'radius'), 'upper');
  const lower = add(radius(-1, 'radius_below'), 'lower');
  const below = tfl.layers.minimum({ name: named('below') }).apply([value, upper]) as Tensor;
  return tfl.layers.maximum({ name: named('held') }).apply([below, lower]) as Tensor;
}

/** A final softmax or sigmoid as a layer of its own. */
function headLayer({ layer }: Head): tfl.layers.Layer {
  const name = activationName(layer.name);
  if (hasWeights(layer) || layer.getClassName() === 'Activation')
    return tfl.layers.activation({ name, activation: layer.getConfig().activation as 'softmax' });
  const { batchInputShape, ...config } = layer.getConfig();
  return layerFromConfig({ className: layer.getClassName(), config: { ...config, name } });
}

/** A model of the same layers, but for its head and for constraints on weights, and of the same weights. */
function copyOf(model: tfl.LayersModel, head: Head | undefined): tfl.LayersModel {
  const config = withoutConstraints(JSON.parse(JSON.stringify(model.getConfig())));
  const copy = layerFromConfig<tfl.LayersModel>({
    className: model.getClassName(),
    config: head ? withoutHead(config, head.layer.name) : config,
  });
  const [from, to] = [model, copy].map(each => leavesOf(each).flatMap(layer => layer.weights));
  from.forEach((weight, i) => {
    to[i].write(weight.read());
  });
  return copy;
}

/** A model's config with one layer made linear. */
function withoutHead(config: Config, head: string): Config {
  const layers = (config.layers as unknown as LayerConfig[]).map(entry => {
    if (entry.config.layers) return { ...entry, config: withoutHead(entry.config, head) };
    if (entry.config.name !== head) return entry;
    return entry.className === 'Softmax'
      ? { ...entry, className: 'Activation', config: { name: head, activation: 'linear' } }
      : { ...entry, config: { ...entry.config, activation: 'linear' } };
  });
  return { ...config, layers: layers as unknown as Config[] };
}
