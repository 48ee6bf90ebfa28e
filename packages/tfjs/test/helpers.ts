import { abs, hardTanh } from '@police/tfjs';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

export const backends = ['cpu', 'wasm'] as const;

export async function useBackend(name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`backend ${name} did not start`);
}

export type LayerKind = 'relu' | 'leakyRelu' | 'prelu' | 'abs' | 'relu6' | 'hardTanh' | 'denseRelu';

export function activationLayer(kind: LayerKind, alpha = 0.01): tfl.layers.Layer {
  switch (kind) {
    case 'leakyRelu':
      return tfl.layers.leakyReLU({ alpha });
    case 'prelu':
      return tfl.layers.prelu({ alphaInitializer: tfl.initializers.constant({ value: alpha }) });
    case 'abs':
      return abs();
    case 'hardTanh':
      return hardTanh();
    case 'relu6':
      return tfl.layers.reLU({ maxValue: 6 });
    default:
      return tfl.layers.activation({ activation: 'relu' });
  }
}

/** widths[0] → … → widths.at(-1), the activation after every Dense but the last, seeded. */
export function makeModel(widths: readonly number[], kind: LayerKind, seed = 1): tfl.Sequential {
  const model = tfl.sequential();
  for (let i = 1; i < widths.length; i++) {
    const isLast = i === widths.length - 1;
    model.add(
      tfl.layers.dense({
        units: widths[i],
        ...(i === 1 ? { inputShape: [widths[0]] } : {}),
        ...(kind === 'denseRelu' && !isLast ? { activation: 'relu' } : {}),
        kernelInitializer: tfl.initializers.heNormal({ seed: seed + i }),
        biasInitializer: tfl.initializers.randomUniform({ minval: -0.5, maxval: 0.5, seed: seed + 100 + i }),
      }),
    );
    if (!isLast && kind !== 'denseRelu') model.add(activationLayer(kind));
  }
  return model;
}

/** Float32 rounding relative to the outputs' size, for a handful of layers of up to a few hundred terms each. */
export const FLOAT32_ROUNDING = 2 ** -24;
