/** The wave of the paper's Fig. 2, cos(3x) cos(y) on [−4, 4]², scaled to what a leaky ReLU output can give. */
import { simplex } from '@police/core';

export const triangle = simplex([
  [-Math.SQRT2, -Math.SQRT2],
  [Math.SQRT2, -Math.SQRT2],
  [0, 2],
]);

export const wave = (x, y) => 0.5 + 0.4 * Math.cos(3 * x) * Math.cos(y);

/** A grid of `side`² points. */
export function waveData(side) {
  const at = i => -4 + (8 * i) / (side - 1);
  return Array.from({ length: side * side }, (_, i) => {
    const [x, y] = [at(i % side), at(Math.floor(i / side))];
    return { input: [x, y], output: [wave(x, y)] };
  });
}

/** mulberry32 */
export function seeded(seed) {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * Weights uniform of variance 2 / inputs (He), the first layer's halved, as inputs reach 4; a small output layer, as an
 * output that starts far off could be driven below its kink for good; biases so that kinks spread over the inputs.
 */
export function initialize(net, seed) {
  const rng = seeded(seed);
  for (let l = 1; l <= net.outputLayer; l++) {
    for (const row of net.weights[l]) {
      const reach = Math.sqrt(6 / row.length) * (l === 1 ? 0.5 : l === net.outputLayer ? 0.1 : 1);
      for (let k = 0; k < row.length; k++) row[k] = reach * (2 * rng() - 1);
    }
    for (let j = 0; j < net.biases[l].length; j++) {
      net.biases[l][j] = l === net.outputLayer ? 0.5 : 2 * rng() - 1;
    }
  }
}

export function shuffled(data, seed) {
  const rng = seeded(seed);
  const copy = [...data];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(rng() * (i + 1));
    [copy[i], copy[j]] = [copy[j], copy[i]];
  }
  return copy;
}
