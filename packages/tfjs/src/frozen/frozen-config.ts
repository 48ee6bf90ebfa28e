import type * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { activationName } from '../graph/activation.js';
import type { LayerConfig } from '../layers/layer-config.js';

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
function changedLayer(given: LayerConfig, changes: Changes): LayerConfig {
  if (given.config.layers) return { ...given, config: changedModel(given.config, changes) };
  const entry = { ...given, config: withoutConstraints(given.config) };
  const { className, config } = entry;
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

/** TensorFlow.js applies constraints to weights whenever they are written or loaded; those of a frozen model are final. */
export const withoutConstraints = (config: Config): Config =>
  Object.fromEntries(
    Object.entries(config).map(([name, value]) => [name, isConstraint(name) ? null : withoutAny(value)]),
  );

/** In whatever a config holds: layers inside of layers have constraints too. */
function withoutAny(value: Config[string]): Config[string] {
  if (Array.isArray(value)) return (value as Config[string][]).map(withoutAny) as Config[string];
  return typeof value === 'object' && value !== null ? withoutConstraints(value as Config) : value;
}

const isConstraint = (name: string): boolean => name.endsWith('Constraint');

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
