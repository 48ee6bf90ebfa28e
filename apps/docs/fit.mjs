// What a guide's network learns without the constraint, for comparison in its picture.
import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, sequential } from '@tensorflow/tfjs-layers';

/** A network of these hidden units, leaky ReLU and one output, trained as the guides train theirs. */
export async function fit({ x, y, units, alpha, epochs, batchSize, rate }) {
  const model = sequential();
  for (const [i, width] of units.entries()) {
    model.add(
      layers.dense({
        units: width,
        ...(i === 0 ? { inputShape: [x.shape[1]] } : {}),
        kernelInitializer: initializers.heNormal({ seed: i + 1 }),
      }),
    );
    model.add(layers.leakyReLU({ alpha }));
  }
  model.add(layers.dense({ units: 1, kernelInitializer: initializers.heNormal({ seed: units.length + 1 }) }));
  model.compile({ optimizer: tf.train.adam(rate), loss: 'meanSquaredError' });
  await model.fit(x, y, { epochs, batchSize, shuffle: false, verbose: 0 });
  return model;
}
