import { PoliceError } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';

/** A layer, or model, as tfjs-layers writes it into a model's config. */
export interface LayerConfig {
  readonly className: string;
  readonly config: tf.serialization.ConfigDict;
}

/** The layer of a config, which is left as it is. Throws `unsupported-layer` for a class that is not registered. */
export function layerFromConfig<T extends tfl.layers.Layer>({ className, config }: LayerConfig): T {
  const registered = tf.serialization.SerializationMap.getMap().classNameMap[className];
  if (!registered) {
    throw new PoliceError({
      code: 'unsupported-layer',
      where: `${config.name}`,
      expected: 'a registered layer',
      actual: className,
      remedy: 'Call tf.serialization.registerClass on its class before loading.',
    });
  }
  const [cls, fromConfig] = registered;
  // fromConfig takes the config apart, so it gets one of its own.
  return fromConfig(cls, JSON.parse(JSON.stringify(config))) as unknown as T;
}
