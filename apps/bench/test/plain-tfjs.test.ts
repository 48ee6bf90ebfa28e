import '@tensorflow/tfjs-backend-cpu';
import { simplex } from '@police/core';
import { constrain } from '@police/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { plainForward } from '../src/backends/plain-tfjs.js';

test('the plain transcription of Algorithm 1 is the adapter’s majority rule', async () => {
  await tf.setBackend('cpu');
  for (let seed = 1; seed <= 5; seed++) {
    const kernelInitializer = tfl.initializers.heNormal({ seed });
    const model = tfl.sequential({
      layers: [
        tfl.layers.dense({ units: 9, inputShape: [3], kernelInitializer }),
        tfl.layers.leakyReLU({ alpha: 0.01 }),
        tfl.layers.dense({ units: 8, kernelInitializer }),
        tfl.layers.leakyReLU({ alpha: 0.01 }),
        tfl.layers.dense({ units: 1, kernelInitializer }),
      ],
    });
    // Of four vertices two may lie on either side: a tie goes to +1 in both.
    const vertices = [
      [0.1, 0, 0],
      [1, 0.2, 0],
      [0, 1, 0.3],
      [0.2, 0.1, 1],
    ];
    const policed = constrain(model, { regions: [simplex(vertices)], policy: () => 1 });
    const majority = constrain(model, { regions: [simplex(vertices)], policy: 'majority' });
    const x = tf.randomUniform([40, 3], -2, 2, 'float32', seed) as tf.Tensor2D;
    const difference = (of: tfl.LayersModel) => {
      const plain = plainForward(model, x, tf.tensor2d(vertices));
      return (tf.max(tf.abs(tf.sub(plain, of.predict(x) as tf.Tensor))) as tf.Scalar).dataSync()[0];
    };
    expect(difference(majority)).toBeLessThan(1e-5);
    // Another rule gives another network.
    expect(difference(policed)).toBeGreaterThan(1e-3);
  }
});
