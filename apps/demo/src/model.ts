import * as tfl from '@tensorflow/tfjs-layers';
import { CLASSES, PIXELS } from './digits.js';

const HIDDEN = 256;
const LEAK = 0.01;

/** 784 → 256 → 256 → 10 logits with leaky ReLU; the seed fixes every initial weight. */
export function classifier(seed: number): tfl.Sequential {
  const dense = (units: number, place: number) =>
    tfl.layers.dense({
      units,
      name: `dense_${place}`,
      ...(place === 1 ? { inputShape: [PIXELS] } : {}),
      kernelInitializer: tfl.initializers.heNormal({ seed: 10 * seed + place }),
    });
  const leaky = (place: number) => tfl.layers.leakyReLU({ alpha: LEAK, name: `leaky_${place}` });
  return tfl.sequential({
    layers: [dense(HIDDEN, 1), leaky(1), dense(HIDDEN, 2), leaky(2), dense(CLASSES, 3)],
  });
}
