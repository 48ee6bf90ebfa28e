/** The wave of the paper's Fig. 2, cos(3x) cos(y) on [−4, 4]², scaled to what a leaky ReLU output can give. */
import { gridPoints, squareWindow } from '@police/common/grid';
import { triangleVertices } from '@police/common/regions';
import { targets } from '@police/common/targets';
import { simplex } from '@police/core';
import { mulberry32, shuffle } from '@police/testing/random';

const [left, top, right] = triangleVertices;
export const triangle = simplex([left, right, top]);

export const wave = (x, y) => 0.5 + 0.4 * targets.wave(x, y);

/** A grid of `side`² points. */
export function waveData(side) {
  const points = gridPoints(squareWindow(4), side);
  return Array.from({ length: side * side }, (_, i) => {
    const [x, y] = points.subarray(2 * i, 2 * i + 2);
    return { input: [x, y], output: [wave(x, y)] };
  });
}

/**
 * Weights uniform of variance 2 / inputs (He), the first layer's halved, as inputs reach 4; a small output layer, as an
 * output that starts far off could be driven below its kink for good; biases so that kinks spread over the inputs.
 */
export function initialize(net, seed) {
  const rng = mulberry32(seed);
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
  const copy = [...data];
  shuffle(copy, mulberry32(seed));
  return copy;
}
