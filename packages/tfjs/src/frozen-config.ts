import type * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { activationName } from './graph/activation.js';
import type { LayerConfig } from './layer-config.js';

type Config = tf.serialization.ConfigDict;

/** Names of the layers that need another config to hold what freezing found. */
export interface Changes {
  /** A shift that no bias holds. */
  readonly shifted: ReadonlySet<string>;
  /** Lifted winners. */
  readonly lifted: ReadonlySet<string>;
  /** A bias where there was none. */
  readonly biased: ReadonlySet<string>;
}

/** A model's config with layers, also those of nested models, changed to hold frozen weights. */
export function changedConfig(model: tfl.LayersModel, changes: Changes): Config {
  return changedModel(JSON.parse(JSON.stringify(model.getConfig())), changes);
}

function changedModel(config: Config, changes: Changes): Config {
  const layers = config.layers as unknown as LayerConfig[];
  return { ...config, layers: layers.map(entry => changedLayer(entry, changes)) as unknown as Config[] };
}

/** The entry of a functional model has connections beside class and config, which stay. */
function changedLayer(entry: LayerConfig, changes: Changes): LayerConfig {
  const { className, config } = entry;
  if (config.layers) return { ...entry, config: changedModel(config, changes) };
  const name = `${config.name}`;
  if (className === 'BatchNormalization') {
    return { ...entry, config: { ...config, epsilon: 0, scale: true, center: true } };
  }
  const own: LayerConfig = changes.biased.has(name)
    ? { ...entry, config: { ...config, useBias: true } }
    : entry;
  if (changes.shifted.has(name)) return { ...entry, className: 'PoliceShifted', config: shiftedConfig(own) };
  if (changes.lifted.has(name)) {
    const inner = withoutShape({ className, config: own.config });
    return { ...entry, className: 'PoliceLifted', config: { ...placed(config), inner } as unknown as Config };
  }
  return own;
}

/** A layer with an activation as an option is taken apart, so that the shift comes between. */
function shiftedConfig({ className, config }: LayerConfig): Config {
  const isActivationItself = className === 'Activation' || config.activation === undefined;
  const parts = isActivationItself
    ? { before: null, after: withoutShape({ className, config }) }
    : {
        before: withoutShape({ className, config: { ...config, activation: 'linear' } }),
        after: {
          className: 'Activation',
          config: { name: activationName(`${config.name}`), activation: config.activation },
        },
      };
  return { ...placed(config), ...parts } as unknown as Config;
}

/** What a layer in a model has of its place in it. */
function placed({ name, trainable, batchInputShape, dtype }: Config): Config {
  return {
    name,
    trainable,
    ...(batchInputShape ? { batchInputShape } : {}),
    ...(dtype ? { dtype } : {}),
  };
}

function withoutShape({ className, config: { batchInputShape, ...config } }: LayerConfig): LayerConfig {
  return { className, config };
}
