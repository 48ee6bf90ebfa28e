import { abs } from '@police/tfjs';
import * as tfl from '@tensorflow/tfjs-layers';
import type { ActivationName, Settings } from '../state/settings.js';

const activations: Readonly<Record<ActivationName, () => tfl.layers.Layer>> = {
  leakyRelu: () => tfl.layers.leakyReLU({ alpha: 0.01 }),
  relu: () => tfl.layers.reLU(),
  elu: () => tfl.layers.elu(),
  abs: () => abs(),
};

/** 2 → width × depth → 1, with seeded weights. */
export function makeModel({ width, depth, activation, seed }: Settings): tfl.Sequential {
  const model = tfl.sequential();
  for (let i = 0; i < depth; i++) {
    model.add(
      tfl.layers.dense({
        units: width,
        kernelInitializer: tfl.initializers.heNormal({ seed: 1000 * seed + i + 1 }),
        biasInitializer: tfl.initializers.randomUniform({
          minval: -0.5,
          maxval: 0.5,
          seed: 1000 * seed + 100 + i,
        }),
        ...(i === 0 ? { inputShape: [2] } : {}),
      }),
    );
    model.add(activations[activation]());
  }
  const kernelInitializer = tfl.initializers.glorotNormal({ seed: 1000 * seed + 99 });
  model.add(tfl.layers.dense({ units: 1, kernelInitializer }));
  return model;
}
