import type { Activation } from '@police/core';
import type { AnyNetwork } from './flat-layer.js';
import { activationOf } from './read.js';

/** brain.js's activation on one layer's flat arrays, `[units]` each. */
export interface Units {
  readonly activation: Activation;
  /**
   * Pre-activations y to outputs `σ(y + shift)`, in place, rounded to float32 as brain.js stores them; and their slopes, as far as
   * `writeDeltas` wants them.
   */
  activate(y: Float64Array, shift: Float64Array, slopes: Float64Array): void;
  /** error · slope, in brain.js's order of operations. */
  writeDeltas(deltas: Float64Array, errors: Float64Array, outputs: Float64Array, slopes: Float64Array): void;
}

/** The network's activation, made anew only when `trainOpts` have changed. Throws `unsupported-activation`. */
export function unitsOf(net: AnyNetwork, epsilon: number | undefined): () => Units {
  let found: Units | undefined;
  let name: unknown;
  let alpha: unknown;
  return () => {
    const { activation, leakyReluAlpha } = net.trainOpts;
    if (!found || activation !== name || leakyReluAlpha !== alpha) {
      found = unitsFor(activationOf(net, epsilon));
      name = activation;
      alpha = leakyReluAlpha;
    }
    return found;
  };
}

/** One of brain.js's activations. */
export function unitsFor(activation: Activation): Units {
  switch (activation.name) {
    case 'sigmoid':
      return sigmoidUnits(activation);
    case 'tanh':
      return tanhUnits(activation);
    default:
      return leakyUnits(activation);
  }
}

/** ReLU and leaky ReLU. The slope is taken from the pre-activation, not, as in brain.js, from the output's sign. */
function leakyUnits(activation: Activation): Units {
  const alpha = activation.pieces[0].slope as number;
  return {
    activation,
    activate: (y, shift, slopes) => {
      for (let j = 0; j < y.length; j++) {
        const h = y[j] + shift[j];
        slopes[j] = h > 0 ? 1 : alpha;
        // NaN stays NaN; adding 0 makes ReLU's −0 brain.js's 0.
        y[j] = Math.fround((h < 0 ? alpha * h : h) + 0);
      }
    },
    writeDeltas: (deltas, errors, _outputs, slopes) => {
      for (let j = 0; j < deltas.length; j++) deltas[j] = Math.fround(slopes[j] * errors[j]);
    },
  };
}

function sigmoidUnits(activation: Activation): Units {
  return {
    activation,
    activate: (y, shift) => {
      for (let j = 0; j < y.length; j++) y[j] = Math.fround(1 / (1 + Math.exp(-(y[j] + shift[j]))));
    },
    writeDeltas: (deltas, errors, outputs) => {
      for (let j = 0; j < deltas.length; j++) {
        deltas[j] = Math.fround(errors[j] * outputs[j] * (1 - outputs[j]));
      }
    },
  };
}

function tanhUnits(activation: Activation): Units {
  return {
    activation,
    activate: (y, shift) => {
      for (let j = 0; j < y.length; j++) y[j] = Math.fround(Math.tanh(y[j] + shift[j]));
    },
    writeDeltas: (deltas, errors, outputs) => {
      for (let j = 0; j < deltas.length; j++) {
        deltas[j] = Math.fround((1 - outputs[j] * outputs[j]) * errors[j]);
      }
    },
  };
}
