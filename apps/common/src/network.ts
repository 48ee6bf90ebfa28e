import * as tfl from '@tensorflow/tfjs-layers';

export interface NetworkShape {
  /** Units in each hidden layer, and hidden layers. */
  readonly width: number;
  readonly depth: number;
  /** Slope of the leaky ReLU below 0. */
  readonly leak: number;
}

/** 2 → width × depth → outputs; weights and biases uniform in ±1/√fan-in, as in the authors' framework. */
export function planarNetwork(
  { width, depth, leak }: NetworkShape,
  outputs: number,
  seed: number,
): tfl.Sequential {
  const model = tfl.sequential();
  const sizes = [2, ...Array<number>(depth).fill(width), outputs];
  for (let i = 1; i < sizes.length; i++) {
    const bound = 1 / Math.sqrt(sizes[i - 1]);
    const uniform = (stream: number) =>
      tfl.initializers.randomUniform({ minval: -bound, maxval: bound, seed: 1000 * seed + 10 * i + stream });
    model.add(
      tfl.layers.dense({
        units: sizes[i],
        ...(i === 1 ? { inputShape: [2] } : {}),
        kernelInitializer: uniform(1),
        biasInitializer: uniform(2),
      }),
    );
    if (i < sizes.length - 1) model.add(tfl.layers.leakyReLU({ alpha: leak }));
  }
  return model;
}
